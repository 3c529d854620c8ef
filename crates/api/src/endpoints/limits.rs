use axum::{extract::Request, response::Response};
use domain::{Caller, CeilingOf, Keydesk};
use edge::{
    Problem, problem,
    query::{self, wrong},
};
use http::{HeaderMap, StatusCode, header, request::Parts};
use model::{Ceiling, CeilingInfo, ClientName, Environment, KeyError, Permission};

use super::precondition;
use crate::{App, body, respond};

/// Get the installation's ceiling
///
/// What all keys of the installation may do together. The Default API Key counts towards no ceiling.
#[utoipa::path(
    get,
    path = "/api/v1/limits",
    tag = "Limits",
    responses(
        (status = 200, description = "The ceiling.", body = CeilingInfo, headers(("ETag" = String, description = "Its version."))),
    )
)]
pub(crate) async fn get_limits(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    query::none(&parts.uri)?;
    Ok(shown(&app.keydesk.ceiling(&caller, CeilingOf::Installation).await?))
}

/// Set the installation's ceiling
///
/// Ceilings are set by owners in the Workspace and by the operator with `keydesk limits set`. A key is neither, so each is
/// answered 403 `forbidden`, whatever it holds: no key lifts what bounds it.
#[utoipa::path(
    put,
    path = "/api/v1/limits",
    tag = "Limits",
    params(("If-Match" = Option<String>, Header, description = "Set it only in this version: its `ETag`, or a list of them, or `*`.")),
    request_body(content = Ceiling, example = json!({"rate_limits": [{"name": "default", "limit": 6000, "window_seconds": 60}], "quotas": []})),
    responses(
        (status = 200, description = "The ceiling.", body = CeilingInfo, headers(("ETag" = String, description = "Its version."))),
        (status = 422, description = "`invalid_setting`: a quota's time zone or a scope is not known, or two limits have the same name."),
    )
)]
pub(crate) async fn set_limits(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    require_to_set(&caller)?;
    query::none(request.uri())?;
    set(&app.keydesk, &caller, CeilingOf::Installation, request).await
}

/// Get a client's ceiling
///
/// What all keys of a Client Name and environment may do together. However the name is written, it is the same client; one that
/// has no keys has a ceiling without limits, until one is set.
#[utoipa::path(
    get,
    path = "/api/v1/clients/{client_name}/limits",
    tag = "Limits",
    params(
        ("client_name" = String, Path, description = "The Client Name."),
        ("environment" = Option<Environment>, Query, description = "Which of the client's keys; when not given, those that the caller reaches: `live` for a live key."),
    ),
    responses(
        (status = 200, description = "The ceiling.", body = CeilingInfo, headers(("ETag" = String, description = "Its version."))),
        (status = 404, description = "`not_found`: live keys and their ceilings don't exist for a test key."),
        (status = 422, description = "`invalid_client_name`: the path has no Client Name."),
    )
)]
pub(crate) async fn get_client_limits(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let of = client(&caller, &parts)?;
    Ok(shown(&app.keydesk.ceiling(&caller, of).await?))
}

/// Set a client's ceiling
///
/// As for the installation's: owners and the operator alone set it, and each key is answered 403 `forbidden`.
#[utoipa::path(
    put,
    path = "/api/v1/clients/{client_name}/limits",
    tag = "Limits",
    params(
        ("client_name" = String, Path, description = "The Client Name."),
        ("environment" = Option<Environment>, Query, description = "Which of the client's keys; `live` when not given."),
        ("If-Match" = Option<String>, Header, description = "Set it only in this version: its `ETag`, or a list of them, or `*`."),
    ),
    request_body(content = Ceiling, example = json!({"rate_limits": [], "quotas": [{"name": "daily", "limit": 10000, "period": "day"}]})),
    responses(
        (status = 200, description = "The ceiling.", body = CeilingInfo, headers(("ETag" = String, description = "Its version."))),
        (status = 422, description = "`invalid_client_name`: the path has no Client Name; `invalid_setting`: a quota's time zone or a scope is not known, or two limits have the same name."),
    )
)]
pub(crate) async fn set_client_limits(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    require_to_set(&caller)?;
    let (parts, body) = request.into_parts();
    let of = client(&caller, &parts)?;
    set(&app.keydesk, &caller, of, Request::from_parts(parts, body)).await
}

/// Whoever asks here is a key, and no key has this permission: it would lift what bounds it.
fn require_to_set(caller: &Caller) -> Result<(), Problem> {
    let detail = "Owners set ceilings in the Workspace, and the operator with `keydesk limits set`. No key may.";
    caller.require(Permission::ManageInstallation).map_err(|_| Problem::new(&problem::FORBIDDEN).detail(detail))
}

/// The client that a request is about.
fn client(caller: &Caller, parts: &Parts) -> Result<CeilingOf, Problem> {
    let mut wanted = None;
    for (name, value) in query::read(&parts.uri, &["environment"])? {
        wanted = Some(value.parse().map_err(|error| query::refuse(vec![wrong(name, format!("{error}"))]))?);
    }
    let environment = caller.environment_of(wanted);
    let text = parts.uri.path().strip_prefix("/api/v1/clients/").and_then(|rest| rest.strip_suffix("/limits"));
    let decoded = percent_encoding::percent_decode_str(text.unwrap_or_default()).decode_utf8();
    let name = decoded.map_err(|_| Problem::invalid("The Client Name in the path is not UTF-8."))?;
    Ok(CeilingOf::Client(ClientName::parse(&name).map_err(KeyError::from)?, environment))
}

async fn set(keydesk: &Keydesk, caller: &Caller, of: CeilingOf, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let body = body::json(&parts.headers, body).await?;
    let ceiling: Ceiling = body::parse(&body)?;
    let version = if_match(keydesk, caller, &of, &parts.headers).await?;
    Ok(shown(&keydesk.set_ceiling(caller, of, ceiling, version).await?))
}

async fn if_match(
    keydesk: &Keydesk,
    caller: &Caller,
    of: &CeilingOf,
    headers: &HeaderMap,
) -> Result<Option<i64>, Problem> {
    precondition::if_match_with(headers, async || Ok(keydesk.ceiling(caller, of.clone()).await?.version)).await
}

fn shown(ceiling: &CeilingInfo) -> Response {
    let mut response = respond::json(StatusCode::OK, ceiling);
    response.headers_mut().insert(header::ETAG, respond::etag(ceiling.version));
    response
}
