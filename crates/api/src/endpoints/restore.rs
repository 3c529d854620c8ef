use axum::{extract::Request, response::Response};
use domain::Caller;
use edge::Problem;
use model::Key;

use super::key_id;
use crate::{App, body, respond};

/// Restore a deleted key
///
/// Within 30 days of its deletion. Its secret works again.
#[utoipa::path(
    post,
    path = "/api/v1/keys/{id}/restore",
    tag = "Keys",
    params(("id" = model::KeyId, Path, description = "The key.")),
    responses(
        (status = 200, description = "The key.", body = Key, headers(("ETag" = String, description = "Its version."))),
        (status = 409, description = "`not_deleted`: there is nothing to restore."),
    )
)]
pub(crate) async fn restore_key(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let id = key_id(&parts)?;
    body::none(body).await?;
    let key = app.keydesk.restore(&caller, id).await?;
    Ok(respond::key(&key))
}
