use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Fields, KeyRow, Wire};
use crate::ApiError;

/// A key that somebody else has changed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Theirs {
    pub(crate) key: KeyRow,
    /// What differs between it and a form, to be put into the page; empty: nothing does.
    pub(crate) differences: String,
}

/// Says how a key differs from what stands in a form.
#[server(prefix = "/api/_fn", protocol = Wire)]
pub(crate) async fn compare_key(fields: Fields) -> Result<Theirs, ApiError> {
    use crate::{
        documents::{Shown, compared},
        ssr::settings::Form,
    };
    let (keydesk, session) = crate::ssr::session::require().await?;
    let form = Form(&fields);
    let key = keydesk.get(&session.caller(), form.id()?).await?;
    let differences = Shown::of_key(&key).differences(&Shown::of_form(form, Some(&key)));
    let differences = if differences.is_empty() { String::new() } else { compared(&differences).to_html() };
    Ok(Theirs { key: KeyRow::of(key, keydesk.now()), differences })
}
