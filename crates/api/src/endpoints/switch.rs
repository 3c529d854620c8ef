use axum::{extract::Request, response::Response};
use domain::Caller;
use edge::{Problem, query};
use http::StatusCode;
use model::{BulkSwitched, Key};

use super::{bulk_delete::KeyIds, key_id, precondition};
use crate::{App, body, respond};

/// Disable a key
///
/// From then on it is refused, until it is enabled. The Default API Key can't be disabled.
#[utoipa::path(
    post,
    path = "/api/v1/keys/{id}/disable",
    tag = "Keys",
    params(
        ("id" = model::KeyId, Path, description = "The key."),
        ("If-Match" = Option<String>, Header, description = "Disable it only in this version: its `ETag`, or a list of them, or `*`."),
    ),
    responses(
        (status = 200, description = "The key.", body = Key, headers(("ETag" = String, description = "Its version."))),
    )
)]
pub(crate) async fn disable_key(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    one(&app, &caller, request, false).await
}

/// Enable a key
///
/// It works again, unless it has expired.
#[utoipa::path(
    post,
    path = "/api/v1/keys/{id}/enable",
    tag = "Keys",
    params(
        ("id" = model::KeyId, Path, description = "The key."),
        ("If-Match" = Option<String>, Header, description = "Enable it only in this version: its `ETag`, or a list of them, or `*`."),
    ),
    responses(
        (status = 200, description = "The key.", body = Key, headers(("ETag" = String, description = "Its version."))),
    )
)]
pub(crate) async fn enable_key(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    one(&app, &caller, request, true).await
}

/// Disable several keys
///
/// In one change. What can't be disabled is skipped, and the answer says why.
#[utoipa::path(
    post,
    path = "/api/v1/keys/bulk-disable",
    tag = "Keys",
    request_body(content = KeyIds, example = json!({"ids": ["01981d2c-9e5b-7c3a-8b1d-0123456789ab"]})),
    responses((status = 200, description = "What became of them.", body = BulkSwitched))
)]
pub(crate) async fn disable_keys(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    many(&app, &caller, request, false).await
}

/// Enable several keys
///
/// In one change. What can't be enabled is skipped, and the answer says why.
#[utoipa::path(
    post,
    path = "/api/v1/keys/bulk-enable",
    tag = "Keys",
    request_body(content = KeyIds, example = json!({"ids": ["01981d2c-9e5b-7c3a-8b1d-0123456789ab"]})),
    responses((status = 200, description = "What became of them.", body = BulkSwitched))
)]
pub(crate) async fn enable_keys(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    many(&app, &caller, request, true).await
}

async fn one(app: &App, caller: &Caller, request: Request, enabled: bool) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let id = key_id(&parts)?;
    body::none(body).await?;
    let version = precondition::if_match(&app.keydesk, caller, id, &parts.headers).await?;
    let key = app.keydesk.set_enabled(caller, id, enabled, version).await?;
    Ok(respond::key(&key))
}

async fn many(app: &App, caller: &Caller, request: Request, enabled: bool) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    query::none(&parts.uri)?;
    let body = body::json(&parts.headers, body).await?;
    let ids = body::parse::<KeyIds>(&body)?.ids();
    let outcome = app.keydesk.bulk_set_enabled(caller, &ids, enabled).await?;
    Ok(respond::json(StatusCode::OK, &outcome))
}
