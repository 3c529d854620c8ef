use aws_lc_rs::digest::{Context, SHA256};
use quick_cache::sync::Cache;

use super::{representation::etag, sound::Sound};

/// How many digests are kept, a hundred bytes each.
pub const DIGESTS_KEPT: usize = 10_000;

/// SHA-256 of recordings. To make one means to make its whole file, some 20 ms for five minutes; so the last ones are kept.
#[derive(Debug)]
pub struct Digests(Cache<String, [u8; 32]>);

impl Default for Digests {
    fn default() -> Self {
        Self(Cache::new(DIGESTS_KEPT))
    }
}

impl Digests {
    /// The digest of a file that was asked for before.
    pub fn known(&self, sound: &Sound) -> Option<[u8; 32]> {
        self.0.get(&etag(sound))
    }

    /// The digest of a file. It may take a while: call it where waiting is allowed.
    pub fn of(&self, sound: &Sound) -> [u8; 32] {
        let tag = etag(sound);
        self.0.get(&tag).unwrap_or_else(|| {
            let digest = sha256(sound);
            self.0.insert(tag, digest);
            digest
        })
    }
}

fn sha256(sound: &Sound) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for chunk in sound.chunks(0..sound.size_bytes()) {
        context.update(&chunk);
    }
    context.finish().as_ref().try_into().unwrap_or_default()
}
