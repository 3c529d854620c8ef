use axum::{extract::Request, response::Response};
use domain::{Caller, Idempotency, NewWebhook, WebhookSecret, fingerprint};
use edge::{Problem, query};
use http::{HeaderValue, StatusCode, header};
use model::{Environment, EventPatterns, Webhook, WebhookId, WebhookOrder, WebhookSignature};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{create::REPLAYED, idempotency, webhooks::webhook_id};
use crate::{App, body, respond};

/// A receiver to make.
#[derive(Deserialize, Serialize, ToSchema)]
#[schema(as = NewWebhook)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewWebhookBody {
    /// Where events are sent: https, a public address, at most 2,048 characters.
    #[schema(examples("https://example.com/hooks/keydesk"))]
    url: String,
    /// Which types of events; all when not given.
    types: Option<EventPatterns>,
    /// In which order; `subject` when not given.
    order: Option<WebhookOrder>,
    /// How deliveries are signed; `v1` when not given. Can't be changed later.
    signature: Option<WebhookSignature>,
    /// `test`: it gets events about test keys alone. When not given, that of the caller. Can't be changed later.
    environment: Option<Environment>,
    /// Whether events are sent; true when not given.
    enabled: Option<bool>,
}

impl NewWebhookBody {
    fn into_new(self) -> NewWebhook {
        NewWebhook {
            url: self.url,
            types: self.types.unwrap_or_default(),
            order: self.order.unwrap_or_default(),
            signature: self.signature.unwrap_or_default(),
            environment: self.environment,
            disabled: self.enabled == Some(false),
        }
    }
}

/// A receiver whose secret was just made: the receiver as everyone sees it, and the secret.
#[derive(Serialize, ToSchema)]
#[schema(as = CreatedWebhook)]
pub struct CreatedWebhook<'a> {
    #[serde(flatten)]
    #[schema(value_type = Webhook)]
    shown: &'a Webhook,
    /// With which the signatures of deliveries are checked. It is shown here only. Null where `signature` is `v1a`: there the
    /// `public_key` is what checks.
    #[schema(examples("whsec_..."))]
    secret: Option<&'a str>,
}

impl<'a> From<&'a WebhookSecret> for CreatedWebhook<'a> {
    fn from(made: &'a WebhookSecret) -> Self {
        Self { shown: &made.webhook, secret: made.secret.as_ref().map(|secret| secret.expose()) }
    }
}

/// Create a webhook
///
/// A receiver of events, which gets what happens from now on. The answer carries the secret with which its deliveries are checked.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks",
    tag = "Webhooks",
    params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]{1,255}$", description = "Made up by the caller, for one creation.")),
    request_body(content = NewWebhookBody, example = json!({"url": "https://example.com/hooks/keydesk", "types": ["key.*", "limit.reached"]})),
    responses(
        (status = 201, description = "The webhook, with its secret.", body = CreatedWebhook, headers(
            ("Location" = String, description = "Where the webhook is."),
            ("ETag" = String, description = "Its version."),
            ("Idempotency-Replayed" = String, description = "`true`: this is the answer that the same request got before."),
        )),
        (status = 422, description = "`invalid_setting`: nothing may be sent to this address, or there are 20 webhooks already."),
    )
)]
pub(crate) async fn create_webhook(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    query::none(&parts.uri)?;
    let mark = idempotency::key(&parts.headers)?;
    let body = body::json(&parts.headers, body).await?;
    let body: NewWebhookBody = body::parse(&body)?;
    let fingerprint = fingerprint(&serde_json::to_vec(&body).unwrap_or_default());
    let idempotency = mark.map(|key| Idempotency { key, fingerprint });
    let made = app.keydesk.create_webhook(&caller, body.into_new(), idempotency).await?;
    let mut response = with_secret(StatusCode::CREATED, &made);
    if let Ok(location) = HeaderValue::try_from(format!("/api/v1/webhooks/{}", made.webhook.id)) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// Rotate a webhook's secret
///
/// The answer carries the new one. For a day deliveries are signed with both.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks/{id}/rotate-secret",
    tag = "Webhooks",
    params(
        ("id" = WebhookId, Path, description = "The webhook."),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]{1,255}$", description = "Made up by the caller, for one rotation."),
    ),
    responses(
        (status = 200, description = "The webhook, with its new secret.", body = CreatedWebhook, headers(
            ("ETag" = String, description = "Its version."),
            ("Idempotency-Replayed" = String, description = "`true`: this is the answer that the same request got before."),
        )),
    )
)]
pub(crate) async fn rotate_webhook_secret(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    query::none(&parts.uri)?;
    let id = webhook_id(&parts)?;
    let mark = idempotency::key(&parts.headers)?;
    body::none(body).await?;
    let fingerprint = fingerprint(parts.uri.path().as_bytes());
    let idempotency = mark.map(|key| Idempotency { key, fingerprint });
    Ok(with_secret(StatusCode::OK, &app.keydesk.rotate_webhook_secret(&caller, id, idempotency).await?))
}

fn with_secret(status: StatusCode, made: &WebhookSecret) -> Response {
    let mut response = respond::json(status, &CreatedWebhook::from(made));
    let headers = response.headers_mut();
    headers.insert(header::ETAG, respond::etag(made.webhook.version));
    if made.replayed {
        headers.insert(&REPLAYED, HeaderValue::from_static("true"));
    }
    response
}
