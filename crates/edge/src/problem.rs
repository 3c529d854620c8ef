//! Errors as RFC 9457 problem documents.

use std::{borrow::Cow, fmt};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, StatusCode, header};
use model::{KeyError, Scope};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::FieldError;

/// The media type of a problem document.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// A kind of error: a stable code, its status, and what it means.
#[derive(Debug)]
pub struct Kind {
    /// The status of the answer.
    pub status: u16,
    /// Its name, for programs.
    pub code: &'static str,
    /// What it means, for people.
    pub title: &'static str,
}

macro_rules! kinds {
    ($($name:ident = $status:literal $code:literal $title:literal;)*) => {
        $(#[doc = $title] pub static $name: Kind = Kind { status: $status, code: $code, title: $title };)*

        /// Every kind, in the order of their statuses.
        pub static KINDS: &[&Kind] = &[$(&$name),*];
    };
}

kinds! {
    INVALID_REQUEST = 400 "invalid_request" "The request is malformed";
    INVALID_PATH = 400 "invalid_path" "The path of the original request is refused";
    MISSING_KEY = 401 "missing_key" "An API key is needed";
    INVALID_TOKEN = 401 "invalid_token" "The API key is not valid";
    INSUFFICIENT_SCOPE = 403 "insufficient_scope" "The API key lacks a scope";
    ENVIRONMENT_NOT_ALLOWED = 403 "environment_not_allowed" "The API key is not of the environment that is accepted here";
    IP_NOT_ALLOWED = 403 "ip_not_allowed" "The API key can't be used from this address";
    ORIGIN_NOT_ALLOWED = 403 "origin_not_allowed" "The API key can't be used from this origin";
    NO_ROUTE = 403 "no_route" "No route matches the request";
    SCOPE_ESCALATION = 403 "scope_escalation" "You can't grant a scope you don't hold";
    BOUNDS_ESCALATION = 403 "bounds_escalation" "You can't give a key more than you may issue";
    ENVIRONMENT_ESCALATION = 403 "environment_escalation" "A test key makes test keys only";
    DEFAULT_KEY_PROTECTED = 403 "default_key_protected" "The Default API Key is protected";
    FORBIDDEN = 403 "forbidden" "You may not do this";
    MODULE_UNAVAILABLE = 403 "module_unavailable" "API Keys may not be available";
    NOT_FOUND = 404 "not_found" "There is nothing here";
    METHOD_NOT_ALLOWED = 405 "method_not_allowed" "The method is not allowed here";
    REQUEST_TIMEOUT = 408 "request_timeout" "The request did not arrive in time";
    IDEMPOTENCY_MISMATCH = 409 "idempotency_mismatch" "The Idempotency-Key was used for another request";
    NOT_RECOVERABLE = 409 "not_recoverable" "The secret can't be shown again";
    NOT_DELETED = 409 "not_deleted" "The key is not deleted";
    HANDOVER_OVER = 410 "handover_over" "The hand-over link no longer works";
    VERSION_MOVED = 412 "version_moved" "The key has been changed";
    PAYLOAD_TOO_LARGE = 413 "payload_too_large" "The body is too large";
    URI_TOO_LONG = 414 "uri_too_long" "The address of the request is too long";
    UNSUPPORTED_MEDIA_TYPE = 415 "unsupported_media_type" "The body must be JSON";
    INVALID_CLIENT_NAME = 422 "invalid_client_name" "Invalid Client Name";
    INVALID_SETTING = 422 "invalid_setting" "Invalid setting";
    UNKNOWN_SCOPE = 422 "unknown_scope" "There is no such scope";
    TOO_MANY_CALLS = 429 "too_many_calls" "The API key has made too many calls";
    HEADERS_TOO_LARGE = 431 "headers_too_large" "The request has too many or too long headers";
    INTERNAL_ERROR = 500 "internal_error" "Something went wrong in Keydesk";
    UNAVAILABLE = 503 "unavailable" "Keydesk can't answer right now";
    NOT_READY = 503 "not_ready" "Keydesk is not ready";
    TIMEOUT = 503 "timeout" "Keydesk took too long";
}

/// Why a request was refused. Becomes a problem document at the [edge](crate::Edge), which knows the request's id.
#[derive(Clone, Debug)]
pub struct Problem {
    kind: &'static Kind,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    challenge: Option<HeaderValue>,
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
    /// To find the request in the logs.
    request_id: Uuid,
    /// Which fields of the request are rejected, and why.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(required = false)]
    errors: &'a [FieldError],
}

impl Problem {
    /// A problem of a kind, in the words of the kind.
    pub fn new(kind: &'static Kind) -> Self {
        Self { kind, detail: Cow::Borrowed(kind.title), errors: Vec::new(), challenge: None }
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

    /// The challenge, for `WWW-Authenticate`.
    pub fn challenge(mut self, challenge: HeaderValue) -> Self {
        self.challenge = Some(challenge);
        self
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

    /// For a request whose head could not be read, or is too long.
    pub fn of_unread(status: StatusCode) -> Self {
        let detail = match status.as_u16() {
            414 => "The address of the request is too long.",
            431 => "A request has at most 100 headers, and 64 KiB of them with its first line.",
            _ => "The first line or a header of the request is not as HTTP/1.1 writes it.",
        };
        Self::of_status(status).detail(detail)
    }

    /// What kind of error it is.
    pub fn kind(&self) -> &'static Kind {
        self.kind
    }

    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Turns `response` into this problem's document, keeping the headers that it already has.
    pub fn render(&self, request_id: Uuid, response: &mut Response, head: bool) {
        let document = Document {
            r#type: format!("/api/docs#{}", self.kind.code),
            title: self.kind.title,
            status: self.kind.status,
            detail: &self.detail,
            code: self.kind.code,
            request_id,
            errors: &self.errors,
        };
        // Strings, numbers and lists of them, which JSON can always hold.
        let body = serde_json::to_vec(&document).unwrap_or_default();
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
        if matches!(self.kind.status, 429 | 503) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
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
        Self::new(kind(&error)).errors(errors).detail(detail)
    }
}

/// For a key that lost a scope, or stopped working, while its change waited for another.
const FORBIDDEN_TO_KEYS: &str =
    "The API key stopped working, or lost a scope that this call needs, while the call waited. Nothing was changed.";

/// The kind of an error: that of its code. An error that no call of the API can cause has no kind of its own.
fn kind(error: &KeyError) -> &'static Kind {
    let code = match error {
        KeyError::NoInstallation => NOT_FOUND.code,
        KeyError::InvalidInstallation { .. } => INVALID_SETTING.code,
        error => error.code(),
    };
    KINDS.iter().find(|kind| kind.code == code).copied().unwrap_or(&INTERNAL_ERROR)
}

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
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_unique_and_ordered_by_status() {
        let codes: BTreeSet<_> = KINDS.iter().map(|kind| kind.code).collect();
        assert_eq!(codes.len(), KINDS.len());
        assert!(KINDS.is_sorted_by_key(|kind| kind.status));
    }

    #[test]
    fn an_error_of_the_domain_has_one_status_everywhere() {
        let reason = || "why".to_owned();
        for error in [
            KeyError::NotFound,
            KeyError::InvalidClientName { reason: model::ClientNameError::TooLong },
            KeyError::DefaultKeyProtected,
            KeyError::ScopeEscalation { missing: Vec::new() },
            KeyError::BoundsEscalation { field: "allowed_ips".to_owned() },
            KeyError::EnvironmentEscalation,
            KeyError::UnknownScope { scope: Scope::parse("a:b").unwrap() },
            KeyError::InvalidSetting { field: "notes".to_owned(), reason: reason() },
            KeyError::VersionMoved { current: 1 },
            KeyError::NotRecoverable,
            KeyError::HandoverOver,
            KeyError::NotDeleted,
            KeyError::IdempotencyMismatch,
            KeyError::Forbidden,
            KeyError::ModuleUnavailable,
            KeyError::NoInstallation,
            KeyError::InvalidInstallation { reason: reason() },
            KeyError::Unavailable,
        ] {
            assert_eq!(kind(&error).status, error.status(), "{error:?}");
        }
    }

    #[test]
    fn a_key_is_told_of_scopes_and_not_of_roles() {
        let problem = Problem::from(KeyError::Forbidden);
        assert_eq!(problem.kind().code, "forbidden");
        assert!(problem.detail.contains("scope") && !problem.detail.contains("role"), "{}", problem.detail);
    }
}
