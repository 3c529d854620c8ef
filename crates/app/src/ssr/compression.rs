use axum::http::{Extensions, HeaderMap, StatusCode, Version, header::CONTENT_TYPE};
use tower_http::{
    CompressionLevel,
    compression::{CompressionLayer, Predicate},
};

/// Brotli's level at which a page of fifty keys takes well under a millisecond; the highest takes a hundred times as long.
const LEVEL: i32 = 4;

/// Compresses the pages that are asked for by GET. Nothing else here is compressed: it may carry a secret beside what its
/// caller chose, and then its length would tell of the secret.
pub(super) fn of_pages() -> CompressionLayer<impl Predicate> {
    CompressionLayer::new().quality(CompressionLevel::Precise(LEVEL)).compress_when(is_page)
}

fn is_page(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}
