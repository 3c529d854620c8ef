use leptos::prelude::*;
use model::KeyId;

use super::{KeyRow, Wire};
use crate::ApiError;

/// Gives a key another Client Name, unless somebody has changed it since `version`.
#[server(prefix = "/api/_fn", protocol = Wire)]
pub(crate) async fn rename_key(id: KeyId, client_name: String, version: i64) -> Result<KeyRow, ApiError> {
    let (keydesk, session) = crate::ssr::session::require().await?;
    Ok(keydesk.update(&session.caller(), id, domain::KeyChange::name(client_name), Some(version)).await?.into())
}
