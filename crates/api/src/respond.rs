//! Answers of the REST API.

use std::{error::Error, io, pin::Pin};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use futures::{Stream, StreamExt as _, TryStreamExt as _, stream};
use http::{HeaderValue, StatusCode, header};
use model::Key;
use serde::Serialize;
use tracing::{Instrument as _, Span};

/// A JSON document. Nothing of the API may be kept by a cache: every answer depends on the caller and the time, and
/// some carry a secret.
pub(crate) fn json(status: StatusCode, document: &impl Serialize) -> Response {
    // Most answers fit without growing, a verdict with all limits of a key too.
    let mut body = Vec::with_capacity(1024);
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

/// A text that is sent while it is read. The first part is read before the answer begins, so that an early failure still gets
/// its status. After a later one the connection is cut, so that half a text does not pass for a whole one.
pub(crate) async fn streamed<P, E>(
    content_type: &'static str,
    parts: impl Stream<Item = Result<P, E>> + Send + 'static,
) -> Result<Response, E>
where
    P: Into<Bytes> + Send,
    E: Error + Send,
{
    let mut parts = Box::pin(parts);
    let first = parts.try_next().await?.map_or_else(Bytes::new, Into::into);
    Ok(begun(content_type, first, parts))
}

/// The same of a text whose answer begins at once, since its first part may come late.
pub(crate) fn streamed_at_once<P, E>(
    content_type: &'static str,
    parts: impl Stream<Item = Result<P, E>> + Send + 'static,
) -> Response
where
    P: Into<Bytes> + Send,
    E: Error + Send,
{
    begun(content_type, Bytes::new(), Box::pin(parts))
}

fn begun<P, E>(
    content_type: &'static str,
    first: Bytes,
    parts: Pin<Box<impl Stream<Item = Result<P, E>> + Send + 'static>>,
) -> Response
where
    P: Into<Bytes> + Send,
    E: Error + Send,
{
    // What is read later still belongs to this request.
    let span = Span::current();
    let rest = stream::try_unfold(parts, move |mut parts| {
        let part = async move {
            let part = parts.try_next().await.map_err(|error| io::Error::other(error.to_string()))?;
            Ok::<_, io::Error>(part.map(|part| (part.into(), parts)))
        };
        part.instrument(span.clone())
    });
    let mut response = Response::new(Body::from_stream(stream::iter([Ok(first)]).chain(rest)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
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
