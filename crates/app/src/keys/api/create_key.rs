use leptos::prelude::*;

use super::super::created::{CreatedKey, Fields};
use crate::{
    ApiError,
    web::{FormOrJson, Token},
};

/// Creates a key as a form says.
#[server(prefix = "/api/_fn", protocol = FormOrJson)]
pub(crate) async fn create_key(fields: Fields, token: Token) -> Result<CreatedKey, ApiError> {
    use crate::ui::key_settings::{Form, new_key, refusal};
    let (keydesk, session) = crate::web::session::require().await?;
    let caller = token.caller(&session, &("create", &fields))?;
    let new = new_key(Form(&fields), keydesk.now(), &session.installation.time_zone)?;
    let answered = keydesk.issue_once(&caller, new, None).await.map_err(refusal)?;
    Ok(CreatedKey::of(answered, &session, keydesk.now()))
}
