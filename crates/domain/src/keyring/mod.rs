//! Peppers, master keys, audit keys and the keys that sign tokens, which are kept outside the database, so that the database alone verifies and opens nothing,
//! and whoever can write it can't rewrite the past.

mod error;
mod file;
mod lines;

use std::io;

use aws_lc_rs::{aead, constant_time::verify_slices_are_equal, hmac};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use store::KeyringProof;
use verify::{Pepper, Peppers, TokenKey, TokenKeys};
use zeroize::Zeroizing;

pub use self::error::KeyringError;
pub(crate) use self::file::{KeyringFile, Look};
use self::file::{create, new_line};
pub(crate) use self::{
    file::rewrite,
    lines::{moved_first, with_line, with_new, without},
};
use crate::{
    Entropy,
    audit::keys::{self, AuditKey, AuditKeys},
    regular_file,
};

/// Peppers, master keys, audit keys and the keys that sign tokens, each with an id. The first of a kind is the one that is used for what is new; the others
/// still verify and open what was made with them, so that all can be rotated.
pub struct Keyring {
    peppers: Peppers,
    masters: Vec<Master>,
    audit: AuditKeys,
    /// Those that are named, and after them one that is derived from each master key, for a keyring that names none.
    tokens: TokenKeys,
    /// How many of them are named.
    named_tokens: usize,
}

struct Master {
    id: String,
    cipher: aead::LessSafeKey,
    /// Derives the key of an idempotent answer; see [`Keyring::answer_key`].
    derive: hmac::Key,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keyring(…)")
    }
}

