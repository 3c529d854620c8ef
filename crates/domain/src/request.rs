use aws_lc_rs::digest;

/// For how long an answer is kept, in milliseconds: 24 hours.
pub(crate) const KEPT_MS: i64 = 24 * 60 * 60 * 1000;

/// A caller's `Idempotency-Key`, or a page's token, for a request that it may send again.
#[derive(Clone, Debug)]
pub struct Idempotency {
    /// As the caller sent it.
    pub key: String,
    /// The fingerprint of the request: the same key with another fingerprint is refused.
    pub fingerprint: [u8; 32],
}

/// SHA-256.
pub fn fingerprint(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    hash
}

/// A request that its sender may send again.
#[derive(Clone, Debug)]
pub struct Once {
    /// Its token and what it asks for.
    pub idempotency: Idempotency,
    /// It is taken back: it is answered if it was done, and else it never will be.
    pub recalled: bool,
}
