use std::sync::Arc;

use axum::{extract::Request, response::Response};
use edge::{Problem, query};
use http::StatusCode;
use model::Key;
use verify::Record;

use crate::{App, respond};

/// Get the calling key
///
/// The calling key, with its scopes and limits. Any valid key may ask.
#[utoipa::path(
    get,
    path = "/api/v1/whoami",
    tag = "Verification",
    responses((status = 200, description = "The calling key.", body = Key))
)]
pub(crate) async fn whoami(app: App, caller: Arc<Record>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    query::none(&parts.uri)?;
    let key = app.keydesk.whoami(&caller).await?;
    Ok(respond::json(StatusCode::OK, &key))
}
