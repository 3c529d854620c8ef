use model::{KeyId, Preset, Scope, ScopeSet};

use crate::ApiError;

/// The fields of a form in order, by name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form<'a>(pub(crate) &'a [(String, String)]);

impl<'a> Form<'a> {
    /// The first field of this name; empty without one.
    pub(crate) fn text(self, name: &str) -> &'a str {
        self.texts(name).next().unwrap_or_default()
    }

    pub(crate) fn texts(self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn has(self, name: &str) -> bool {
        self.0.iter().any(|(field, _)| field == name)
    }

    /// The key that the form is about.
    pub(crate) fn id(self) -> Result<KeyId, ApiError> {
        self.text("id").parse().map_err(|_| ApiError::Malformed)
    }

    pub(crate) fn version(self) -> Result<i64, ApiError> {
        self.text("version").parse().map_err(|_| ApiError::Malformed)
    }

    pub(crate) fn preset(self) -> Option<Preset> {
        self.text("preset").parse().ok()
    }

    /// Whether the key has the scopes that are ticked, not those of the preset.
    pub(crate) fn chosen(self) -> bool {
        self.text("access") == "chosen" || self.preset().unwrap_or(Preset::Custom) == Preset::Custom
    }

    /// Whether the key is to work. An unticked box is not in a form at all, so only a form that has the settings can say no;
    /// an address says it in words.
    pub(crate) fn enabled(self) -> bool {
        if self.has("settings") { self.has("enabled") } else { self.text("enabled") != "false" }
    }

    pub(crate) fn scopes(self) -> ScopeSet {
        self.texts("scope").filter_map(|scope| Scope::parse(scope).ok()).collect()
    }
}
