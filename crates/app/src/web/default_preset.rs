//! What the form of a new key begins with, as the installation's owners have set it. A page knows it by an attribute of its document, so
//! that the server and the browser draw the same.

use leptos::prelude::*;
use model::Preset;

/// The attribute.
#[cfg(not(feature = "ssr"))]
const ATTRIBUTE: &str = "data-preset";

/// What the form of a new key begins with on this page; `None`: nothing is chosen.
#[cfg(feature = "ssr")]
pub(crate) fn default_preset() -> Option<Preset> {
    let parts = use_context::<http::request::Parts>()?;
    parts.extensions.get::<domain::Session>()?.installation.default_preset
}

/// What the form of a new key begins with on this page; `None`: nothing is chosen.
#[cfg(not(feature = "ssr"))]
pub(crate) fn default_preset() -> Option<Preset> {
    document().document_element()?.get_attribute(ATTRIBUTE)?.parse().ok()
}

/// Fills the default in, unless the fields of a new key say which preset is meant, or which key it is like.
pub(crate) fn preselect(fields: &mut Vec<(String, String)>) {
    let is_said = fields.iter().any(|(name, _)| name == "preset" || name == "from");
    let default = if is_said { None } else { default_preset() };
    fields.extend(default.map(|preset| ("preset".to_owned(), preset.as_str().to_owned())));
}
