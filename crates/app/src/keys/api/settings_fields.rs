use leptos::prelude::*;
use model::KeyId;

use super::super::created::Fields;
use crate::{ApiError, web::FormOrJson};

/// The fields of a key's settings as HTML: those of the key `edited`, or those of a new key, filled in from `fields` or
/// from the key that these name as `from`.
#[server(prefix = "/api/_fn", protocol = FormOrJson)]
pub(crate) async fn settings_fields(edited: Option<KeyId>, fields: Fields) -> Result<String, ApiError> {
    use crate::{
        keys::{posted::Posted, unknown_values::unknown_values},
        ui::key_settings::{self, Form, Offered, SettingsForm},
    };
    let (keydesk, session) = crate::web::session::require().await?;
    let (caller, form) = (session.caller(), Form(&fields));
    let from = form.text("from").parse::<KeyId>().ok();
    let posted = use_context::<Posted>().filter(|posted| !posted.fields.is_empty());
    let before = match edited {
        Some(id) => Some(keydesk.get(&caller, id).await?),
        None => None,
    };
    let shown = match (&posted, &before, from) {
        (Some(posted), before, _) => SettingsForm::of_form(Form(&posted.fields), before.as_ref()),
        (None, Some(key), _) => SettingsForm::of_key(key),
        (None, None, Some(id)) => SettingsForm::duplicate(&keydesk.get(&caller, id).await?),
        (None, None, None) => SettingsForm::of_form(form, None),
    }
    .within(session.installation.longest_life);
    let unknown = (posted.is_none() && before.is_none()).then(|| unknown_values(form, keydesk.catalogue())).flatten();
    let problems = match posted.and_then(|posted| posted.error) {
        Some(ApiError::Fields(problems)) => problems,
        _ => Vec::new(),
    };
    let unknown = unknown.map(|notice| notice.to_html()).unwrap_or_default();
    let offered = Offered { catalogue: keydesk.catalogue(), reader_address: session.via.address };
    Ok(unknown + &key_settings::settings_fields(&shown, &problems, &offered).to_html())
}
