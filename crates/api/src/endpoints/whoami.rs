use std::sync::Arc;

use axum::{extract::Request, response::Response};
use edge::{Problem, query};
use http::StatusCode;
use model::{Key, KeyError};
use serde::Serialize;
use utoipa::ToSchema;
use verify::Record;

use crate::{App, respond};

/// The calling key, and where it belongs.
#[derive(Serialize, ToSchema)]
pub(crate) struct CallingKey {
    #[serde(flatten)]
    key: Key,
    /// The name of the installation that it belongs to.
    installation: String,
}

/// Get the calling key
///
/// The calling key, with its scopes and limits. Any valid key may ask.
#[utoipa::path(
    get,
    path = "/api/v1/whoami",
    tag = "Verification",
    responses((status = 200, description = "The calling key.", body = CallingKey))
)]
pub(crate) async fn whoami(app: App, caller: Arc<Record>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    query::none(&parts.uri)?;
    let key = app.keydesk.whoami(&caller).await?;
    let installation = app.keydesk.installation_name(caller.installation()).ok_or(KeyError::NoInstallation)?;
    Ok(respond::json(StatusCode::OK, &CallingKey { key, installation }))
}
