use axum::{extract::Request, response::Response};
use domain::{Caller, Idempotency, Issued, NewKey, fingerprint};
use edge::{Problem, query};
use http::{HeaderValue, StatusCode, header};
use model::Key;
use serde::Serialize;
use utoipa::ToSchema;

use super::{idempotency, settings::NewKeyBody};
use crate::{App, body, respond};

/// A key that was just created: the key as everyone sees it, and its secret.
#[derive(Serialize, ToSchema)]
#[schema(as = CreatedKey)]
pub struct CreatedKey<'a> {
    #[serde(flatten)]
    #[schema(value_type = Key)]
    shown: &'a Key,
    /// The secret. Keep it safe: it opens what the key may open.
    #[schema(examples("ccc_live_..."))]
    key: &'a str,
}

impl<'a> From<&'a Issued> for CreatedKey<'a> {
    fn from(issued: &'a Issued) -> Self {
        Self { shown: &issued.key, key: issued.secret.expose() }
    }
}

/// Create a key
///
/// The answer carries the secret. With an `Idempotency-Key`, sending the same request again within 24 hours gives the same
/// answer and creates nothing.
#[utoipa::path(
    post,
    path = "/api/v1/keys",
    tag = "Keys",
    params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]{1,255}$", description = "Made up by the caller, for one creation.")),
    request_body(content = NewKeyBody, example = json!({"client_name": "Acme CRM", "preset": "crm"})),
    responses(
        (status = 201, description = "The key, with its secret.", body = CreatedKey, headers(
            ("Location" = String, description = "Where the key is."),
            ("ETag" = String, description = "Its version."),
        )),
        (status = 422, description = "`invalid_client_name`, `unknown_scope` or `invalid_setting`: the expiry is not in the future, or there are limits, which can't be set yet."),
    )
)]
pub(crate) async fn create_key(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    query::none(&parts.uri)?;
    let mark = idempotency::key(&parts.headers)?;
    let body = body::json(&parts.headers, body).await?;
    let body: NewKeyBody = body::parse(&body)?;
    let idempotency = mark.map(|key| Idempotency { key, fingerprint: of(&body) });
    let environment = body.environment();
    let new = NewKey { environment, settings: body.patch()?, idempotency };
    let issued = app.keydesk.issue(&caller, new).await?;
    Ok(created(&issued))
}

fn created(issued: &Issued) -> Response {
    let mut response = respond::json(StatusCode::CREATED, &CreatedKey::from(issued));
    let headers = response.headers_mut();
    if let Ok(location) = HeaderValue::try_from(format!("/api/v1/keys/{}", issued.key.id)) {
        headers.insert(header::LOCATION, location);
    }
    headers.insert(header::ETAG, respond::etag(issued.key.version));
    response
}

/// A fingerprint of what was asked, not of how it was written: spaces and the order of fields make no difference.
fn of(body: &NewKeyBody) -> [u8; 32] {
    fingerprint(&serde_json::to_vec(body).unwrap_or_default())
}
