use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use domain::Caller;
use edge::{Problem, query};
use http::{HeaderMap, StatusCode};
use model::{EventPatterns, KeyError, Webhook, WebhookId, WebhookOrder, WebhookPatch};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    precondition::{IfMatch, read},
    webhooks::{webhook, webhook_id},
};
use crate::{App, body};

/// What to change of a receiver. What is not given stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookChange {
    /// Where events are sent: https, a public address, at most 2,048 characters.
    url: Option<String>,
    /// Which types of events.
    types: Option<EventPatterns>,
    /// In which order.
    order: Option<WebhookOrder>,
    /// Whether events are sent. Switched on again it gets what happens from then on.
    enabled: Option<bool>,
}

/// Change a webhook
///
/// All of it, or nothing. The secret stays as it is.
#[utoipa::path(
    patch,
    path = "/api/v1/webhooks/{id}",
    tag = "Webhooks",
    params(
        ("id" = WebhookId, Path, description = "The webhook."),
        ("If-Match" = Option<String>, Header, description = "Change it only in this version: its `ETag`, or a list of them, or `*`."),
    ),
    request_body(content = WebhookChange, example = json!({"enabled": false})),
    responses(
        (status = 200, description = "The webhook.", body = Webhook, headers(("ETag" = String, description = "Its version."))),
        (status = 422, description = "`invalid_setting`: nothing may be sent to this address."),
    )
)]
pub(crate) async fn change_webhook(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    query::none(&parts.uri)?;
    let id = webhook_id(&parts)?;
    let body = body::json(&parts.headers, body).await?;
    let WebhookChange { url, types, order, enabled } = body::parse(&body)?;
    let patch = WebhookPatch { url, types, order, enabled };
    let version = if_match(&app, &caller, id, &parts.headers).await?;
    app.keydesk.update_webhook(&caller, id, patch, version).await?;
    Ok(webhook(StatusCode::OK, &app.keydesk.webhook(&caller, id).await?))
}

/// Delete a webhook
///
/// With all its deliveries, those that are parked among them.
#[utoipa::path(
    delete,
    path = "/api/v1/webhooks/{id}",
    tag = "Webhooks",
    params(
        ("id" = WebhookId, Path, description = "The webhook."),
        ("If-Match" = Option<String>, Header, description = "Delete it only in this version: its `ETag`, or a list of them, or `*`."),
    ),
    responses((status = 204, description = "It is gone."))
)]
pub(crate) async fn delete_webhook(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    query::none(&parts.uri)?;
    let id = webhook_id(&parts)?;
    let version = if_match(&app, &caller, id, &parts.headers).await?;
    app.keydesk.delete_webhook(&caller, id, version).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn if_match(app: &App, caller: &Caller, id: WebhookId, headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    match read(headers)? {
        IfMatch::Absent | IfMatch::Any => Ok(None),
        IfMatch::Versions(versions) => {
            let current = app.keydesk.webhook(caller, id).await?.version;
            if versions.contains(&current) { Ok(Some(current)) } else { Err(KeyError::VersionMoved { current }.into()) }
        }
    }
}
