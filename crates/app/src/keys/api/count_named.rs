use leptos::prelude::*;
use model::KeyId;

use crate::{ApiError, web::FormOrJson};

/// How many keys have this Client Name already, not counting the key `except`.
#[server(prefix = "/api/_fn", protocol = FormOrJson)]
pub(crate) async fn count_named(client_name: String, except: Option<KeyId>) -> Result<u64, ApiError> {
    let (keydesk, session) = crate::web::session::require().await?;
    Ok(keydesk.count_named(&session.caller(), &client_name, except).await?)
}
