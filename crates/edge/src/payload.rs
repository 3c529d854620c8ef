use bytes::Bytes;

/// The body of a request, whether a listener or a test made it.
pub trait Payload: axum::body::HttpBody<Data = Bytes, Error: Into<axum::BoxError>> + Send + Unpin + 'static {}

impl<B> Payload for B where B: axum::body::HttpBody<Data = Bytes, Error: Into<axum::BoxError>> + Send + Unpin + 'static {}
