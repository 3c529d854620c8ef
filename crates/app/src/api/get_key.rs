use leptos::{prelude::*, server_fn::codec::Json};
use model::KeyId;

use super::KeyRow;
use crate::ApiError;

/// A key as it is now.
#[server(prefix = "/api/_fn", input = Json)]
pub(crate) async fn get_key(id: KeyId) -> Result<KeyRow, ApiError> {
    let (keydesk, session) = crate::ssr::session::require().await?;
    Ok(KeyRow::of(keydesk.get(&session.caller(), id).await?, keydesk.now()))
}
