use leptos::prelude::*;

use crate::{ApiError, web::FormOrJson};

/// Asks whether a set-up link still creates the first owner.
#[server(prefix = "/api/_fn", protocol = FormOrJson)]
pub(crate) async fn set_up_open(token: String) -> Result<bool, ApiError> {
    let keydesk = expect_context::<domain::Keydesk>();
    Ok(keydesk.set_up_of(&token).await?.is_some())
}
