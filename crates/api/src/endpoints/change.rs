use axum::{extract::Request, response::Response};
use domain::Caller;
use edge::Problem;
use model::Key;

use super::{key_id, precondition, settings::KeyChange};
use crate::{App, body, respond};

/// Change a key
///
/// All of it, or nothing. The secret stays as it is. The Default API Key can't be changed.
#[utoipa::path(
    patch,
    path = "/api/v1/keys/{id}",
    tag = "Keys",
    params(
        ("id" = model::KeyId, Path, description = "The key."),
        ("If-Match" = Option<String>, Header, description = "Change it only in this version: its `ETag`, or a list of them, or `*`."),
    ),
    request_body(content = KeyChange, example = json!({"client_name": "Acme CRM", "allowed_ips": ["203.0.113.0/24"], "expires_at": null})),
    responses(
        (status = 200, description = "The key.", body = Key, headers(("ETag" = String, description = "Its version."))),
        (status = 422, description = "`invalid_client_name`, `unknown_scope` or `invalid_setting`: the expiry is not in the future, a quota's time zone is not known, or two limits have the same name."),
    )
)]
pub(crate) async fn change_key(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let id = key_id(&parts)?;
    let body = body::json(&parts.headers, body).await?;
    let wanted: KeyChange = body::parse(&body)?;
    let patch = wanted.patch()?;
    let version = precondition::if_match(&app.keydesk, &caller, id, &parts.headers).await?;
    let key = app.keydesk.update(&caller, id, patch, version).await?;
    Ok(respond::key(&key))
}
