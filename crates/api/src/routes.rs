//! The one list of routes. Router, description, metrics, access log and the required scope come from it: to add an
//! endpoint, write its file in `endpoints/` and name it here.

use edge::{
    Template,
    problem::{
        BOUNDS_ESCALATION, DEFAULT_KEY_PROTECTED, ENVIRONMENT_ESCALATION, FORBIDDEN, IMPORT_RUNNING, INVALID_SETTING,
        NOT_FOUND, REPORT_REPEATED, SCOPE_ESCALATION, TOKEN_NOT_ALLOWED,
    },
};

use crate::{
    auth::{AUDIT, READ, REVEAL, USAGE, VERIFY, WEBHOOKS_READ, WEBHOOKS_WRITE, WRITE},
    endpoint::Endpoint,
    endpoints as e,
    places::{DESCRIPTION, PAGE},
};

/// What `utoipa` reads above an endpoint.
macro_rules! described {
    ($file:ident :: $name:ident) => {{
        #[derive(utoipa::OpenApi)]
        #[openapi(paths(e::$file::$name))]
        struct Described;
        <Described as utoipa::OpenApi>::openapi()
    }};
}

/// An endpoint with its access.
macro_rules! endpoint {
    ($file:ident :: $name:ident, $access:ident $(($scope:expr))?) => {
        Endpoint::$access(described!($file::$name), $(&$scope,)? e::$file::$name)
    };
}

