use axum::{
    body::Body,
    http::{Extensions, HeaderMap, Request, StatusCode, Version, header::CONTENT_TYPE},
    middleware::Next,
    response::Response,
};
use tower_http::{
    CompressionLevel,
    compression::{CompressionLayer, Predicate},
};

/// Brotli's level, of eleven, at which a page of fifty keys takes little longer than its rendering.
const LEVEL: i32 = 4;

/// The one server function whose answers are long.
const LIST: &str = "/list_keys";

#[derive(Clone)]
struct Listed;

/// Compresses pages and lists of keys, and nothing else: another answer may carry a secret beside a text that its caller
/// chose, and then its compressed length would reveal something about the secret.
pub(crate) fn of_long_answers() -> CompressionLayer<impl Predicate> {
    CompressionLayer::new().quality(CompressionLevel::Precise(LEVEL)).compress_when(is_long)
}

/// Tells the compression which answers are lists of keys.
pub(crate) async fn tell_lists(request: Request<Body>, next: Next) -> Response {
    let list = request.uri().path().ends_with(LIST);
    let mut response = next.run(request).await;
    if list {
        response.extensions_mut().insert(Listed);
    }
    response
}

fn is_long(_: StatusCode, _: Version, headers: &HeaderMap, extensions: &Extensions) -> bool {
    let page = headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    page || extensions.get::<Listed>().is_some()
}