impl Keyring {
    /// Reads the text of a keyring: a line a key, `#` begins a comment.
    pub fn parse(text: &str) -> Result<Self, KeyringError> {
        let (mut peppers, mut masters, mut audit) = (Vec::new(), Vec::<Master>::new(), Vec::new());
        let (mut tokens, mut token_ids) = (Vec::new(), Vec::<String>::new());
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let bad = || KeyringError::Line(index + 1);
            let words: Vec<&str> = line.split_whitespace().collect();
            let [kind, id, key, ref more @ ..] = words[..] else { return Err(bad()) };
            let key = Zeroizing::new(STANDARD.decode(key).map_err(|_| bad())?);
            if key.len() != 32 || id.len() > 32 || (kind != "audit" && !more.is_empty()) {
                return Err(bad());
            }
            match kind {
                "pepper" => peppers.push(Pepper::new(id, &key)),
                "master" => {
                    let cipher = aead::UnboundKey::new(&aead::AES_256_GCM, &key).map_err(|_| bad())?;
                    masters.push(Master {
                        id: id.to_owned(),
                        cipher: aead::LessSafeKey::new(cipher),
                        derive: hmac::Key::new(hmac::HMAC_SHA256, &key),
                    });
                }
                "audit" => audit.push(AuditKey::named(id, &key, more).ok_or_else(bad)?),
                "token" => {
                    tokens.push(TokenKey::new(id, &key).filter(|_| is_token_id(id)).ok_or_else(bad)?);
                    token_ids.push(id.to_owned());
                }
                _ => return Err(bad()),
            }
        }
        audit.extend(masters.iter().map(|master| AuditKey::derived(&master.id, &master.derive)));
        let derived = masters.iter().filter(|master| !token_ids.contains(&master.token_id()));
        tokens.extend(derived.filter_map(|master| TokenKey::new(&master.token_id(), &*master.token_seed())));
        match Peppers::new(peppers) {
            Some(peppers) if !masters.is_empty() => Ok(Self {
                peppers,
                masters,
                audit: AuditKeys::new(audit).ok_or(KeyringError::Twice)?,
                tokens: TokenKeys::new(tokens).ok_or(KeyringError::TokensTwice)?,
                named_tokens: token_ids.len(),
            }),
            _ => Err(KeyringError::Incomplete),
        }
    }

    /// The keys that sign the audit log.
    pub(crate) fn audit(&self) -> &AuditKeys {
        &self.audit
    }

    /// The keys that sign tokens.
    pub(crate) fn tokens(&self) -> &TokenKeys {
        &self.tokens
    }

    /// Whether it names a key that signs tokens, so that this one is no derived one.
    pub(crate) fn names_token_key(&self, id: &str) -> bool {
        self.tokens.ids().take(self.named_tokens).any(|named| named == id)
    }

    /// The line of the derived key that signs tokens, for a keyring that names none: once another one is named behind it, it is still
    /// the one that signs.
    pub(crate) fn derived_token_line(&self) -> Option<Zeroizing<String>> {
        let master = self.masters.first().filter(|_| self.named_tokens == 0)?;
        let seed = Zeroizing::new(STANDARD.encode(*master.token_seed()));
        Some(Zeroizing::new(format!("token {} {}", master.token_id(), seed.as_str())))
    }

    /// Reads the keyring of a deployment with a database of its own, and adds an audit key if it has none. Where that can't be
    /// done, it is read as it is.
    pub(crate) fn load_with_audit(file: &KeyringFile, entropy: &dyn Entropy) -> Result<Self, KeyringError> {
        let keyring = Self::load(file)?;
        if file.named || !keyring.audit.first().is_derived() {
            return Ok(keyring);
        }
        let added = rewrite(file, entropy, |text| {
            let has = Self::parse(text).is_ok_and(|keyring| !keyring.audit.first().is_derived());
            (!has).then(|| {
                let end = if text.ends_with('\n') { "" } else { "\n" };
                Zeroizing::new(format!("{text}{end}{}", new_line("audit", "a1", entropy, true).as_str()))
            })
        });
        match added {
            Ok(()) => Self::load(file),
            Err(error) => {
                tracing::warn!(%error, "no audit key could be added to the keyring");
                Ok(keyring)
            }
        }
    }

    /// Reads the file of a keyring.
    pub(crate) fn load(file: &KeyringFile) -> Result<Self, KeyringError> {
        let io = |source| KeyringError::Io { path: file.path.clone(), source };
        let mut opened = match regular_file(&file.path) {
            Ok(opened) => opened,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(KeyringError::Missing(file.path.clone()));
            }
            Err(error) => return Err(io(error)),
        };
        file.check(&opened.metadata().map_err(io)?)?;
        let mut text = Zeroizing::new(String::new());
        io::Read::read_to_string(&mut opened, &mut text).map_err(io)?;
        Self::parse(&text)
    }

    /// Reads the keyring of a deployment that has no database yet; makes one if there is none.
    pub(crate) fn load_or_create(file: &KeyringFile, entropy: &dyn Entropy) -> Result<Self, KeyringError> {
        match Self::load(file) {
            Err(KeyringError::Missing(path)) => {
                create(&path, entropy).map_err(|source| KeyringError::Io { path, source })?;
                Self::load(file)
            }
            other => other,
        }
    }

    /// Notes in the file of a keyring that the unsigned log is signed now. False: that could not be done.
    pub(crate) fn note_adopted(file: &KeyringFile, entropy: &dyn Entropy) -> bool {
        let noted = rewrite(file, entropy, |text| keys::without_adopts(text).map(Zeroizing::new));
        noted.inspect_err(|error| tracing::warn!(%error, "the keyring could not be written")).is_ok()
    }

    /// The keys of the digests by which secrets are looked up.
    pub(crate) fn peppers(&self) -> &Peppers {
        &self.peppers
    }

    /// What proves each pepper and each master key, without revealing anything of them.
    pub(crate) fn proofs(&self) -> Vec<KeyringProof> {
        let master = |master: &Master| KeyringProof {
            kind: "master",
            id: master.id.clone(),
            proof: value(&master.derive, b"keydesk/master-proof/1", b"").to_vec(),
        };
        let peppers = self.peppers.proofs();
        let peppers = peppers.map(|(id, proof)| KeyringProof { kind: "pepper", id: id.to_owned(), proof });
        peppers.chain(self.masters.iter().map(master)).collect()
    }

    /// Whether it has a key of this kind and this id.
    pub(crate) fn has(&self, kind: &str, id: &str) -> bool {
        self.ids(kind).contains(&id)
    }

    /// The ids of its peppers, of its master keys, or of the keys that sign tokens, the first one first.
    pub(crate) fn ids(&self, kind: &str) -> Vec<&str> {
        match kind {
            "pepper" => self.peppers.ids().collect(),
            "token" => self.tokens.ids().collect(),
            _ => self.masters.iter().map(|master| master.id.as_str()).collect(),
        }
    }

    /// Whether nothing in it is older than what is used for what is new.
    pub(crate) fn has_no_older(&self) -> bool {
        self.masters.len() == 1 && self.peppers.ids().count() == 1
    }

    /// Whether another keyring has the same keys in the same order.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.proofs() == other.proofs()
            && self.audit.proofs() == other.audit.proofs()
            && self.tokens.public() == other.tokens.public()
    }

    /// The id of the key of this kind that is used for what is new.
    pub(crate) fn newest(&self, kind: &str) -> &str {
        match kind {
            "pepper" => self.peppers.id(),
            "token" => self.tokens.ids().next().unwrap_or_default(),
            _ => self.master_id(),
        }
    }

    /// The master key that new copies are sealed under.
    pub(crate) fn master_id(&self) -> &str {
        &self.masters[0].id
    }

    pub(crate) fn master(&self, id: &str) -> Option<&aead::LessSafeKey> {
        self.masters.iter().find(|master| master.id == id).map(|master| &master.cipher)
    }

    /// A key for one idempotent answer, derived from the master key and the caller's `Idempotency-Key`. The database
    /// has neither, so the answer opens only for a caller that asks Keydesk again.
    pub(crate) fn answer_key(&self, master_id: &str, idempotency_key: &str) -> Option<aead::LessSafeKey> {
        self.shared_key(master_id, b"keydesk/answer-key/1\0", idempotency_key)
    }

    /// A key for one hand-over, derived from the master key and the link's token: only a holder of the link can open
    /// it, and only through Keydesk.
    pub(crate) fn handover_key(&self, master_id: &str, token: &str) -> Option<aead::LessSafeKey> {
        self.shared_key(master_id, b"keydesk/handover-key/1\0", token)
    }

    fn shared_key(&self, master_id: &str, purpose: &[u8], theirs: &str) -> Option<aead::LessSafeKey> {
        let master = self.masters.iter().find(|master| master.id == master_id)?;
        let mut context = hmac::Context::with_key(&master.derive);
        context.update(purpose);
        context.update(theirs.as_bytes());
        let key = aead::UnboundKey::new(&aead::AES_256_GCM, context.sign().as_ref()).ok()?;
        Some(aead::LessSafeKey::new(key))
    }

    /// A value that only this keyring can derive, the same while its first master key stays the same.
    pub(crate) fn derive(&self, purpose: &[u8], of: &[u8]) -> [u8; 32] {
        value(&self.masters[0].derive, purpose, of)
    }

    /// Whether this keyring has derived `tag`, also under a master key that is no longer its first.
    pub(crate) fn has_derived(&self, purpose: &[u8], of: &[u8], tag: &[u8]) -> bool {
        let derived = |master: &Master| verify_slices_are_equal(&value(&master.derive, purpose, of), tag).is_ok();
        self.masters.iter().any(derived)
    }
}

