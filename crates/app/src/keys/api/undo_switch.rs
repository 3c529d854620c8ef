use leptos::prelude::*;

use crate::{ApiError, web::FormOrJson};

/// Takes back that keys were switched on (`enabled`) or off, by the changes that switched them. Answers how many keys are as
/// they were.
#[server(prefix = "/api/_fn", protocol = FormOrJson)]
pub(crate) async fn undo_switch(changes: Vec<i64>, enabled: bool) -> Result<u64, ApiError> {
    let (keydesk, session) = crate::web::session::require().await?;
    Ok(keydesk.undo_switch(&session.caller(), &changes, enabled).await?)
}
