use leptos::prelude::*;

use crate::{
    ApiError,
    web::{FormOrJson, Token},
};

/// Takes back that keys were switched on (`enabled`) or off, by the changes that switched them. Answers how many keys are as
/// they were.
#[server(prefix = "/api/_fn", protocol = FormOrJson)]
pub(crate) async fn undo_switch(changes: Vec<i64>, enabled: bool, token: Token) -> Result<u64, ApiError> {
    let (keydesk, session) = crate::web::session::require().await?;
    let caller = token.caller(&session, &("undo_switch", &changes, enabled))?;
    Ok(keydesk.undo_switch(&caller, &changes, enabled).await?)
}
