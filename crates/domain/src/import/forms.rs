use aws_lc_rs::digest::{SHA512, digest};
use model::{Given, GivenHash};
use store::{Digest, KnownBy};
use verify::Peppers;

use crate::fingerprint;

/// By what a key is known again. Under each pepper one, those under the newest first.
#[derive(Debug, Default)]
pub(super) struct Forms {
    /// Digests of the key.
    pub(super) secrets: Vec<Digest>,
    /// Digests of its SHA-256.
    pub(super) sha256: Vec<Digest>,
    /// Digests of its SHA-512.
    pub(super) sha512: Vec<Digest>,
    /// SHA-256 of its slow hash.
    pub(super) slow: Option<Digest>,
    /// By what calls find it, or what stands in the place of that.
    pub(super) digest: Digest,
}

impl Forms {
    pub(super) fn of(peppers: &Peppers, given: &Given) -> Self {
        let digests = |by: KnownBy, hash: &[u8]| peppers.hash_digests(by, hash).collect::<Vec<_>>();
        let first = |digests: &[Digest]| digests.first().copied().unwrap_or_default();
        match given {
            Given::Key(key) => {
                let key = key.expose();
                let secrets: Vec<_> = std::iter::once(peppers.digest(key)).chain(peppers.older_digests(key)).collect();
                let sha256 = digests(KnownBy::Sha256, &fingerprint(key.as_bytes()));
                let sha512 = digests(KnownBy::Sha512, digest(&SHA512, key.as_bytes()).as_ref());
                Self { digest: first(&secrets), secrets, sha256, sha512, slow: None }
            }
            Given::Hash(GivenHash::Sha256(hash)) => {
                let sha256 = digests(KnownBy::Sha256, hash);
                Self { digest: first(&sha256), sha256, ..Self::default() }
            }
            Given::Hash(GivenHash::Sha512(hash)) => {
                let sha512 = digests(KnownBy::Sha512, hash);
                Self { digest: first(&sha512), sha512, ..Self::default() }
            }
            Given::Hash(GivenHash::Slow(hash)) => {
                let slow = fingerprint(hash.as_str().as_bytes());
                Self { digest: first(&digests(KnownBy::Slow, &slow)), slow: Some(slow), ..Self::default() }
            }
        }
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &Digest> {
        self.secrets.iter().chain(&self.sha256).chain(&self.sha512).chain(&self.slow)
    }

    /// Those by which two rows of one import are told to be of one key: two of one key have one in common, if that can be told.
    pub(super) fn common(&self) -> impl Iterator<Item = u64> {
        let hashes = [self.sha256.first(), self.sha512.first(), self.slow.as_ref()];
        hashes.into_iter().flatten().map(head)
    }
}

/// The first 8 bytes, which tell apart what nobody makes equal on purpose.
pub(super) fn head(digest: &Digest) -> u64 {
    digest.first_chunk().copied().map_or(0, u64::from_be_bytes)
}
