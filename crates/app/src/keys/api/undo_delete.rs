use leptos::prelude::*;

use crate::{
    ApiError,
    web::{FormOrJson, Token},
};

/// Takes a deletion back, by the changes that made it. Answers how many keys are back.
#[server(prefix = "/api/_fn", protocol = FormOrJson)]
pub(crate) async fn undo_delete(changes: Vec<i64>, token: Token) -> Result<u64, ApiError> {
    let (keydesk, session) = crate::web::session::require().await?;
    let caller = token.caller(&session, &("undo", &changes))?;
    Ok(keydesk.undo_delete(&caller, &changes).await?)
}
