use axum::{extract::Request, response::Response};
use domain::Caller;
use edge::Problem;
use model::Key;

use super::key_id;
use crate::{App, respond};

/// Get a key
#[utoipa::path(
    get,
    path = "/api/v1/keys/{id}",
    tag = "Keys",
    params(("id" = model::KeyId, Path, description = "The key.")),
    responses((status = 200, description = "The key.", body = Key, headers(("ETag" = String, description = "Its version."))))
)]
pub(crate) async fn get_key(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let key = app.keydesk.get(&caller, key_id(&parts)?).await?;
    Ok(respond::key(&key))
}