/// Every endpoint of the API.
pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::before_router(described!(verify::verify_key), crate::Access::Key(&VERIFY)),
        endpoint!(verify_batch::verify_keys, for_key_costing(VERIFY)),
        endpoint!(whoami::whoami, for_any_key),
        endpoint!(tokens::make_token, for_any_key_that_pays).refusing(&[
            &SCOPE_ESCALATION,
            &BOUNDS_ESCALATION,
            &TOKEN_NOT_ALLOWED,
            &INVALID_SETTING,
        ]),
        endpoint!(jwks::list_token_keys, open),
        endpoint!(explain::explain_refusal, for_recognised_key),
        endpoint!(scopes::list_scopes, for_any_key),
        endpoint!(presets::list_presets, for_any_key),
        endpoint!(list::list_keys, for_manager(READ)),
        endpoint!(lookup::look_up_keys, for_manager(READ)),
        endpoint!(export::export_keys, for_manager(READ)).refusing(&[&FORBIDDEN]),
        endpoint!(create::create_key, for_manager(WRITE)).refusing(&[
            &SCOPE_ESCALATION,
            &BOUNDS_ESCALATION,
            &ENVIRONMENT_ESCALATION,
        ]),
        endpoint!(import::import_keys, for_manager(WRITE)).refusing(&[&IMPORT_RUNNING]),
        endpoint!(get::get_key, for_manager(READ)),
        endpoint!(change::change_key, for_manager(WRITE)).refusing(&[
            &SCOPE_ESCALATION,
            &BOUNDS_ESCALATION,
            &DEFAULT_KEY_PROTECTED,
        ]),
        endpoint!(delete::delete_key, for_manager(WRITE)).refusing(&[&DEFAULT_KEY_PROTECTED]),
        endpoint!(bulk_delete::delete_keys, for_manager(WRITE)),
        endpoint!(switch::disable_key, for_manager(WRITE)).refusing(&[&DEFAULT_KEY_PROTECTED]),
        endpoint!(switch::enable_key, for_manager(WRITE)).refusing(&[
            &SCOPE_ESCALATION,
            &BOUNDS_ESCALATION,
            &DEFAULT_KEY_PROTECTED,
        ]),
        endpoint!(switch::disable_keys, for_manager(WRITE)),
        endpoint!(switch::enable_keys, for_manager(WRITE)),
        endpoint!(rotate::rotate_key, for_manager(WRITE)).refusing(&[
            &SCOPE_ESCALATION,
            &BOUNDS_ESCALATION,
            &DEFAULT_KEY_PROTECTED,
        ]),
        endpoint!(rotate::end_overlap, for_manager(WRITE)).refusing(&[&DEFAULT_KEY_PROTECTED]),
        endpoint!(rotate::list_secrets, for_manager(READ)),
        endpoint!(handover::hand_over_key, for_manager(REVEAL)).refusing(&[
            &SCOPE_ESCALATION,
            &BOUNDS_ESCALATION,
            &DEFAULT_KEY_PROTECTED,
        ]),
        endpoint!(handover::list_handovers, for_manager(READ)),
        endpoint!(handover::withdraw_handover, for_manager(WRITE)).refusing(&[&DEFAULT_KEY_PROTECTED]),
        endpoint!(restore::restore_key, for_manager(WRITE)).refusing(&[&SCOPE_ESCALATION, &BOUNDS_ESCALATION]),
        endpoint!(reveal::reveal_key, for_manager(REVEAL)).refusing(&[
            &SCOPE_ESCALATION,
            &BOUNDS_ESCALATION,
            &DEFAULT_KEY_PROTECTED,
        ]),
        endpoint!(usage::read_key_usage, for_manager(USAGE)).refusing(&[&FORBIDDEN]),
        endpoint!(limits::get_limits, for_manager(READ)),
        endpoint!(limits::set_limits, for_manager(WRITE)),
        endpoint!(limits::get_client_limits, for_manager(READ)),
        endpoint!(limits::set_client_limits, for_manager(WRITE)),
        endpoint!(usage::read_usage, for_manager(USAGE)).refusing(&[&FORBIDDEN, &NOT_FOUND]),
        endpoint!(audit::read_audit, for_manager(AUDIT)).refusing(&[&FORBIDDEN]),
        endpoint!(webhooks::list_webhooks, for_manager(WEBHOOKS_READ)).refusing(&[&FORBIDDEN]),
        endpoint!(webhook_create::create_webhook, for_manager(WEBHOOKS_WRITE))
            .refusing(&[&ENVIRONMENT_ESCALATION, &FORBIDDEN]),
        endpoint!(webhooks::get_webhook, for_manager(WEBHOOKS_READ)).refusing(&[&FORBIDDEN]),
        endpoint!(webhook_change::change_webhook, for_manager(WEBHOOKS_WRITE)).refusing(&[&FORBIDDEN]),
        endpoint!(webhook_change::delete_webhook, for_manager(WEBHOOKS_WRITE)).refusing(&[&FORBIDDEN]),
        endpoint!(webhook_create::rotate_webhook_secret, for_manager(WEBHOOKS_WRITE)).refusing(&[&FORBIDDEN]),
        endpoint!(webhook_deliveries::send_test_event, for_manager(WEBHOOKS_WRITE)).refusing(&[&FORBIDDEN]),
        endpoint!(webhook_deliveries::list_deliveries, for_manager(WEBHOOKS_READ)).refusing(&[&FORBIDDEN]),
        endpoint!(webhook_deliveries::redeliver, for_manager(WEBHOOKS_WRITE)).refusing(&[&FORBIDDEN]),
        endpoint!(leaks::report_leaks, for_reporter).refusing(&[&REPORT_REPEATED]),
        endpoint!(health::healthz, open),
        endpoint!(health::readyz, open),
    ]
}

/// The health endpoints, also for the operator's own listener.
pub fn health() -> Vec<Endpoint> {
    let is_health = |endpoint: &Endpoint| matches!(endpoint.place().0, "/healthz" | "/readyz");
    endpoints().into_iter().filter(is_health).collect()
}

/// The path of the verification of a key, which is answered before the router.
pub fn verify_path() -> String {
    <e::verify::__path_verify_key as utoipa::Path>::path()
}

/// Where endpoints are, for metrics and the access log.
pub fn templates(endpoints: &[Endpoint]) -> impl Iterator<Item = Template> {
    let rest = [Template::tree("/api"), Template::path(DESCRIPTION), Template::path(PAGE)];
    endpoints.iter().map(|endpoint| Template::path(endpoint.place().0)).chain(rest)
}
