//! Answers of the REST API.

use axum::{body::Body, response::Response};
use http::{HeaderValue, StatusCode, header};
use model::Key;
use serde::Serialize;

/// A JSON document. Nothing of the API may be kept by a cache: every answer depends on the caller and the time, and
/// some carry a secret.
pub(crate) fn json(status: StatusCode, document: &impl Serialize) -> Response {
    let mut body = Vec::with_capacity(512);
    // Keydesk's own types: strings, numbers, and maps with string keys, which JSON can always hold.
    serde_json::to_writer(&mut body, document).expect("an answer is JSON");
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.reserve(6);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// A key, with the `ETag` that `If-Match` takes.
pub(crate) fn key(key: &Key) -> Response {
    let mut response = json(StatusCode::OK, key);
    response.headers_mut().insert(header::ETAG, etag(key.version));
    response
}

/// The strong tag of a version.
pub(crate) fn etag(version: i64) -> HeaderValue {
    HeaderValue::try_from(format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}
