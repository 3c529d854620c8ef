use leptos::prelude::*;

use super::{Fields, KeyRow, Wire};
use crate::ApiError;

/// Changes a key as a form says, unless somebody has changed it since the form's version.
#[server(prefix = "/api/_fn", protocol = Wire)]
pub(crate) async fn save_key(fields: Fields) -> Result<KeyRow, ApiError> {
    use crate::ssr::settings::{Form, save};
    let (keydesk, session) = crate::ssr::session::require().await?;
    let form = Form(&fields);
    Ok(KeyRow::of(save(&keydesk, &session, form.id()?, form).await?, keydesk.now()))
}
