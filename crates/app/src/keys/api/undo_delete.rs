use leptos::prelude::*;

use crate::{ApiError, web::FormOrJson};

/// Takes a deletion back, by the changes that made it. Answers how many keys are back.
#[server(prefix = "/api/_fn", protocol = FormOrJson)]
pub(crate) async fn undo_delete(changes: Vec<i64>) -> Result<u64, ApiError> {
    let (keydesk, session) = crate::web::session::require().await?;
    Ok(keydesk.undo_delete(&session.caller(), &changes).await?)
}
