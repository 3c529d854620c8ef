use leptos_router::params::ParamsMap;
use model::KeyId;

use super::{created::Fields, stop::Stop};

/// The dialog that is open over the grid.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Open {
    /// With these fields filled in.
    Add(Fields),
    Edit(KeyId),
    /// Asks before these are deleted or disabled.
    Stop(Stop, model::Selection),
    Shortcuts,
    Palette,
}

impl Open {
    /// The dialog that an address opens: the way to a dialog without scripts.
    pub(super) fn of(query: &ParamsMap) -> Option<Self> {
        let id = |name| query.get_str(name).and_then(|id| id.parse().ok());
        if query.get_str("new").is_some() {
            let fields = query.clone().into_iter().map(|(name, value)| (name.into_owned(), value));
            return Some(Self::Add(fields.collect()));
        }
        if query.get_str("shortcuts").is_some() {
            return Some(Self::Shortcuts);
        }
        let edited = id("edit").map(Self::Edit);
        edited.or_else(|| id("delete").map(|id| Self::Stop(Stop::Delete, model::Selection::Ids(vec![id]))))
    }
}
