use axum::{
    extract::{Request, State},
    response::Response,
};
use domain::{Idempotency, OVERLAP_MAX_SECONDS, fingerprint};
use edge::{FieldError, Problem};
use http::{StatusCode, header};
use model::{Key, SecretInfo};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{create::CreatedKey, idempotency, key_id, precondition};
use crate::{
    App, auth,
    body::{self, Field, Form, Shape},
    respond,
};

/// How to rotate a key.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rotation {
    /// For how long the old secret works beside the new one, at most 30 days. 0: it ends now.
    #[schema(minimum = 0, maximum = 2_592_000)]
    overlap_seconds: u32,
}

impl Form<'_> for Rotation {
    const FIELDS: &'static [Field] = &[Field::required(
        "overlap_seconds",
        Shape::Plain {
            holds: |value| value.as_u64().is_some_and(|seconds| seconds <= u64::from(OVERLAP_MAX_SECONDS)),
            message: "must be a whole number from 0 to 2592000",
        },
    )];
}

/// Rotate a key
///
/// It gets a new secret, and the old one works until the overlap ends. A secret that was ending already ends now. The Default
/// API Key can be rotated, too. The caller must hold every right of the key, or `keys:reveal`. With an `Idempotency-Key`, sending
/// the same request again within 24 hours gives the same answer and rotates nothing.
#[utoipa::path(
    post,
    path = "/api/v1/keys/{id}/rotate",
    tag = "Keys",
    params(
        ("id" = model::KeyId, Path, description = "The key."),
        ("If-Match" = Option<String>, Header, description = "Rotate it only in this version: its `ETag`, or a list of them, or `*`."),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]{1,255}$", description = "Made up by the caller, for one rotation."),
    ),
    request_body(content = Rotation, example = json!({"overlap_seconds": 86400})),
    responses(
        (status = 200, description = "The key, with its new secret.", body = CreatedKey, headers(("ETag" = String, description = "Its version."))),
        (status = 409, description = "`idempotency_mismatch`: the Idempotency-Key was used for another request."),
        (status = 412, description = "`version_moved`: the key has been changed since."),
        (status = 422, description = "`invalid_setting`: the overlap is too long."),
    ),
    extensions(("x-scope" = json!("keys:write")))
)]
pub(crate) async fn rotate_key(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let caller = auth::manager(&app.keydesk, &parts, &auth::WRITE).await?;
    let id = key_id(&parts)?;
    let mark = idempotency::key(&parts.headers)?;
    let body = body::json(&parts.headers, body).await?;
    let Rotation { overlap_seconds } = body::parse(&body)?;
    if overlap_seconds > OVERLAP_MAX_SECONDS {
        return Err(Problem::invalid("The body does not have the documented form.").errors(vec![FieldError {
            field: "overlap_seconds".to_owned(),
            message: "must be a whole number from 0 to 2592000".to_owned(),
        }]));
    }
    let version = precondition::if_match(&app.keydesk, &caller, id, &parts.headers).await?;
    let asked = format!("rotate {id} {overlap_seconds}");
    let idempotency = mark.map(|key| Idempotency { key, fingerprint: fingerprint(asked.as_bytes()) });
    let issued = app.keydesk.rotate_once(&caller, id, overlap_seconds, version, idempotency).await?;
    let mut response = respond::json(StatusCode::OK, &CreatedKey::from(&issued));
    response.headers_mut().insert(header::ETAG, respond::etag(issued.key.version));
    Ok(response)
}

/// End a key's old secret
///
/// Before the overlap of a rotation is over. Without an old secret that works nothing changes.
#[utoipa::path(
    post,
    path = "/api/v1/keys/{id}/end-overlap",
    tag = "Keys",
    params(
        ("id" = model::KeyId, Path, description = "The key."),
        ("If-Match" = Option<String>, Header, description = "Only in this version of the key: its `ETag`, or a list of them, or `*`."),
    ),
    responses(
        (status = 200, description = "The key.", body = Key, headers(("ETag" = String, description = "Its version."))),
        (status = 412, description = "`version_moved`: the key has been changed since."),
    ),
    extensions(("x-scope" = json!("keys:write")))
)]
pub(crate) async fn end_overlap(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let caller = auth::manager(&app.keydesk, &parts, &auth::WRITE).await?;
    let id = key_id(&parts)?;
    let version = precondition::if_match(&app.keydesk, &caller, id, &parts.headers).await?;
    let key = app.keydesk.end_overlap(&caller, id, version).await?;
    Ok(respond::key(&key))
}

/// The secrets of a key.
#[derive(Serialize, ToSchema)]
pub(crate) struct SecretList {
    /// The newest first.
    items: Vec<SecretInfo>,
}

/// List a key's secrets
///
/// What may be shown of each, and when it was last used: the newest, the one that it takes the place of, and those that ended
/// within the last 30 days.
#[utoipa::path(
    get,
    path = "/api/v1/keys/{id}/secrets",
    tag = "Keys",
    params(("id" = model::KeyId, Path, description = "The key.")),
    responses((status = 200, description = "Its secrets, masked.", body = SecretList)),
    extensions(("x-scope" = json!("keys:read")))
)]
pub(crate) async fn list_secrets(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let caller = auth::manager(&app.keydesk, &parts, &auth::READ).await?;
    let items = app.keydesk.secrets(&caller, key_id(&parts)?).await?;
    Ok(respond::json(StatusCode::OK, &SecretList { items }))
}
