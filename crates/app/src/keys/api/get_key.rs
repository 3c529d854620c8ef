use leptos::prelude::*;
use model::KeyId;

use super::super::key_row::KeyRow;
use crate::{ApiError, web::FormOrJson};

/// A key as it is now.
#[server(prefix = "/api/_fn", protocol = FormOrJson)]
pub(crate) async fn get_key(id: KeyId) -> Result<KeyRow, ApiError> {
    let (keydesk, session) = crate::web::session::require().await?;
    Ok(KeyRow::of(keydesk.get(&session.caller(), id).await?, keydesk.now()))
}
