//! Errors as RFC 9457 problem documents.

use std::{borrow::Cow, fmt};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, StatusCode, header};
use model::{Code, KeyError, Scope};
pub use model::{ErrorKind, error_kind::*};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use verify::{LimitState, RefusedBy};

use crate::{FieldError, limits};

/// The media type of a problem document.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Why a request was refused. Becomes a problem document at the [edge](crate::Edge), which knows the request's id.
#[derive(Clone, Debug)]
pub struct Problem {
    kind: &'static ErrorKind,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    challenge: Option<HeaderValue>,
    limited: Option<Box<Limited>>,
    retry_after: Option<u32>,
}

/// By which limit a call was refused, and where its key stands.
#[derive(Clone, Debug)]
struct Limited {
    by: RefusedBy,
    states: Vec<LimitState>,
}

/// An error, as RFC 9457 writes it.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Document<'a> {
    /// Where the code is explained.
    #[schema(format = "uri-reference", examples("/api/docs#not_found"))]
    r#type: String,
    /// What the code means.
    title: &'a str,
    /// The answer's status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What is wrong with this request.
    detail: &'a str,
    /// Stable, for programs.
    #[schema(examples("not_found"))]
    code: &'a str,
    /// To find the request in the logs, and to ask `GET /api/v1/explain/{request_id}`, with the same key, why it was refused.
    request_id: Uuid,
    /// Which fields of the request are rejected, and why.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(required = false)]
    errors: &'a [FieldError],
    /// The limit that refused the call, by its name: `default`, `client:default` or `installation:default`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, examples("client:default"))]
    refused_by: Option<String>,
}

impl Problem {
    /// A problem of a kind, in the words of the kind.
    pub fn new(kind: &'static ErrorKind) -> Self {
        Self {
            kind,
            detail: Cow::Borrowed(kind.title),
            errors: Vec::new(),
            challenge: None,
            limited: None,
            retry_after: None,
        }
    }

    /// What is wrong with this request.
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Which fields are rejected.
    pub fn errors(mut self, errors: Vec<FieldError>) -> Self {
        self.errors = errors;
        self
    }

    /// The same with more rejected fields.
    pub fn and(mut self, errors: Vec<FieldError>) -> Self {
        self.errors.extend(errors);
        self
    }

    /// The challenge, for `WWW-Authenticate`.
    pub fn challenge(mut self, challenge: HeaderValue) -> Self {
        self.challenge = Some(challenge);
        self
    }

    /// After how many seconds whoever waits may be let in.
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// A call that has done too much: `code` says by which kind of limit, and `by` which one refused it.
    pub fn limited(code: Code, by: Option<RefusedBy>, states: Vec<LimitState>) -> Self {
        let Some(by) = by else { return Self::new(&RATE_LIMITED) };
        let label = by.label;
        let (kind, detail) = match (by.retry_after_seconds, code) {
            (None, _) => {
                (&COST_EXCEEDS_LIMIT, format!("The limit {label} never allows as many calls as this one counts for."))
            }
            (Some(seconds), Code::QuotaExceeded) => {
                (&QUOTA_EXCEEDED, format!("The quota {label} is used up. It begins anew in {seconds} s."))
            }
            (Some(seconds), _) => {
                (&RATE_LIMITED, format!("The rate limit {label} is reached. Try again in {seconds} s."))
            }
        };
        Self { limited: Some(Box::new(Limited { by, states })), ..Self::new(kind).detail(detail) }
    }

    /// A malformed request.
    pub fn invalid(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(&INVALID_REQUEST).detail(detail)
    }

    /// For an answer that was made elsewhere and has only a status.
    pub fn of_status(status: StatusCode) -> Self {
        let kind = match status.as_u16() {
            404 => &NOT_FOUND,
            405 => &METHOD_NOT_ALLOWED,
            408 => &REQUEST_TIMEOUT,
            413 => &PAYLOAD_TOO_LARGE,
            414 => &URI_TOO_LONG,
            415 => &UNSUPPORTED_MEDIA_TYPE,
            431 => &HEADERS_TOO_LARGE,
            503 => &UNAVAILABLE,
            500.. => &INTERNAL_ERROR,
            _ => &INVALID_REQUEST,
        };
        Self::new(kind)
    }

