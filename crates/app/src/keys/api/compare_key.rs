use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::super::{created::Fields, key_row::KeyRow};
use crate::{ApiError, web::FormOrJson};

/// The version of a key that somebody else has made.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OtherVersion {
    pub(crate) key: KeyRow,
    /// How it differs from the form, as HTML; empty when it does not.
    pub(crate) differences: String,
}

/// Compares a key with the values of a form.
#[server(prefix = "/api/_fn", protocol = FormOrJson)]
pub(crate) async fn compare_key(fields: Fields) -> Result<OtherVersion, ApiError> {
    use crate::ui::key_settings::{Form, SettingsForm, differences_view};
    let (keydesk, session) = crate::web::session::require().await?;
    let form = Form(&fields);
    let key = keydesk.get(&session.caller(), form.id()?).await?;
    let differences = SettingsForm::of_key(&key)
        .differences(&SettingsForm::of_form(form, Some(&key)), &crate::web::Reader::of_page());
    let differences = if differences.is_empty() { String::new() } else { differences_view(&differences).to_html() };
    Ok(OtherVersion { key: KeyRow::of(key, keydesk.now()), differences })
}
