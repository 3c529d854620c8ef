use store::Digest;

/// A digest by which a presented key may be found.
pub(crate) struct Candidate {
    pub(crate) digest: Digest,
    /// The pepper of it.
    pub(crate) under: String,
    /// It is that of a hash which was given, and the key gets one of its own when it is used.
    pub(crate) given: bool,
}

/// The digests, in their order.
pub(crate) fn digests(candidates: &[Candidate]) -> Vec<Digest> {
    candidates.iter().map(|candidate| candidate.digest).collect()
}
