//! The kinds of errors that the HTTP contract knows: their codes and statuses stand here alone.

/// A kind of error: a stable code, its status, and what it means.
#[derive(Debug)]
pub struct ErrorKind {
    /// The status of the answer.
    pub status: u16,
    /// Its name, for programs.
    pub code: &'static str,
    /// What it means, for people.
    pub title: &'static str,
}

macro_rules! kinds {
    ($($name:ident = $status:literal $code:literal $title:literal;)*) => {
        $(#[doc = $title] pub static $name: ErrorKind = ErrorKind { status: $status, code: $code, title: $title };)*

        /// Every kind, in the order of their statuses.
        pub static KINDS: &[&ErrorKind] = &[$(&$name),*];
    };
}

kinds! {
    INVALID_REQUEST = 400 "invalid_request" "The request is malformed";
    INVALID_PATH = 400 "invalid_path" "The path of the original request is refused";
    MISSING_KEY = 401 "missing_key" "An API key is needed";
    INVALID_TOKEN = 401 "invalid_token" "The API key is not valid";
    INVALID_SIGNATURE = 401 "invalid_signature" "The report is not signed by anybody who is known here";
    INSUFFICIENT_SCOPE = 403 "insufficient_scope" "The API key lacks a scope";
    ENVIRONMENT_NOT_ALLOWED = 403 "environment_not_allowed" "The API key is not of the environment that is accepted here";
    IP_NOT_ALLOWED = 403 "ip_not_allowed" "The API key can't be used from this address";
    ORIGIN_NOT_ALLOWED = 403 "origin_not_allowed" "The API key can't be used from this origin";
    NO_ROUTE = 403 "no_route" "No route matches the request";
    COST_EXCEEDS_LIMIT = 403 "cost_exceeds_limit" "The call costs more than a limit ever allows";
    SCOPE_ESCALATION = 403 "scope_escalation" "You can't grant a scope you don't hold";
    BOUNDS_ESCALATION = 403 "bounds_escalation" "You can't give a key more than you may issue";
    ENVIRONMENT_ESCALATION = 403 "environment_escalation" "A test key makes test keys only";
    DEFAULT_KEY_PROTECTED = 403 "default_key_protected" "The Default API Key is protected";
    FORBIDDEN = 403 "forbidden" "You may not do this";
    TOKEN_NOT_ALLOWED = 403 "token_not_allowed" "A derived token may not do this";
    MODULE_UNAVAILABLE = 403 "module_unavailable" "API Keys may not be available";
    NOT_FOUND = 404 "not_found" "There is nothing here";
    METHOD_NOT_ALLOWED = 405 "method_not_allowed" "The method is not allowed here";
    REQUEST_TIMEOUT = 408 "request_timeout" "The request did not arrive in time";
    IDEMPOTENCY_MISMATCH = 409 "idempotency_mismatch" "The Idempotency-Key was used for another request";
    NOT_RECOVERABLE = 409 "not_recoverable" "The secret can't be shown again";
    NOT_DELETED = 409 "not_deleted" "The key is not deleted";
    REPORT_REPEATED = 409 "report_repeated" "The report was taken before";
    IMPORT_RUNNING = 409 "import_running" "Another import is under way";
    HANDOVER_OVER = 410 "handover_over" "The hand-over link no longer works";
    VERSION_MOVED = 412 "version_moved" "The key has been changed";
    PAYLOAD_TOO_LARGE = 413 "payload_too_large" "The body is too large";
    BODY_TOO_LARGE = 413 "body_too_large" "The body is larger than the gateway forwards";
    URI_TOO_LONG = 414 "uri_too_long" "The address of the request is too long";
    UNSUPPORTED_MEDIA_TYPE = 415 "unsupported_media_type" "The body is of another media type than is taken here";
    EXPECTATION_FAILED = 417 "expectation_failed" "What the request expects is not understood";
    INVALID_CLIENT_NAME = 422 "invalid_client_name" "Invalid Client Name";
    INVALID_SETTING = 422 "invalid_setting" "Invalid setting";
    UNKNOWN_SCOPE = 422 "unknown_scope" "There is no such scope";
    ROWS_REFUSED = 422 "rows_refused" "Rows can't be imported";
    RATE_LIMITED = 429 "rate_limited" "Too many calls came at once";
    QUOTA_EXCEEDED = 429 "quota_exceeded" "A quota is used up";
    TOO_MANY_CALLS = 429 "too_many_calls" "The API key has made too many calls";
    TOO_MANY_FAILED_KEYS = 429 "too_many_failed_keys" "This address has sent too many API keys that are not valid";
    SLOW_KEY_BUSY = 429 "slow_key_busy" "Too many keys are checked that take long to check";
    TOO_MANY_STREAMS = 429 "too_many_streams" "Too many streams are open";
    HEADERS_TOO_LARGE = 431 "headers_too_large" "The request has too many or too long headers";
    INTERNAL_ERROR = 500 "internal_error" "Something went wrong in Keydesk";
    UPSTREAM_UNREACHABLE = 502 "upstream_unreachable" "The API behind the gateway can't be reached";
    UPSTREAM_INVALID = 502 "upstream_invalid" "The API behind the gateway gave no valid answer";
    UNAVAILABLE = 503 "unavailable" "Keydesk can't answer right now";
    NOT_READY = 503 "not_ready" "Keydesk is not ready";
    TIMEOUT = 503 "timeout" "Keydesk took too long";
    NO_UPSTREAM = 503 "no_upstream" "The gateway has no API for such a call";
    UPSTREAM_UNAVAILABLE = 503 "upstream_unavailable" "The API behind the gateway is not available";
    UPSTREAM_TIMEOUT = 504 "upstream_timeout" "The API behind the gateway took too long";
}

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
}
