use leptos::prelude::*;
use model::KeyId;

use super::super::key_row::KeyRow;
use crate::{
    ApiError,
    web::{FormOrJson, Token},
};

/// Brings a deleted key back.
#[server(prefix = "/api/_fn", protocol = FormOrJson)]
pub(crate) async fn restore_key(id: KeyId, token: Token) -> Result<KeyRow, ApiError> {
    let (keydesk, session) = crate::web::session::require().await?;
    let caller = token.caller(&session, &("restore", id))?;
    Ok(KeyRow::of(keydesk.restore(&caller, id).await?, keydesk.now()))
}
