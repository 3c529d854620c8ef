use leptos::prelude::*;
use model::{Deleted, Selection};

use crate::{
    ApiError,
    web::{FormOrJson, Token},
};

/// Deletes the selected keys.
#[server(prefix = "/api/_fn", protocol = FormOrJson)]
pub(crate) async fn delete_keys(selection: Selection, token: Token) -> Result<Deleted, ApiError> {
    let (keydesk, session) = crate::web::session::require().await?;
    let caller = token.caller(&session, &("delete", &selection))?;
    let selection = crate::keys::filter::as_of(keydesk.now(), selection);
    Ok(keydesk.delete_selected(&caller, &selection).await?)
}
