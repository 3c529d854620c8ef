use axum::{extract::Request, response::Response};
use domain::Caller;
use edge::{Problem, query};
use http::{StatusCode, header, request::Parts};
use model::{KeyError, Webhook, WebhookId};
use serde::Serialize;
use utoipa::ToSchema;

use super::uuid_text;
use crate::{App, respond};

/// The receivers of an installation.
#[derive(Serialize, ToSchema)]
pub struct WebhookList {
    /// The oldest first, 20 at most.
    pub items: Vec<Webhook>,
}

/// List webhooks
///
/// The receivers of events, each with how its deliveries go. For a test key there are those of test events alone.
#[utoipa::path(
    get,
    path = "/api/v1/webhooks",
    tag = "Webhooks",
    responses((status = 200, description = "The receivers.", body = WebhookList))
)]
pub(crate) async fn list_webhooks(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    query::none(request.uri())?;
    let items = app.keydesk.webhooks(&caller).await?;
    Ok(respond::json(StatusCode::OK, &WebhookList { items }))
}

/// Read a webhook
#[utoipa::path(
    get,
    path = "/api/v1/webhooks/{id}",
    tag = "Webhooks",
    params(("id" = WebhookId, Path, description = "The webhook.")),
    responses((status = 200, description = "The webhook.", body = Webhook, headers(("ETag" = String, description = "Its version."))))
)]
pub(crate) async fn get_webhook(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    query::none(&parts.uri)?;
    Ok(webhook(StatusCode::OK, &app.keydesk.webhook(&caller, webhook_id(&parts)?).await?))
}

/// A receiver, with the `ETag` that `If-Match` takes.
pub(super) fn webhook(status: StatusCode, webhook: &Webhook) -> Response {
    let mut response = respond::json(status, webhook);
    response.headers_mut().insert(header::ETAG, respond::etag(webhook.version));
    response
}

/// The receiver that a path below `/api/v1/webhooks/` names. A text that is no id is not found.
pub(super) fn webhook_id(parts: &Parts) -> Result<WebhookId, Problem> {
    let named = parts.uri.path().strip_prefix("/api/v1/webhooks/").and_then(|rest| rest.split('/').next());
    let id = named.and_then(uuid_text).ok_or(KeyError::NotFound)?;
    Ok(WebhookId(id.0))
}
