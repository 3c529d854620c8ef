use leptos::prelude::*;
use model::KeyId;

use crate::{
    ApiError,
    web::{FormOrJson, Token},
};

/// A key's secret in plain. The audit log has it before the answer does, and once for each token.
#[server(prefix = "/api/_fn", protocol = FormOrJson)]
pub(crate) async fn reveal_key(id: KeyId, token: Token) -> Result<String, ApiError> {
    let (keydesk, session) = crate::web::session::require().await?;
    let caller = token.caller(&session, &("reveal", id))?;
    Ok(keydesk.reveal(&caller, id).await?.expose().to_owned())
}
