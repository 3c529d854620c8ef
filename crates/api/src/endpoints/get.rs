use axum::{
    extract::{Request, State},
    response::Response,
};
use edge::Problem;
use model::Key;

use super::key_id;
use crate::{App, auth, respond};

/// Get a key
#[utoipa::path(
    get,
    path = "/api/v1/keys/{id}",
    tag = "Keys",
    params(("id" = model::KeyId, Path, description = "The key.")),
    responses((status = 200, description = "The key.", body = Key, headers(("ETag" = String, description = "Its version.")))),
    extensions(("x-scope" = json!("keys:read")))
)]
pub(crate) async fn get_key(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let caller = auth::manager(&app.keydesk, &parts, &auth::READ).await?;
    let key = app.keydesk.get(&caller, key_id(&parts)?).await?;
    Ok(respond::key(&key))
}
