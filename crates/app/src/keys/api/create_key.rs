use leptos::prelude::*;

use super::super::created::{CreatedKey, Fields};
use crate::{ApiError, web::FormOrJson};

/// Creates a key as a form says. `token` is the same each time that a form is sent, so that it creates one key.
#[server(prefix = "/api/_fn", protocol = FormOrJson)]
pub(crate) async fn create_key(fields: Fields, token: String) -> Result<CreatedKey, ApiError> {
    use crate::ui::key_settings::Form;
    let (keydesk, session) = crate::web::session::require().await?;
    CreatedKey::create(&keydesk, &session, Form(&fields), &token).await
}
