use axum::{extract::Request, response::Response};
use domain::Caller;
use edge::Problem;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::key_id;
use crate::{App, body, respond};

/// The secret of a key.
#[derive(Serialize, ToSchema)]
pub(crate) struct Revealed<'a> {
    /// The secret. Keep it safe: it opens what the key may open.
    #[schema(examples("ccc_live_..."))]
    key: &'a str,
}

/// Reveal a key's secret
///
/// The caller must hold every scope of the key. The audit log names the caller before the secret is sent.
#[utoipa::path(
    post,
    path = "/api/v1/keys/{id}/reveal",
    tag = "Keys",
    params(("id" = model::KeyId, Path, description = "The key.")),
    responses(
        (status = 200, description = "The secret.", body = Revealed),
        (status = 409, description = "`not_recoverable`: the installation keeps no copies of secrets."),
    )
)]
pub(crate) async fn reveal_key(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let id = key_id(&parts)?;
    body::none(body).await?;
    let secret = app.keydesk.reveal(&caller, id).await?;
    Ok(respond::json(StatusCode::OK, &Revealed { key: secret.expose() }))
}
