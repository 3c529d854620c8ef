use aws_lc_rs::hmac;

/// The word after the key of an audit line that may sign an unsigned log.
const ADOPTS: &str = "adopts";
/// What is before the id of a key that was derived from the master key of this id.
const DERIVED: &str = "master:";
const PROOF: &[u8] = b"keydesk/audit-key-proof/1";

/// The keys that sign the audit log, the newest first; never empty. Those that a keyring names, and after them one that is derived
/// from each master key, for a keyring that names none.
pub(crate) struct AuditKeys(Vec<AuditKey>);

/// A key that signs audit entries.
pub(crate) struct AuditKey {
    pub(crate) id: String,
    key: hmac::Key,
    adopts: bool,
}

impl AuditKey {
    /// Of the words of a keyring's line.
    pub(crate) fn named(id: &str, key: &[u8], more: &[&str]) -> Option<Self> {
        let plain =
            !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        let adopts = match more {
            [] => false,
            [word] if *word == ADOPTS => true,
            _ => return None,
        };
        plain.then(|| Self { id: id.to_owned(), key: hmac::Key::new(hmac::HMAC_SHA256, key), adopts })
    }

    /// Of a master key that is used for all else. As HKDF expands it, for this purpose alone.
    pub(crate) fn derived(master_id: &str, master: &hmac::Key) -> Self {
        let mut context = hmac::Context::with_key(master);
        context.update(b"keydesk/audit-key/1\0\x01");
        let key = hmac::Key::new(hmac::HMAC_SHA256, context.sign().as_ref());
        Self { id: format!("{DERIVED}{master_id}"), key, adopts: true }
    }

    pub(crate) fn is_derived(&self) -> bool {
        self.id.starts_with(DERIVED)
    }

    /// Whether it may sign the end of a log that was never signed. Only the first key after an upgrade may: later, a log without
    /// a signature is one whose signature was removed.
    pub(crate) fn adopts(&self) -> bool {
        self.adopts
    }

    pub(crate) fn context(&self) -> hmac::Context {
        hmac::Context::with_key(&self.key)
    }

    /// Shows that another key of the same id is another. Reveals nothing about it.
    pub(crate) fn proof(&self) -> Vec<u8> {
        hmac::sign(&self.key, PROOF).as_ref().to_vec()
    }

    fn proves(&self, proof: &[u8]) -> bool {
        hmac::verify(&self.key, PROOF, proof).is_ok()
    }
}

impl AuditKeys {
    /// The keys of a keyring. `None`: two have the same id, or there is none.
    pub(crate) fn new(keys: Vec<AuditKey>) -> Option<Self> {
        let twice = keys.iter().enumerate().any(|(at, key)| keys[..at].iter().any(|other| other.id == key.id));
        (!keys.is_empty() && !twice).then_some(Self(keys))
    }

    /// The key that signs from now on.
    pub(crate) fn first(&self) -> &AuditKey {
        &self.0[0]
    }

    pub(crate) fn get(&self, id: &str) -> Option<&AuditKey> {
        self.0.iter().find(|key| key.id == id)
    }

    /// Each id, and what proves its key.
    pub(crate) fn proofs(&self) -> Vec<(&str, Vec<u8>)> {
        self.0.iter().map(|key| (key.id.as_str(), key.proof())).collect()
    }

    /// A known id whose key here is not the key that was in use under it.
    pub(crate) fn other_than<'a>(&self, known: &'a [(String, Vec<u8>)]) -> Option<&'a str> {
        let other = known.iter().find(|(id, proof)| self.get(id).is_some_and(|key| !key.proves(proof)));
        other.map(|(id, _)| id.as_str())
    }
}

/// The line of a keyring's new audit key. `adopts`: it may sign an unsigned log.
pub(crate) fn line(id: &str, key_base64: &str, adopts: bool) -> String {
    if adopts { format!("audit {id} {key_base64} {ADOPTS}\n") } else { format!("audit {id} {key_base64}\n") }
}

/// The text of a keyring without the word `adopts`, once the unsigned log is signed. `None`: no line has it.
pub(crate) fn without_adopts(text: &str) -> Option<String> {
    let mut changed = false;
    let mut lines = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let own = line.trim_start().starts_with("audit ");
        match line.trim_end().strip_suffix(ADOPTS).filter(|_| own) {
            Some(rest) => {
                changed = true;
                lines.push_str(rest.trim_end());
                lines.push('\n');
            }
            None => lines.push_str(line),
        }
    }
    changed.then_some(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_is_taken_from_audit_lines_alone() {
        let text = "# audit adopts\npepper p1 AA\naudit a2 BB\n audit a1 CC adopts\n";
        assert_eq!(without_adopts(text).as_deref(), Some("# audit adopts\npepper p1 AA\naudit a2 BB\n audit a1 CC\n"));
        assert_eq!(without_adopts("# audit adopts\naudit a1 CC\n"), None);
    }

    #[test]
    fn another_key_of_a_known_id_is_found() {
        let keys = |byte: u8| AuditKeys::new(vec![AuditKey::named("a1", &[byte; 32], &[]).unwrap()]).unwrap();
        let known = [("a1".to_owned(), keys(1).first().proof()), ("a0".to_owned(), vec![7; 32])];
        assert_eq!(keys(1).other_than(&known), None);
        assert_eq!(keys(2).other_than(&known), Some("a1"));
        let same = |id: &str| AuditKey::named(id, &[1; 32], &[]);
        assert!(AuditKeys::new(vec![same("a").unwrap(), same("a").unwrap()]).is_none());
        assert!(same("master:m1").is_none() && same("").is_none());
    }
}