impl Master {
    /// The id of the key that signs tokens and is derived from this one.
    fn token_id(&self) -> String {
        format!("master:{}", self.id)
    }

    /// That key, for this purpose alone.
    fn token_seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(value(&self.derive, b"keydesk/token-key/1", b""))
    }
}

/// Tokens name the key that signed them, and so does everybody who checks them.
fn is_token_id(id: &str) -> bool {
    id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b':'))
}

fn value(key: &hmac::Key, purpose: &[u8], of: &[u8]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(key);
    context.update(purpose);
    context.update(of);
    let mut value = [0; 32];
    value.copy_from_slice(context.sign().as_ref());
    value
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        os::unix::fs::{MetadataExt as _, PermissionsExt as _},
        path::Path,
    };

    use super::{file::FILE_NAME, *};
    use crate::SystemEntropy;

    #[test]
    fn a_keyring_is_made_once_and_only_for_its_owner() {
        let dir = tempfile::tempdir().unwrap();
        let file = KeyringFile::in_dir(dir.path());
        assert!(matches!(Keyring::load(&file), Err(KeyringError::Missing(_))));
        let first = Keyring::load_or_create(&file, &SystemEntropy).unwrap();
        let again = Keyring::load_or_create(&file, &SystemEntropy).unwrap();
        assert_eq!(first.peppers().digest("a"), again.peppers().digest("a"));
        assert!(again.peppers().proves(&first.peppers().proof()));
        let path = dir.path().join(FILE_NAME);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(Keyring::load(&file), Err(KeyringError::Permissions { mode: 0o640, .. })));
    }

    #[test]
    fn a_keyring_that_was_named_may_be_read_by_its_group_and_by_nobody_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keyring");
        let (usual, named) = (KeyringFile::in_dir(dir.path()), KeyringFile::named(path.clone()));
        Keyring::load_or_create(&usual, &SystemEntropy).unwrap();
        fs::rename(usual.path(), &path).unwrap();
        for (mode, allowed) in
            [(0o400, true), (0o440, true), (0o640, true), (0o660, false), (0o444, false), (0o644, false)]
        {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let loaded = Keyring::load(&named);
            assert_eq!(loaded.is_ok(), allowed, "{mode:o}");
            let Err(error) = loaded else { continue };
            assert!(error.to_string().contains("KEYDESK_KEYRING") && error.to_string().contains("0440"), "{error}");
        }
        fs::rename(&path, usual.path()).unwrap();
        fs::set_permissions(usual.path(), fs::Permissions::from_mode(0o440)).unwrap();
        let error = Keyring::load(&usual).map(drop).unwrap_err().to_string();
        assert!(error.contains("KEYDESK_KEYRING_FILE") && error.ends_with("KEYDESK_KEYRING"), "{error}");
    }

    /// A keyring as it was before there were audit keys.
    fn keyring_of_before(dir: &Path, mode: u32) -> String {
        let key = |byte: u8| STANDARD.encode([byte; 32]);
        let text = format!("# ours\npepper p1 {}\nmaster m1 {}", key(1), key(2));
        fs::write(dir.join(FILE_NAME), &text).unwrap();
        fs::set_permissions(dir.join(FILE_NAME), fs::Permissions::from_mode(mode)).unwrap();
        text
    }

    #[test]
    fn processes_that_start_at_once_agree_on_the_audit_key_that_they_add() {
        let dir = tempfile::tempdir().unwrap();
        let before = keyring_of_before(dir.path(), 0o600);
        let file = KeyringFile::in_dir(dir.path());
        let proofs: Vec<_> = std::thread::scope(|scope| {
            let start = || Keyring::load_with_audit(&file, &SystemEntropy).unwrap().audit.first().proof();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(proofs.iter().all(|proof| *proof == proofs[0]));
        let path = dir.path().join(FILE_NAME);
        let after = fs::read_to_string(&path).unwrap();
        assert!(after.starts_with(&format!("{before}\naudit a1 ")) && after.ends_with(" adopts\n"));
        assert_eq!(after.lines().count(), 4);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        assert!(Keyring::load(&file).unwrap().audit.first().adopts());
        assert!(Keyring::note_adopted(&file, &SystemEntropy));
        assert!(!Keyring::load(&file).unwrap().audit.first().adopts());
    }

    #[test]
    fn a_keyring_that_can_not_be_written_gets_a_key_from_its_master_key() {
        let dir = tempfile::tempdir().unwrap();
        let before = keyring_of_before(dir.path(), 0o400);
        let file = KeyringFile::in_dir(dir.path());
        let keyring = Keyring::load_with_audit(&file, &SystemEntropy).unwrap();
        assert_eq!(keyring.audit.first().id, "master:m1");
        assert_eq!(fs::read_to_string(dir.path().join(FILE_NAME)).unwrap(), before);
        assert_eq!(keyring.audit.first().proof(), Keyring::parse(&before).unwrap().audit.first().proof());
        let own = format!("{before}\naudit a1 {}", STANDARD.encode([2; 32]));
        let own = Keyring::parse(&own).unwrap();
        assert_eq!((own.audit.first().id.as_str(), own.audit.first().adopts()), ("a1", false));
        assert!(own.audit.get("master:m1").is_some(), "it still verifies");
    }

    #[test]
    fn a_keyring_that_was_named_is_never_written() {
        let dir = tempfile::tempdir().unwrap();
        let before = keyring_of_before(dir.path(), 0o600);
        let file = KeyringFile::named(dir.path().join(FILE_NAME));
        let keyring = Keyring::load_with_audit(&file, &SystemEntropy).unwrap();
        assert_eq!(keyring.audit.first().id, "master:m1");
        assert!(!Keyring::note_adopted(&file, &SystemEntropy));
        assert_eq!(fs::read_to_string(dir.path().join(FILE_NAME)).unwrap(), before);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_first_pepper_is_the_newest() {
        let key = |byte: u8| STANDARD.encode([byte; 32]);
        let old = Keyring::parse(&format!("pepper p1 {}\nmaster m1 {}", key(1), key(2))).unwrap();
        let new = Keyring::parse(&format!("pepper p2 {}\npepper p1 {}\nmaster m1 {}", key(3), key(1), key(2))).unwrap();
        let (old, new) = (old.peppers(), new.peppers());
        assert_eq!((old.id(), new.id()), ("p1", "p2"));
        assert_ne!(old.digest("a"), new.digest("a"));
        assert_eq!(new.older_digests("a").collect::<Vec<_>>(), [old.digest("a")]);
        assert!(new.proves(&old.proof()));
        assert!(!old.proves(&new.proof()));
    }

    #[test]
    fn tokens_are_signed_with_the_first_key_that_is_named_or_with_one_from_the_master_key() {
        let key = |byte: u8| STANDARD.encode([byte; 32]);
        let ids = |keyring: &Keyring| keyring.ids("token").into_iter().map(str::to_owned).collect::<Vec<_>>();
        let before = format!("pepper p1 {}\nmaster m1 {}\n", key(1), key(2));
        let derived = Keyring::parse(&before).unwrap();
        assert_eq!(ids(&derived), ["master:m1"]);
        assert_eq!(derived.tokens().public(), Keyring::parse(&before).unwrap().tokens().public(), "on every node");
        // One more is added: the one that signed goes on, under its id, until the new one is used.
        let line = derived.derived_token_line().unwrap();
        let added = Keyring::parse(&with_new(&with_line(&before, &line), "token", "t1", &SystemEntropy)).unwrap();
        assert_eq!(ids(&added), ["master:m1", "t1"]);
        assert_eq!(added.tokens().public()[0], derived.tokens().public()[0]);
        assert!(added.names_token_key("master:m1") && !derived.names_token_key("master:m1"));
        assert!(added.derived_token_line().is_none() && !added.is_same(&derived));
        let own = Keyring::parse(&format!("{before}token t1 {}\ntoken t2 {}", key(3), key(4))).unwrap();
        assert_eq!(ids(&own), ["t1", "t2", "master:m1"]);
        assert_eq!(own.newest("token"), "t1");
        let twice = format!("{before}token t1 {}\ntoken t1 {}", key(3), key(4));
        assert!(matches!(Keyring::parse(&twice), Err(KeyringError::TokensTwice)));
    }

    #[test]
    fn malformed_keyrings_are_refused() {
        let key = STANDARD.encode([1; 32]);
        assert!(matches!(Keyring::parse(""), Err(KeyringError::Incomplete)));
        assert!(matches!(Keyring::parse(&format!("pepper p1 {key}")), Err(KeyringError::Incomplete)));
        let more = [
            format!("pepper p1 {key} adopts"),
            format!("audit a1 {key} adapts"),
            format!("audit master:a {key}"),
            format!("token t\"1 {key}"),
        ];
        let lines = ["pepper p1", "pepper p1 AAAA", "salt p1 AAAA", "pepper p1 ???", "token t1 AAAA"];
        for line in lines.into_iter().chain(more.iter().map(String::as_str)) {
            let error = Keyring::parse(&format!("# ours\n{line}")).unwrap_err();
            assert!(matches!(error, KeyringError::Line(2)), "{line}");
            assert!(!error.to_string().contains("AAAA"));
        }
    }
}
