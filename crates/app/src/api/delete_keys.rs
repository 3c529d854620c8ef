use leptos::prelude::*;
use model::{Deleted, Selection};

use super::Wire;
use crate::ApiError;

/// Deletes what is selected.
#[server(prefix = "/api/_fn", protocol = Wire)]
pub(crate) async fn delete_keys(selection: Selection) -> Result<Deleted, ApiError> {
    let (keydesk, session) = crate::ssr::session::require().await?;
    let selection = super::as_of(keydesk.now(), selection);
    Ok(keydesk.delete_selected(&session.caller(), &selection).await?)
}
