use bytes::{Bytes, BytesMut};
use http::HeaderMap;

/// What is next of a body.
#[derive(Debug)]
pub(super) enum Come {
    Data(Bytes),
    Trailers(HeaderMap),
    End,
    /// More has to come first.
    Nothing,
}

/// The first bytes of what has come, at most so many.
pub(super) fn piece(come: &mut BytesMut, most: u64) -> Bytes {
    let length = usize::try_from(most).unwrap_or(usize::MAX).min(come.len());
    come.split_to(length).freeze()
}
