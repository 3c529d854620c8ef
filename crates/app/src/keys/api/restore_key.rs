use leptos::prelude::*;
use model::KeyId;

use super::super::key_row::KeyRow;
use crate::{ApiError, web::FormOrJson};

/// Brings a deleted key back.
#[server(prefix = "/api/_fn", protocol = FormOrJson)]
pub(crate) async fn restore_key(id: KeyId) -> Result<KeyRow, ApiError> {
    let (keydesk, session) = crate::web::session::require().await?;
    Ok(KeyRow::of(keydesk.restore(&session.caller(), id).await?, keydesk.now()))
}
