use super::created::Fields;
use crate::ApiError;

/// The outcome of a form that was posted without scripts, for the page that answers it. It is never there in the browser.
#[derive(Clone, Default)]
pub(crate) struct Posted {
    /// Why the form was refused.
    pub(crate) error: Option<ApiError>,
    /// How somebody else's version differs, as HTML.
    pub(crate) differences: Option<String>,
    /// As filled in.
    pub(crate) fields: Fields,
}

impl Posted {
    /// The first field of this name, as filled in.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        first(&self.fields, name)
    }
}

/// The first field of this name.
pub(super) fn first(fields: &Fields, name: &str) -> Option<String> {
    fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.clone())
}
