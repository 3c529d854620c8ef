use leptos::{prelude::*, server_fn::codec::Json};
use model::KeyId;

use crate::ApiError;

/// A key's secret in plain. The audit log has it before the answer does.
#[server(prefix = "/api/_fn", input = Json)]
pub(crate) async fn reveal_key(id: KeyId) -> Result<String, ApiError> {
    let (keydesk, session) = crate::ssr::session::require().await?;
    Ok(keydesk.reveal(&session.caller(), id).await?.expose().to_owned())
}
