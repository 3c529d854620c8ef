use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

use super::Problem;

/// An answer that can be given again.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
}

/// Answers 200 with JSON.
pub(crate) fn json<T: Serialize + ?Sized>(value: &T) -> Result<Answer, Problem> {
    let body = serde_json::to_vec(value).map_err(|error| {
        tracing::error!(%error, "an answer is no JSON");
        Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR)
    })?;
    Ok(Answer::of(StatusCode::OK, body).with(header::CONTENT_TYPE, HeaderValue::from_static("application/json")))
}

impl Answer {
    pub(crate) fn of(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Self { status, headers: Vec::new(), body: body.into() }
    }

    /// 204.
    pub(crate) fn nothing() -> Self {
        Self::of(StatusCode::NO_CONTENT, Bytes::new())
    }

    pub(crate) fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// A header; one of a name that is there takes its place.
    pub(crate) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value));
        self
    }

    /// A header whose value is made of ids and digits.
    pub(crate) fn with_text(self, name: HeaderName, value: &str) -> Self {
        match HeaderValue::from_str(value) {
            Ok(value) => self.with(name, value),
            Err(_) => self,
        }
    }

    /// How much memory it takes, in bytes, without what every answer takes.
    pub(crate) fn size(&self) -> usize {
        self.body.len()
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        response.headers_mut().extend(self.headers.into_iter().map(|(name, value)| (Some(name), value)));
        response
    }
}
