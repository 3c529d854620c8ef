use axum::{extract::Request, response::Response};
use domain::{Caller, Idempotency, fingerprint};
use edge::Problem;
use http::StatusCode;
use model::{Key, Overlap, SecretInfo};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    create::{CreatedKey, with_secret},
    idempotency, key_id, precondition,
};
use crate::{App, body, respond};

/// How to rotate a key.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rotation {
    /// For how long the old secret works beside the new one, at most 30 days. 0: it ends now.
    overlap_seconds: Overlap,
}

/// Rotate a key
///
/// It gets a new secret, and the old one works until the overlap ends. A secret that was ending already ends now. The
/// caller must hold every scope of the key. The Default API Key is rotated by owners and the operator only. With an
/// `Idempotency-Key`, sending the same request again within 24 hours gives the same answer and rotates nothing, as for the
/// creation of a key.
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
        (status = 200, description = "The key, with its new secret.", body = CreatedKey, headers(
            ("ETag" = String, description = "Its version."),
            ("Idempotency-Replayed" = String, description = "`true`: this is the answer that the same request got before."),
        )),
    )
)]
pub(crate) async fn rotate_key(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let id = key_id(&parts)?;
    let mark = idempotency::key(&parts.headers)?;
    let body = body::json(&parts.headers, body).await?;
    let Rotation { overlap_seconds } = body::parse(&body)?;
    let version = precondition::if_match(&app.keydesk, &caller, id, &parts.headers).await?;
    let asked = format!("rotate {id} {}", overlap_seconds.seconds());
    let idempotency = mark.map(|key| Idempotency { key, fingerprint: fingerprint(asked.as_bytes()) });
    let answer = app.keydesk.rotate_once(&caller, id, overlap_seconds, version, idempotency).await?;
    Ok(with_secret(StatusCode::OK, &answer))
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
    )
)]
pub(crate) async fn end_overlap(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let id = key_id(&parts)?;
    body::none(body).await?;
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
/// What may be shown of each, and when it was last used: the newest, the one that it replaces, and those that ended
/// within the last 30 days.
#[utoipa::path(
    get,
    path = "/api/v1/keys/{id}/secrets",
    tag = "Keys",
    params(("id" = model::KeyId, Path, description = "The key.")),
    responses((status = 200, description = "Its secrets, masked.", body = SecretList))
)]
pub(crate) async fn list_secrets(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let items = app.keydesk.secrets(&caller, key_id(&parts)?).await?;
    Ok(respond::json(StatusCode::OK, &SecretList { items }))
}
