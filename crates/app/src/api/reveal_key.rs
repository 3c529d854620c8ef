use leptos::prelude::*;
use model::KeyId;

use super::Wire;
use crate::ApiError;

/// A key's secret in plain. The audit log has it before the answer does.
#[server(prefix = "/api/_fn", protocol = Wire)]
pub(crate) async fn reveal_key(id: KeyId) -> Result<String, ApiError> {
    let (keydesk, session) = crate::ssr::session::require().await?;
    Ok(keydesk.reveal(&session.caller(), id).await?.expose().to_owned())
}
