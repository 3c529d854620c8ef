use leptos::prelude::*;

use super::super::{created::Fields, key_row::KeyRow};
use crate::{
    ApiError,
    web::{FormOrJson, Token},
};

/// Changes a key as a form says, unless somebody has changed it since the form's version.
#[server(prefix = "/api/_fn", protocol = FormOrJson)]
pub(crate) async fn save_key(fields: Fields, token: Token) -> Result<KeyRow, ApiError> {
    use crate::ui::key_settings::{Form, save};
    let (keydesk, session) = crate::web::session::require().await?;
    let caller = token.caller(&session, &("save", &fields))?;
    let form = Form(&fields);
    Ok(KeyRow::of(save(&keydesk, &caller, &session.installation.time_zone, form.id()?, form).await?, keydesk.now()))
}
