use leptos::{prelude::*, server_fn::codec::Json};
use model::{Deleted, Selection};

use crate::ApiError;

/// Deletes what is selected.
#[server(prefix = "/api/_fn", input = Json)]
pub(crate) async fn delete_keys(selection: Selection) -> Result<Deleted, ApiError> {
    let (keydesk, session) = crate::ssr::session::require().await?;
    Ok(keydesk.delete_selected(&session.caller(), &selection).await?)
}
