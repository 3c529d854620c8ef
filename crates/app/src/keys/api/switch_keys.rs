use leptos::prelude::*;
use model::{Selection, Switched};

use crate::{
    ApiError,
    web::{FormOrJson, Token},
};

/// Switches the selected keys on or off.
#[server(prefix = "/api/_fn", protocol = FormOrJson)]
pub(crate) async fn switch_keys(selection: Selection, enabled: bool, token: Token) -> Result<Switched, ApiError> {
    let (keydesk, session) = crate::web::session::require().await?;
    let caller = token.caller(&session, &("switch", &selection, enabled))?;
    let selection = crate::keys::filter::as_of(keydesk.now(), selection);
    Ok(keydesk.set_enabled_selected(&caller, &selection, enabled).await?)
}
