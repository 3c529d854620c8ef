use leptos::prelude::*;
use model::KeyId;

use super::{KeyRow, Wire};
use crate::ApiError;

/// Brings a deleted key back.
#[server(prefix = "/api/_fn", protocol = Wire)]
pub(crate) async fn restore_key(id: KeyId) -> Result<KeyRow, ApiError> {
    let (keydesk, session) = crate::ssr::session::require().await?;
    Ok(keydesk.restore(&session.caller(), id).await?.into())
}
