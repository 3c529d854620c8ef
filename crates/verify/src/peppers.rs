use std::{fmt, sync::Arc};

use aws_lc_rs::hmac;
use store::Digest;

/// The key of the digests that secrets are looked up by. It is kept outside the database, so that the database alone
/// verifies nothing.
#[derive(Clone)]
pub struct Pepper {
    id: String,
    key: hmac::Key,
}

impl Pepper {
    /// A pepper of this id.
    pub fn new(id: &str, key: &[u8]) -> Self {
        Self { id: id.to_owned(), key: hmac::Key::new(hmac::HMAC_SHA256, key) }
    }

    fn digest(&self, secret: &str) -> Digest {
        let tag = hmac::sign(&self.key, secret.as_bytes());
        let mut digest = [0; 32];
        digest.copy_from_slice(tag.as_ref());
        digest
    }
}

/// The peppers of a deployment. New secrets get the first; secrets made with the others still verify, so that peppers
/// can be rotated. Cheap to clone.
#[derive(Clone)]
pub struct Peppers {
    newest: Pepper,
    older: Arc<[Pepper]>,
}

impl fmt::Debug for Peppers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Peppers(…)")
    }
}

impl Peppers {
    /// The newest first; `None`: there are none.
    pub fn new(peppers: Vec<Pepper>) -> Option<Self> {
        let mut peppers = peppers.into_iter();
        Some(Self { newest: peppers.next()?, older: peppers.collect() })
    }

    /// The id of the pepper that new secrets get.
    pub fn id(&self) -> &str {
        &self.newest.id
    }

    /// The ids of all, the newest first.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.all().map(|pepper| pepper.id.as_str())
    }

    /// The digest by which a secret is looked up.
    pub fn digest(&self, secret: &str) -> Digest {
        self.newest.digest(secret)
    }

    /// The same under the peppers that new secrets no longer get.
    pub fn older_digests(&self, secret: &str) -> impl Iterator<Item = Digest> {
        self.older.iter().map(move |pepper| pepper.digest(secret))
    }

    /// The digest by which a secret is looked up, and after it those under the other peppers.
    pub(crate) fn digests(&self, secret: &str, newest: Digest) -> Vec<Digest> {
        std::iter::once(newest).chain(self.older_digests(secret)).collect()
    }

    /// The id of the pepper whose digest is the one at this place of [`Peppers::digests`].
    pub(crate) fn id_at(&self, place: usize) -> Option<&str> {
        self.ids().nth(place)
    }

    /// The digest under the pepper of this id; `None`: there is none.
    pub fn digest_under(&self, id: &str, secret: &str) -> Option<Digest> {
        self.all().find(|pepper| pepper.id == id).map(|pepper| pepper.digest(secret))
    }

    /// What proves each pepper, by its id. Reveals nothing about them.
    pub fn proofs(&self) -> impl Iterator<Item = (&str, Vec<u8>)> {
        self.all().map(|pepper| (pepper.id.as_str(), hmac::sign(&pepper.key, PROOF).as_ref().to_vec()))
    }

    fn all(&self) -> impl Iterator<Item = &Pepper> {
        std::iter::once(&self.newest).chain(self.older.iter())
    }

    /// Shows that a database belongs to these peppers. Reveals nothing about them.
    pub fn proof(&self) -> Vec<u8> {
        hmac::sign(&self.newest.key, PROOF).as_ref().to_vec()
    }

    /// Whether one of these gave the proof.
    pub fn proves(&self, proof: &[u8]) -> bool {
        self.all().any(|pepper| hmac::verify(&pepper.key, PROOF, proof).is_ok())
    }
}

const PROOF: &[u8] = b"keydesk/keyring-proof/1";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_peppers_still_find() {
        let [old, new] = [Pepper::new("p1", &[1; 32]), Pepper::new("p2", &[3; 32])];
        let before = Peppers::new(vec![old.clone()]).unwrap();
        let after = Peppers::new(vec![new, old]).unwrap();
        assert_eq!((before.id(), after.id()), ("p1", "p2"));
        assert_ne!(before.digest("a"), after.digest("a"));
        assert_eq!(after.older_digests("a").collect::<Vec<_>>(), [before.digest("a")]);
        assert!(after.proves(&before.proof()));
        assert!(!before.proves(&after.proof()));
        assert!(Peppers::new(Vec::new()).is_none());
    }
}
