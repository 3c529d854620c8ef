use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use domain::{Caller, NewHandoverLink};
use edge::Problem;
use http::StatusCode;
use model::{Handover, HandoverId, KeyError};
use serde::Serialize;
use utoipa::ToSchema;

use super::{key_id, uuid_text};
use crate::{App, body, respond};

/// A hand-over that was just made: as everyone sees it, and where it is opened.
#[derive(Serialize, ToSchema)]
#[schema(as = NewHandover)]
pub struct NewHandover<'a> {
    #[serde(flatten)]
    #[schema(value_type = Handover)]
    shown: &'a Handover,
    /// Whoever has it sees the secret, once. It is shown here only.
    #[schema(value_type = String)]
    token: &'a str,
    /// The link, on the address under which people open Keydesk. The token stands behind `#`, where browsers keep it to
    /// themselves.
    #[schema(examples("/handover#..."))]
    path: String,
}

impl<'a> From<&'a NewHandoverLink> for NewHandover<'a> {
    fn from(made: &'a NewHandoverLink) -> Self {
        let token = made.token.expose();
        Self { shown: &made.handover, token, path: path(token) }
    }
}

/// Where a link leads.
pub fn path(token: &str) -> String {
    format!("/handover#{token}")
}

/// Hand a key over
///
/// Makes a link that shows the secret to whoever opens it: once, within 7 days, and without an account. Rotating or deleting
/// the key withdraws it. The caller must hold every scope of the key.
#[utoipa::path(
    post,
    path = "/api/v1/keys/{id}/handover",
    tag = "Keys",
    params(("id" = model::KeyId, Path, description = "The key.")),
    responses(
        (status = 201, description = "The link.", body = NewHandover),
        (status = 409, description = "`not_recoverable`: the installation keeps no copies of secrets."),
    )
)]
pub(crate) async fn hand_over_key(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let id = key_id(&parts)?;
    body::none(body).await?;
    let made = app.keydesk.create_handover(&caller, id).await?;
    Ok(respond::json(StatusCode::CREATED, &NewHandover::from(&made)))
}

/// The hand-overs of a key.
#[derive(Serialize, ToSchema)]
pub(crate) struct HandoverList {
    /// The newest first, 50 at most.
    items: Vec<Handover>,
}

/// List a key's hand-overs
///
/// Whether each was opened.
#[utoipa::path(
    get,
    path = "/api/v1/keys/{id}/handover",
    tag = "Keys",
    params(("id" = model::KeyId, Path, description = "The key.")),
    responses((status = 200, description = "Its hand-overs.", body = HandoverList))
)]
pub(crate) async fn list_handovers(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let items = app.keydesk.handovers(&caller, key_id(&parts)?).await?;
    Ok(respond::json(StatusCode::OK, &HandoverList { items }))
}

/// Withdraw a hand-over link
///
/// It can't be opened any more, and the key stays as it is.
#[utoipa::path(
    delete,
    path = "/api/v1/keys/{id}/handover/{handover}",
    tag = "Keys",
    params(
        ("id" = model::KeyId, Path, description = "The key."),
        ("handover" = HandoverId, Path, description = "The hand-over."),
    ),
    responses(
        (status = 204, description = "The link is withdrawn."),
        (status = 410, description = "`handover_over`: it was opened, has expired or was withdrawn before."),
    )
)]
pub(crate) async fn withdraw_handover(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let id = key_id(&parts)?;
    let named = parts.uri.path().rsplit('/').next().and_then(uuid_text);
    let handover = named.map(|id| HandoverId(id.0)).ok_or(KeyError::NotFound)?;
    app.keydesk.withdraw_handover(&caller, id, handover).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
