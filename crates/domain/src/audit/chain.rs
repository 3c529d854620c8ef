//! What is signed, byte by byte. Texts are preceded by their length and what may be missing by a mark, so that no two entries are
//! signed by the same bytes.

use aws_lc_rs::{digest, hmac};
use model::{AdministratorId, AuditId, InstallationId, Instant};
use store::{AuditEntry, AuditHead, HASH_LEN};

use super::keys::AuditKey;

/// Bytes that are signed, or hashed.
trait Input {
    fn bytes(&mut self, bytes: &[u8]);

    fn text(&mut self, text: &str) {
        self.bytes(&(text.len() as u64).to_be_bytes());
        self.bytes(text.as_bytes());
    }

    fn maybe(&mut self, bytes: Option<&[u8]>) {
        match bytes {
            None => self.bytes(&[0]),
            Some(bytes) => {
                self.bytes(&[1]);
                self.bytes(bytes);
            }
        }
    }

    fn maybe_text(&mut self, text: Option<&str>) {
        self.bytes(&[u8::from(text.is_some())]);
        self.text(text.unwrap_or_default());
    }
}

impl Input for hmac::Context {
    fn bytes(&mut self, bytes: &[u8]) {
        self.update(bytes);
    }
}

impl Input for digest::Context {
    fn bytes(&mut self, bytes: &[u8]) {
        self.update(bytes);
    }
}

fn tag(context: hmac::Context) -> [u8; HASH_LEN] {
    let mut tag = [0; HASH_LEN];
    tag.copy_from_slice(context.sign().as_ref());
    tag
}

pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(one, other).is_ok()
}

/// The hash of a signed entry: an HMAC over every field but the hash itself, address and user agent.
pub(crate) fn sign(key: &AuditKey, installation: InstallationId, entry: &AuditEntry) -> [u8; HASH_LEN] {
    let mut mac = key.context();
    mac.bytes(b"keydesk/audit/2\0");
    mac.text(&key.id);
    mac.bytes(installation.0.as_bytes());
    mac.bytes(&entry.seq.to_be_bytes());
    mac.bytes(entry.id.0.as_bytes());
    mac.bytes(&entry.at.as_millis().to_be_bytes());
    for text in [&entry.actor, &entry.action, &entry.detail] {
        mac.text(text);
    }
    mac.maybe(entry.key.as_ref().map(|key| &key.0.as_bytes()[..]));
    mac.maybe_text(entry.environment.map(model::Environment::as_str));
    mac.maybe(entry.request_id.as_ref().map(|id| &id.as_bytes()[..]));
    mac.maybe(entry.via_digest.as_ref().map(|digest| &digest[..]));
    mac.bytes(&entry.previous_hash);
    tag(mac)
}

/// Whether a signed entry is as it was signed. Where it came from is looked at by [`via`].
pub(crate) fn is_signed(key: &AuditKey, installation: InstallationId, entry: &AuditEntry) -> bool {
    same(&sign(key, installation, entry), &entry.hash)
}

/// The digest of address and user agent. Keyed, and with the entry's own id, so that it tells nothing once they are erased, also
/// not whether two entries had the same.
pub(crate) fn via(key: &AuditKey, id: AuditId, address: Option<&str>, user_agent: Option<&str>) -> [u8; HASH_LEN] {
    let mut mac = key.context();
    mac.bytes(b"keydesk/audit-via/1\0");
    mac.bytes(id.0.as_bytes());
    mac.maybe_text(address);
    mac.maybe_text(user_agent);
    tag(mac)
}

/// The digest of a person's email address and name. Keyed, and with the person's own id, so that it tells nothing once they are
/// forgotten.
pub(crate) fn person(key: &AuditKey, id: AdministratorId, email: &str, name: &str) -> [u8; HASH_LEN] {
    let mut mac = key.context();
    mac.bytes(b"keydesk/audit-person/1\0");
    mac.bytes(id.0.as_bytes());
    mac.text(email);
    mac.text(name);
    tag(mac)
}

/// The signature of a log's end.
pub(crate) fn sign_head(
    key: &AuditKey,
    installation: InstallationId,
    entries: i64,
    hash: [u8; HASH_LEN],
    at: Instant,
) -> AuditHead {
    let mut mac = key.context();
    mac.bytes(b"keydesk/audit-head/1\0");
    mac.text(&key.id);
    mac.bytes(installation.0.as_bytes());
    mac.bytes(&entries.to_be_bytes());
    mac.bytes(&hash);
    mac.bytes(&at.as_millis().to_be_bytes());
    AuditHead { entries, hash, at, audit_key: key.id.clone(), mac: tag(mac) }
}

