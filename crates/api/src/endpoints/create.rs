use axum::{extract::Request, response::Response};
use domain::{Answered, Caller, Idempotency, Issued, NewKey, fingerprint};
use edge::{Problem, query};
use http::{HeaderName, HeaderValue, StatusCode, header};
use model::{Key, KeyUnavailable};
use serde::Serialize;
use utoipa::ToSchema;

use super::{idempotency, settings::NewKeyBody};
use crate::{App, body, respond};

pub(super) static REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// A key that was just created: the key as everyone sees it, and its secret.
#[derive(Serialize, ToSchema)]
#[schema(as = CreatedKey)]
pub struct CreatedKey<'a> {
    #[serde(flatten)]
    #[schema(value_type = Key)]
    shown: &'a Key,
    /// The secret. Keep it safe: it opens what the key may open. Absent only from an answer that is given again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(examples("ccc_live_..."))]
    key: Option<&'a str>,
    /// Why an answer that is given again has no `key`: the installation shows it once, or it no longer works.
    #[serde(skip_serializing_if = "Option::is_none")]
    key_unavailable: Option<KeyUnavailable>,
}

impl<'a> From<&'a Issued> for CreatedKey<'a> {
    fn from(issued: &'a Issued) -> Self {
        Self { shown: &issued.key, key: Some(issued.secret.expose()), key_unavailable: None }
    }
}

impl<'a> From<&'a Answered> for CreatedKey<'a> {
    fn from(answer: &'a Answered) -> Self {
        let (key, key_unavailable) = match &answer.secret {
            Ok(secret) => (Some(secret.expose()), None),
            Err(reason) => (None, Some(*reason)),
        };
        Self { shown: &answer.key, key, key_unavailable }
    }
}

/// Create a key
///
/// The answer carries the secret. With an `Idempotency-Key`, sending the same request again within 24 hours gives the same
/// answer and creates nothing. Such an answer has `Idempotency-Replayed: true`; its `status` is that of now; and it has
/// `key_unavailable` in place of `key` where the installation shows a secret once, or the secret no longer works.
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
            ("Idempotency-Replayed" = String, description = "`true`: this is the answer that the same request got before."),
        )),
        (status = 422, description = "`invalid_client_name`, `unknown_scope` or `invalid_setting`: the expiry is not in the future, a quota's time zone is not known, or two limits have the same name."),
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
    let new = NewKey { environment, settings: body.patch()? };
    let answer = app.keydesk.issue_once(&caller, new, idempotency).await?;
    let mut response = with_secret(StatusCode::CREATED, &answer);
    if let Ok(location) = HeaderValue::try_from(format!("/api/v1/keys/{}", answer.key.id)) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// A key with its secret, which says whether it repeats an earlier answer.
pub(super) fn with_secret(status: StatusCode, answer: &Answered) -> Response {
    let mut response = respond::json(status, &CreatedKey::from(answer));
    let headers = response.headers_mut();
    headers.insert(header::ETAG, respond::etag(answer.key.version));
    if answer.replayed {
        headers.insert(&REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

/// A fingerprint of what was asked, not of how it was written: spaces and the order of fields make no difference.
fn of(body: &NewKeyBody) -> [u8; 32] {
    fingerprint(&serde_json::to_vec(body).unwrap_or_default())
}
