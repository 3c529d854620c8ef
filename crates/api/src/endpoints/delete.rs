use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use domain::Caller;
use edge::Problem;
use http::StatusCode;

use super::{key_id, precondition};
use crate::App;

/// Delete a key
///
/// From then on it is refused. It can be restored for 30 days. The Default API Key can't be deleted.
#[utoipa::path(
    delete,
    path = "/api/v1/keys/{id}",
    tag = "Keys",
    params(
        ("id" = model::KeyId, Path, description = "The key."),
        ("If-Match" = Option<String>, Header, description = "Delete it only in this version: its `ETag`, or a list of them, or `*`."),
    ),
    responses(
        (status = 204, description = "Deleted."),
    )
)]
pub(crate) async fn delete_key(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let id = key_id(&parts)?;
    let version = precondition::if_match(&app.keydesk, &caller, id, &parts.headers).await?;
    app.keydesk.delete(&caller, id, version).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