/// Whether an end is as it was signed.
pub(crate) fn is_head(key: &AuditKey, installation: InstallationId, head: &AuditHead) -> bool {
    let ours = sign_head(key, installation, head.entries, head.hash, head.at);
    ours.audit_key == head.audit_key && same(&ours.mac, &head.mac)
}

/// The hash of an unsigned entry: SHA-256 over every field that there was.
pub(crate) fn hash_unsigned(installation: InstallationId, entry: &AuditEntry) -> [u8; HASH_LEN] {
    let mut context = digest::Context::new(&digest::SHA256);
    context.bytes(b"keydesk/audit/1\0");
    context.bytes(installation.0.as_bytes());
    context.bytes(&entry.seq.to_be_bytes());
    context.bytes(entry.id.0.as_bytes());
    context.bytes(&entry.at.as_millis().to_be_bytes());
    for text in [&entry.actor, &entry.action, &entry.detail] {
        context.text(text);
    }
    context.maybe(entry.key.as_ref().map(|key| &key.0.as_bytes()[..]));
    context.bytes(&entry.previous_hash);
    let mut hash = [0; HASH_LEN];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// Bytes as text.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Text as the bytes of a hash.
pub(crate) fn unhex(text: &str) -> Option<[u8; HASH_LEN]> {
    let digits = text.len() == HASH_LEN * 2 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut bytes = [0; HASH_LEN];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(at * 2..at * 2 + 2).filter(|_| digits)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use model::{Environment, KeyId};
    use uuid::Uuid;

    use super::*;

    fn entry() -> AuditEntry {
        AuditEntry {
            seq: 3,
            id: AuditId(Uuid::from_u128(1)),
            at: Instant::from_millis(5),
            actor: "a".to_owned(),
            action: "b".to_owned(),
            key: Some(KeyId(Uuid::from_u128(2))),
            environment: Some(Environment::Live),
            detail: "{}".to_owned(),
            address: Some("::1".to_owned()),
            request_id: Some(Uuid::from_u128(3)),
            user_agent: None,
            via_digest: Some([4; HASH_LEN]),
            audit_key: Some("a1".to_owned()),
            previous_hash: [5; HASH_LEN],
            hash: [0; HASH_LEN],
        }
    }

    #[test]
    fn every_field_is_signed_but_those_that_can_be_forgotten() {
        let key = |id: &str, byte: u8| AuditKey::named(id, &[byte; 32], &[]).unwrap();
        let place = InstallationId(Uuid::from_u128(9));
        let signed = sign(&key("a1", 1), place, &entry());
        let others = [
            AuditEntry { seq: 4, ..entry() },
            AuditEntry { id: AuditId(Uuid::from_u128(7)), ..entry() },
            AuditEntry { at: Instant::from_millis(6), ..entry() },
            AuditEntry { actor: "ab".to_owned(), action: String::new(), ..entry() },
            AuditEntry { detail: "{ }".to_owned(), ..entry() },
            AuditEntry { key: None, ..entry() },
            AuditEntry { environment: Some(Environment::Test), ..entry() },
            AuditEntry { environment: None, ..entry() },
            AuditEntry { request_id: None, ..entry() },
            AuditEntry { via_digest: None, ..entry() },
            AuditEntry { previous_hash: [6; HASH_LEN], ..entry() },
        ];
        for other in others {
            assert_ne!(sign(&key("a1", 1), place, &other), signed, "{other:?}");
        }
        assert_ne!(sign(&key("a1", 2), place, &entry()), signed);
        assert_ne!(sign(&key("a2", 1), place, &entry()), signed);
        assert_ne!(sign(&key("a1", 1), InstallationId(Uuid::from_u128(8)), &entry()), signed);
        let forgotten = AuditEntry { address: None, user_agent: None, ..entry() };
        assert_eq!(sign(&key("a1", 1), place, &forgotten), signed);
    }

    #[test]
    fn a_hash_reads_back() {
        let hash = [0xa5; HASH_LEN];
        assert_eq!(unhex(&hex(&hash)), Some(hash));
        for bad in ["", "a5", &"+5".repeat(32), &"zz".repeat(32), &"a5".repeat(33)] {
            assert_eq!(unhex(bad), None, "{bad}");
        }
    }
}
