use leptos::{prelude::*, server_fn::codec::Json};
use model::KeyId;

use super::KeyRow;
use crate::ApiError;

/// Gives a key another Client Name, unless somebody has changed it since `version`.
#[server(prefix = "/api/_fn", input = Json)]
pub(crate) async fn rename_key(id: KeyId, client_name: String, version: i64) -> Result<KeyRow, ApiError> {
    let (keydesk, session) = crate::ssr::session::require().await?;
    Ok(keydesk.update(&session.caller(), id, domain::KeyChange::name(client_name), Some(version)).await?.into())
}
