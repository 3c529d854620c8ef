use axum::{
    extract::{Request, State},
    response::Response,
};
use model::Key;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{key_id, precondition};
use crate::{
    app_state::App,
    auth,
    body::{self, Field, Form, TEXT},
    problem::Problem,
    respond,
};

/// What to change of a key.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyChange {
    /// Its new Client Name: 1 to 100 characters, none of them invisible.
    #[schema(examples("Acme CRM"))]
    client_name: String,
}

impl Form<'_> for KeyChange {
    const FIELDS: &'static [Field] = &[Field::required("client_name", TEXT)];
}

/// Change a key
///
/// The secret stays as it is. The Default API Key can't be changed.
#[utoipa::path(
    patch,
    path = "/api/v1/keys/{id}",
    tag = "Keys",
    params(
        ("id" = model::KeyId, Path, description = "The key."),
        ("If-Match" = Option<String>, Header, description = "Change it only in this version: its `ETag`, or a list of them, or `*`."),
    ),
    request_body(content = KeyChange, example = json!({"client_name": "Acme CRM"})),
    responses(
        (status = 200, description = "The key.", body = Key, headers(("ETag" = String, description = "Its version."))),
        (status = 412, description = "`version_moved`: the key has been changed since."),
        (status = 422, description = "`invalid_client_name`."),
    ),
    extensions(("x-scope" = json!("keys:write")))
)]
pub(crate) async fn change_key(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let caller = auth::manager(&app.keydesk, &parts, &auth::WRITE).await?;
    let id = key_id(&parts)?;
    let body = body::json(&parts.headers, body).await?;
    let change: KeyChange = body::parse(&body)?;
    let version = precondition::if_match(&app.keydesk, &caller, id, &parts.headers).await?;
    let key = app.keydesk.update(&caller, id, domain::KeyChange::name(change.client_name), version).await?;
    Ok(respond::key(&key))
}
