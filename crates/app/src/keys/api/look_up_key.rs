use leptos::prelude::*;

use super::super::key_lookup::KeyLookup;
use crate::{ApiError, web::FormOrJson};

/// Whose key is in a text that somebody pasted.
#[server(prefix = "/api/_fn", protocol = FormOrJson)]
pub(crate) async fn look_up_key(text: String) -> Result<KeyLookup, ApiError> {
    let (keydesk, session) = crate::web::session::require().await?;
    Ok(KeyLookup::of(keydesk.look_up_key(&session.caller(), &text).await?, keydesk.now()))
}
