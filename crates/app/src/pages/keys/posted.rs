use model::Preset;

use crate::{ApiError, api::Made};

/// What became of a form that was posted without scripts; the answer's page shows it. Never there in the browser.
#[derive(Clone)]
pub(crate) struct Posted {
    /// The key that was made.
    pub(crate) made: Option<Made>,
    /// Why nothing was done.
    pub(crate) error: Option<ApiError>,
    /// Somebody else was faster.
    pub(crate) moved: bool,
    /// As typed.
    pub(crate) name: String,
    /// As chosen.
    pub(crate) preset: Preset,
}

impl Default for Posted {
    fn default() -> Self {
        Self { made: None, error: None, moved: false, name: String::new(), preset: Preset::Crm }
    }
}
