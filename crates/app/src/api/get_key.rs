use leptos::prelude::*;
use model::KeyId;

use super::{KeyRow, Wire};
use crate::ApiError;

/// A key as it is now.
#[server(prefix = "/api/_fn", protocol = Wire)]
pub(crate) async fn get_key(id: KeyId) -> Result<KeyRow, ApiError> {
    let (keydesk, session) = crate::ssr::session::require().await?;
    Ok(keydesk.get(&session.caller(), id).await?.into())
}