    /// For a request whose head could not be read, or is too long, by the status.
    pub fn of_unread(status: StatusCode) -> Self {
        let detail = match status.as_u16() {
            414 => "The address of the request is too long.",
            431 => "A request has at most 100 headers, and 64 KiB of them with its first line.",
            _ => "The first line or a header of the request is not as HTTP/1.1 writes it.",
        };
        Self::of_status(status).detail(detail)
    }

    /// What kind of error it is.
    pub fn kind(&self) -> &'static ErrorKind {
        self.kind
    }

    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Its document, for an answer that has begun already.
    pub fn document(&self, request_id: Uuid) -> Document<'_> {
        Document {
            r#type: format!("/api/docs#{}", self.kind.code),
            title: self.kind.title,
            status: self.kind.status,
            detail: &self.detail,
            code: self.kind.code,
            request_id,
            errors: &self.errors,
            refused_by: self.limited.as_ref().map(|limited| limited.by.label.to_string()),
        }
    }

    /// Turns `response` into this problem's document, keeping the headers that it already has.
    pub fn render(&self, request_id: Uuid, response: &mut Response, head: bool) {
        // Strings, numbers and lists of them, which JSON can always hold.
        let body = serde_json::to_vec(&self.document(request_id)).unwrap_or_default();
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        // The router has set it, the edge has not. Refusals must be alike, wherever they come from.
        headers.remove(header::CONTENT_LENGTH);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if let Some(challenge) = &self.challenge {
            headers.insert(header::WWW_AUTHENTICATE, challenge.clone());
        }
        let by_limit = || self.limited.as_ref().and_then(|limited| limited.by.retry_after_seconds);
        let retry_after = self.retry_after.map(u64::from).or_else(by_limit);
        if matches!(self.kind.status, 429 | 503) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(retry_after.unwrap_or(1)));
        }
        if let Some(limited) = &self.limited {
            limits::write(&limited.states, headers);
        }
        *response.body_mut() = if head { Body::empty() } else { Body::from(body) };
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<verify::Unavailable> for Problem {
    fn from(_: verify::Unavailable) -> Self {
        Self::from(KeyError::Unavailable)
    }
}

impl From<KeyError> for Problem {
    fn from(error: KeyError) -> Self {
        // The model's message is for people, and speaks of roles. Here the caller is a key.
        let detail = match &error {
            KeyError::Forbidden => FORBIDDEN_TO_KEYS.to_owned(),
            error => error.to_string(),
        };
        let field = |field: &str| vec![FieldError { field: field.to_owned(), message: detail.clone() }];
        let errors = match &error {
            KeyError::InvalidClientName { .. } => field("client_name"),
            KeyError::UnknownScope { .. } => field("scopes"),
            KeyError::InvalidSetting { field: name, .. } => field(name),
            KeyError::ScopeEscalation { missing } => missing.iter().map(escalation).collect(),
            KeyError::BoundsEscalation { field: name } => field(name),
            KeyError::EnvironmentEscalation => field("environment"),
            _ => Vec::new(),
        };
        Self::new(error.kind()).errors(errors).detail(detail)
    }
}

/// For a key that lost a scope, or stopped working, while its change waited for another.
const FORBIDDEN_TO_KEYS: &str =
    "The API key stopped working, or lost a scope that this call needs, while the call waited. Nothing was changed.";

fn escalation(scope: &Scope) -> FieldError {
    FieldError { field: "scopes".to_owned(), message: format!("you don't hold {scope} yourself") }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.code)
    }
}

/// `WWW-Authenticate: Bearer realm="keydesk"`, with `rest` after it.
pub fn bearer(rest: &str) -> HeaderValue {
    // Scopes and Keydesk's own words: always visible ASCII.
    HeaderValue::try_from(format!("Bearer realm=\"keydesk\"{rest}")).unwrap_or(HeaderValue::from_static("Bearer"))
}

/// The header that every answer carries.
pub static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_told_of_scopes_and_not_of_roles() {
        let problem = Problem::from(KeyError::Forbidden);
        assert_eq!(problem.kind().code, "forbidden");
        assert!(problem.detail.contains("scope") && !problem.detail.contains("role"), "{}", problem.detail);
    }
}
