use leptos::prelude::*;
use model::KeyId;

use crate::{ApiError, web::FormOrJson};

/// A key's secret in plain. The audit log has it before the answer does.
#[server(prefix = "/api/_fn", protocol = FormOrJson)]
pub(crate) async fn reveal_key(id: KeyId) -> Result<String, ApiError> {
    let (keydesk, session) = crate::web::session::require().await?;
    Ok(keydesk.reveal(&session.caller(), id).await?.expose().to_owned())
}
