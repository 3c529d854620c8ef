use axum::{extract::Request, response::Response};
use domain::{Caller, Idempotency, Issued, NewKey, fingerprint};
use edge::{Problem, query};
use http::{HeaderValue, StatusCode, header};
use model::{Email, Environment, Instant, Key, Metadata, NetworkSet, Notes, OriginSet, Preset, ScopeSet};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{idempotency, settings};
use crate::{
    App,
    body::{self, Field, Form},
    respond,
};

/// A key to create.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewKeyBody {
    /// Whom the key is generated for: 1 to 100 characters, none of them invisible.
    #[schema(examples("Acme CRM"))]
    client_name: String,
    /// The preset whose rights it gets.
    preset: Option<Preset>,
    /// Its rights, instead of the preset's. No right that the caller does not hold itself.
    #[schema(value_type = Option<ScopeSet>)]
    scopes: Option<Vec<String>>,
    /// Which data it reaches; `live` when not given. Can't be changed later.
    environment: Option<Environment>,
    /// Whether it works at once, which it does when this is not given. False: not before it is enabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    enabled: Option<bool>,
    /// From when on it is refused, an instant in the future; never when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Instant>,
    /// Addresses and networks it may be used from; any when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_ips: Option<NetworkSet>,
    /// Web origins it may be used from; any when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_origins: Option<OriginSet>,
    /// Pairs of your own: at most 16, and 1024 bytes in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
    /// Who answers for the key at the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner_email: Option<Email>,
    /// For those who manage keys: at most 1000 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<Notes>,
}

impl Form<'_> for NewKeyBody {
    const FIELDS: &'static [Field] = &[
        settings::CLIENT_NAME,
        settings::PRESET,
        settings::SCOPES,
        settings::ENVIRONMENT,
        settings::ENABLED,
        settings::EXPIRES_AT,
        settings::ALLOWED_IPS,
        settings::ALLOWED_ORIGINS,
        settings::METADATA,
        settings::OWNER_EMAIL,
        settings::NOTES,
    ];
}

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
        (status = 422, description = "`invalid_client_name`, `unknown_scope` or `invalid_setting`: the expiry is not in the future."),
    )
)]
pub(crate) async fn create_key(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    query::none(&parts.uri)?;
    let mark = idempotency::key(&parts.headers)?;
    let body = body::json(&parts.headers, body).await?;
    let body: NewKeyBody = body::parse(&body)?;
    let idempotency = mark.map(|key| Idempotency { key, fingerprint: of(&body) });
    let new = NewKey {
        scopes: body.scopes.as_deref().map(settings::scopes).transpose()?,
        client_name: body.client_name,
        preset: body.preset,
        environment: body.environment.unwrap_or_default(),
        enabled: body.enabled,
        expires_at: body.expires_at,
        allowed_ips: body.allowed_ips.unwrap_or_default(),
        allowed_origins: body.allowed_origins.unwrap_or_default(),
        metadata: body.metadata.unwrap_or_default(),
        owner_email: body.owner_email,
        notes: body.notes,
        idempotency,
    };
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

/// What was asked, not how it was written: spaces and the order of fields make no other request.
fn of(body: &NewKeyBody) -> [u8; 32] {
    fingerprint(&serde_json::to_vec(body).unwrap_or_default())
}
