use std::{fmt, sync::Arc};

use aws_lc_rs::{
    digest::{SHA256, SHA512, digest},
    hmac,
};
use store::{Digest, KnownBy};

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
        of_tag(hmac::sign(&self.key, secret.as_bytes()))
    }

    /// The digest of a hash. No text that is presented as a key begins as what goes in here does.
    fn digest_of_hash(&self, by: KnownBy, hash: &[u8]) -> Digest {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(b"\0keydesk/imported/");
        context.update(by.as_str().as_bytes());
        context.update(b"\0");
        context.update(hash);
        of_tag(context.sign())
    }
}

fn of_tag(tag: hmac::Tag) -> Digest {
    let mut digest = [0; 32];
    digest.copy_from_slice(tag.as_ref());
    digest
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

    /// The digests by which a secret is looked up of which only this hash is known, in the order of [`Peppers::ids`]. Of a slow hash, its
    /// SHA-256 goes in: such a secret is found by its prefix, and this stands in the place of its digest.
    pub fn hash_digests<'a>(&'a self, by: KnownBy, hash: &'a [u8]) -> impl Iterator<Item = Digest> + 'a {
        self.all().map(move |pepper| pepper.digest_of_hash(by, hash))
    }

    /// Under the newest pepper, the digests of the SHA-256 and of the SHA-512 of a secret: by these it is known again if it was imported.
    pub fn forms(&self, secret: &str) -> [Digest; 2] {
        [(KnownBy::Sha256, &SHA256), (KnownBy::Sha512, &SHA512)].map(|(by, algorithm)| {
            let hash = digest(algorithm, secret.as_bytes());
            self.newest.digest_of_hash(by, hash.as_ref())
        })
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

    #[test]
    fn a_hash_has_a_digest_of_its_own_under_each_pepper() {
        let peppers = Peppers::new(vec![Pepper::new("p2", &[3; 32]), Pepper::new("p1", &[1; 32])]).unwrap();
        let hash = digest(&SHA256, b"a");
        let found: Vec<_> = peppers.hash_digests(KnownBy::Sha256, hash.as_ref()).collect();
        assert_eq!(found.len(), 2);
        assert_eq!(peppers.forms("a")[0], found[0]);
        assert_ne!(found[0], found[1]);
        let slow = peppers.hash_digests(KnownBy::Slow, hash.as_ref()).next();
        assert!(slow.is_some_and(|slow| !found.contains(&slow)) && !found.contains(&peppers.digest("a")));
    }
}
