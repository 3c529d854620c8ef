use std::collections::BTreeMap;

use contact_centre::world::WrapDraft;
use model::Instant;
use serde::Deserialize;

/// What is to be noted of a call.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WrapForm {
    code: String,
    #[serde(default)]
    comments: Option<String>,
    #[serde(default)]
    data: BTreeMap<String, String>,
    #[serde(default)]
    callback_at: Option<Instant>,
}

impl From<WrapForm> for WrapDraft {
    fn from(form: WrapForm) -> Self {
        Self { code: form.code, comments: form.comments, data: form.data, callback_at: form.callback_at }
    }
}
