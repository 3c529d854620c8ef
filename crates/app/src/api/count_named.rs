use leptos::prelude::*;
use model::KeyId;

use super::Wire;
use crate::ApiError;

/// How many keys are named so already, `except` one.
#[server(prefix = "/api/_fn", protocol = Wire)]
pub(crate) async fn count_named(client_name: String, except: Option<KeyId>) -> Result<u64, ApiError> {
    let (keydesk, session) = crate::ssr::session::require().await?;
    Ok(keydesk.count_named(&session.caller(), &client_name, except).await?)
}
