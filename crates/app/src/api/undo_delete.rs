use leptos::prelude::*;

use super::Wire;
use crate::ApiError;

/// Takes a deletion back, by the changes that made it. Answers how many keys are there again.
#[server(prefix = "/api/_fn", protocol = Wire)]
pub(crate) async fn undo_delete(changes: Vec<i64>) -> Result<u64, ApiError> {
    let (keydesk, session) = crate::ssr::session::require().await?;
    Ok(keydesk.undo_delete(&session.caller(), &changes).await?)
}
