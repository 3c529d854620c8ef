use axum::{extract::Request, response::Response};
use domain::Caller;
use edge::Problem;
use model::{Email, Instant, Key, Metadata, NetworkSet, Notes, OriginSet, Preset, ScopeSet};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{key_id, precondition, settings};
use crate::{
    App,
    body::{self, Field, Form},
    respond,
};

/// What to change of a key. A field that is not given stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyChange {
    /// Its new Client Name: 1 to 100 characters, none of them invisible.
    #[schema(examples("Acme CRM"))]
    client_name: Option<String>,
    /// The preset whose rights it gets. `custom` by itself leaves its rights as they are.
    preset: Option<Preset>,
    /// Its rights, instead of the preset's. No right is added that the caller does not hold itself.
    #[schema(value_type = Option<ScopeSet>)]
    scopes: Option<Vec<String>>,
    /// Whether it works. False: every call with it is refused, until it is enabled. To enable a key takes all of its rights.
    enabled: Option<bool>,
    /// From when on it is refused, an instant in the future; null: never.
    #[serde(default, deserialize_with = "settings::given")]
    #[schema(value_type = Option<Instant>)]
    expires_at: Option<Option<Instant>>,
    /// Addresses and networks it may be used from; empty: any.
    allowed_ips: Option<NetworkSet>,
    /// Web origins it may be used from; empty: any.
    allowed_origins: Option<OriginSet>,
    /// Pairs of your own, in place of those that it has: at most 16, and 1024 bytes in all.
    metadata: Option<Metadata>,
    /// Who answers for the key at the client; null: nobody is named.
    #[serde(default, deserialize_with = "settings::given")]
    #[schema(value_type = Option<Email>)]
    owner_email: Option<Option<Email>>,
    /// For those who manage keys: at most 1000 characters; null: none.
    #[serde(default, deserialize_with = "settings::given")]
    #[schema(value_type = Option<Notes>)]
    notes: Option<Option<Notes>>,
}

impl Form<'_> for KeyChange {
    const FIELDS: &'static [Field] = &[
        settings::NEW_CLIENT_NAME,
        settings::PRESET,
        settings::SCOPES,
        settings::ENABLED,
        settings::EXPIRES_AT,
        settings::ALLOWED_IPS,
        settings::ALLOWED_ORIGINS,
        settings::METADATA,
        settings::OWNER_EMAIL,
        settings::NOTES,
    ];
}

/// Change a key
///
/// All of it, or nothing. The secret stays as it is. The Default API Key can't be changed.
#[utoipa::path(
    patch,
    path = "/api/v1/keys/{id}",
    tag = "Keys",
    params(
        ("id" = model::KeyId, Path, description = "The key."),
        ("If-Match" = Option<String>, Header, description = "Change it only in this version: its `ETag`, or a list of them, or `*`."),
    ),
    request_body(content = KeyChange, example = json!({"client_name": "Acme CRM", "allowed_ips": ["203.0.113.0/24"], "expires_at": null})),
    responses(
        (status = 200, description = "The key.", body = Key, headers(("ETag" = String, description = "Its version."))),
        (status = 422, description = "`invalid_client_name`, `unknown_scope` or `invalid_setting`: the expiry is not in the future."),
    )
)]
pub(crate) async fn change_key(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let id = key_id(&parts)?;
    let body = body::json(&parts.headers, body).await?;
    let wanted: KeyChange = body::parse(&body)?;
    let change = domain::KeyChange {
        client_name: wanted.client_name,
        preset: wanted.preset,
        scopes: wanted.scopes.as_deref().map(settings::scopes).transpose()?,
        enabled: wanted.enabled,
        expires_at: wanted.expires_at,
        allowed_ips: wanted.allowed_ips,
        allowed_origins: wanted.allowed_origins,
        metadata: wanted.metadata,
        owner_email: wanted.owner_email,
        notes: wanted.notes,
    };
    let version = precondition::if_match(&app.keydesk, &caller, id, &parts.headers).await?;
    let key = app.keydesk.update(&caller, id, change, version).await?;
    Ok(respond::key(&key))
}
