//! Errors that Keydesk and the contact centre answer (RFC 9457).

use std::{fmt, time::Duration};

use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use uuid::Uuid;

/// Characters that are kept of an answer that is no problem document, a proxy's page for instance.
const SHOWN: usize = 200;

/// Why a call was refused. Programs decide by `code`, which is stable; `detail` is for people.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Problem {
    /// The status of the answer.
    #[serde(default)]
    pub status: u16,
    /// Stable, such as `insufficient_scope`; empty if the answer was no problem document.
    #[serde(default)]
    pub code: String,
    /// What the code means.
    #[serde(default)]
    pub title: String,
    /// What is wrong with this call.
    #[serde(default)]
    pub detail: String,
    /// By which the call is found in logs, and explained by `GET /api/v1/explain/{request_id}`.
    #[serde(default)]
    pub request_id: Option<Uuid>,
    /// Which fields of the body were rejected.
    #[serde(default)]
    pub errors: Vec<FieldError>,
    /// The limit that refused the call.
    #[serde(default)]
    pub refused_by: Option<String>,
    /// Whoever waits as long as this is let in.
    #[serde(skip)]
    pub retry_after: Option<Duration>,
}

/// A field that was rejected.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct FieldError {
    /// The field.
    pub field: String,
    /// Why.
    pub message: String,
}

impl Problem {
    /// What an answer with this status, these headers and this body says.
    pub(crate) fn read(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let is_problem = headers
            .get(header::CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"application/problem+json"));
        let parsed = is_problem.then(|| serde_json::from_slice::<Self>(body).ok()).flatten();
        let mut problem = parsed.unwrap_or_else(|| Self {
            status: 0,
            code: String::new(),
            title: status.canonical_reason().unwrap_or_default().to_owned(),
            detail: String::from_utf8_lossy(body).chars().take(SHOWN).collect(),
            request_id: None,
            errors: Vec::new(),
            refused_by: None,
            retry_after: None,
        });
        problem.status = status.as_u16();
        problem.retry_after = retry_after(headers);
        problem
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.status, self.code, self.detail)?;
        for error in &self.errors {
            write!(f, "; {}: {}", error.field, error.message)?;
        }
        Ok(())
    }
}

/// `Retry-After` in seconds, the only form that Keydesk sends.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(kind: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, kind.parse().unwrap());
        headers.insert(header::RETRY_AFTER, "7".parse().unwrap());
        headers
    }

    #[test]
    fn a_problem_document_is_read_with_what_it_says_of_waiting() {
        let body = br#"{"type": "/api/docs#rate_limited", "title": "Too many calls", "status": 429, "detail": "Wait.",
            "code": "rate_limited", "request_id": "0199c7a0-0000-7000-8000-000000000001", "refused_by": "default", "new": 1}"#;
        let problem = Problem::read(StatusCode::TOO_MANY_REQUESTS, &headers("application/problem+json"), body);
        assert_eq!((problem.code.as_str(), problem.refused_by.as_deref()), ("rate_limited", Some("default")));
        assert_eq!(problem.retry_after, Some(Duration::from_secs(7)));
    }

    #[test]
    fn the_page_of_a_proxy_is_told_too() {
        let problem = Problem::read(StatusCode::BAD_GATEWAY, &headers("text/html"), b"<h1>Bad Gateway</h1>");
        assert_eq!(problem.to_string(), "502 : <h1>Bad Gateway</h1>");
    }
}
