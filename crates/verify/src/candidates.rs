use aws_lc_rs::digest::{SHA256, SHA512, digest};
use store::{Digest, KnownBy};

use crate::{Peppers, Verifier, candidate::Candidate};

impl Verifier {
    /// All digests by which a key may be found, the one under the newest pepper first: under each pepper, and those of its hashes where
    /// keys are left of which only a hash was given.
    pub(crate) fn candidates(&self, peppers: &Peppers, key: &str, newest: Digest) -> Vec<Candidate> {
        let imported = &self.inner.imported;
        let own = std::iter::once(newest).chain(peppers.older_digests(key)).zip(peppers.ids());
        let mut all: Vec<_> =
            own.map(|(digest, id)| Candidate { digest, under: id.to_owned(), given: false }).collect();
        for (by, algorithm) in [(KnownBy::Sha256, &SHA256), (KnownBy::Sha512, &SHA512)] {
            if imported.is_left(by) {
                let hash = digest(algorithm, key.as_bytes());
                let given = peppers.hash_digests(by, hash.as_ref()).zip(peppers.ids());
                all.extend(given.map(|(digest, id)| Candidate { digest, under: id.to_owned(), given: true }));
            }
        }
        all.extend(imported.proven(&newest));
        all
    }
}
