use leptos::prelude::*;
use model::Selection;

use super::Wire;
use crate::ApiError;

/// Switches what is selected on or off. Answers how many keys were switched.
#[server(prefix = "/api/_fn", protocol = Wire)]
pub(crate) async fn switch_keys(selection: Selection, enabled: bool) -> Result<u64, ApiError> {
    let (keydesk, session) = crate::ssr::session::require().await?;
    let selection = super::as_of(keydesk.now(), selection);
    Ok(keydesk.set_enabled_selected(&session.caller(), &selection, enabled).await?.changed)
}
