//! The kinds of errors that programs meet here: their codes and statuses stand here alone.

use model::ErrorKind;

macro_rules! kinds {
    ($($name:ident = $status:literal $code:literal $title:literal;)*) => {
        $(pub(crate) static $name: ErrorKind = ErrorKind { status: $status, code: $code, title: $title };)*

        /// Every kind, in the order of their statuses.
        pub(crate) static KINDS: &[&ErrorKind] = &[$(&$name),*];
    };
}

kinds! {
    INVALID_REQUEST = 400 "invalid_request" "The request is malformed";
    NOT_UPGRADABLE = 400 "not_upgradable" "This connection can't become a WebSocket";
    AGENT_NOT_ALLOWED = 403 "agent_not_allowed" "The key may not act for this agent";
    CALL_NOT_ALLOWED = 403 "call_not_allowed" "The key may not call this number";
    INSUFFICIENT_SCOPE = 403 "insufficient_scope" "The key lacks a right";
    INVALID_SESSION = 403 "invalid_session" "The proxy session is over, or another key's";
    NOT_THE_GATEWAY = 403 "not_the_gateway" "Only the gateway is answered here";
    OUTSIDE_DIALLING_HOURS = 403 "outside_dialling_hours" "The callee's clocks allow no call now";
    RECORDING_NOT_POSSIBLE = 403 "recording_not_possible" "The recording can't be changed so";
    RESOURCE_NOT_ALLOWED = 403 "resource_not_allowed" "The token is for other queues";
    SHARED_WORLD = 403 "shared_world" "All test keys share this world";
    DO_NOT_CALL = 403 "do_not_call" "The contact does not want to be called";
    NOT_FOUND = 404 "not_found" "There is nothing here";
    METHOD_NOT_ALLOWED = 405 "method_not_allowed" "The method is not allowed here";
    NOT_ACCEPTABLE = 406 "not_acceptable" "There is no such form of it";
    AGENT_BUSY = 409 "agent_busy" "The agent has a call";
    AGENT_OFFLINE = 409 "agent_offline" "The agent is not there";
    IDEMPOTENCY_MISMATCH = 409 "idempotency_mismatch" "The Idempotency-Key was used for another request";
    LEAD_BUSY = 409 "lead_busy" "The lead is being called";
    LEAD_RESTS = 409 "lead_rests" "The lead was called a short while ago";
    QUEUE_CLOSED = 409 "queue_closed" "The queue takes no calls now";
    RECORDING_NOT_READY = 409 "recording_not_ready" "The recording can't be had yet";
    WORLD_TAKEN = 409 "world_taken" "There is a world of this name";
    WEBHOOK_DISABLED = 409 "webhook_disabled" "The webhook is switched off";
    WRONG_STATE = 409 "wrong_state" "The call is in another state";
    AS_OF_LOST = 410 "as_of_lost" "What held then is no longer known";
    GONE = 410 "gone" "It was deleted";
    CHANGES_LOST = 410 "changes_lost" "What changed since then is not known: read everything anew";
    VERSION_MOVED = 412 "version_moved" "It has been changed";
    BODY_TOO_LARGE = 413 "body_too_large" "The body is too large";
    UNSUPPORTED_MEDIA_TYPE = 415 "unsupported_media_type" "The body is of another kind";
    RANGE_NOT_SATISFIABLE = 416 "range_not_satisfiable" "The recording has no such bytes";
    INVALID_FIELD = 422 "invalid_field" "A field can't be so";
    UPGRADE_REQUIRED = 426 "upgrade_required" "Another version of the protocol is needed";
    CALLS_PER_HOUR = 429 "calls_per_hour_reached" "The key has made as many calls as it may in an hour";
    RATE_LIMITED = 429 "rate_limited" "Too many calls came at once";
    TOO_MANY_STREAMS = 429 "too_many_streams" "As many streams are open as there may be";
    INTERNAL_ERROR = 500 "internal_error" "Something went wrong here";
    CATCHING_UP = 503 "catching_up" "The contact centre is catching up with its clock";
    FULL = 503 "full" "There is no more room";
    OPENING = 503 "opening" "The contact centre is being opened";
    NOT_WRITTEN = 503 "not_written" "What happened could not be written down";
    WEBHOOKS_UNAVAILABLE = 503 "webhooks_unavailable" "This contact centre sends no webhooks";
    TOO_MANY_EXPORTS = 503 "too_many_exports" "As many tables are being read as can be at once";
}
