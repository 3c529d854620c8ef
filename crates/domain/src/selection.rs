use model::{KeyStatus, Selection, fold};
use store::KeyFilter;

use crate::{Caller, Keydesk};

/// Keys changed in one change. More are changed in several, so that others get the writer in between.
pub(crate) const CHANGE: usize = 2_000;

impl Keydesk {
    /// The keys that a selection by search and filters means; `None`: it can match none.
    pub(crate) fn filter(&self, caller: &Caller, selection: &Selection) -> Option<KeyFilter> {
        let query = selection.query(1)?;
        let search = fold(query.search.trim());
        // Deleted keys can't be deleted, and no name holds a control character.
        if query.status == Some(KeyStatus::Revoked) || search.contains(char::is_control) {
            return None;
        }
        Some(KeyFilter {
            installation: caller.installation,
            search,
            environment: query.environment,
            status: query.status,
            preset: query.preset,
            expiring_before: query.expiring_before,
            disabled: None,
            now: self.now(),
        })
    }
}
