//! Verbs on so many keys that they are made in several changes. How far one came is kept with each of them, so that
//! whoever sends the request again, also while the first still runs or after it stopped, gets what was done altogether,
//! and the rest is done without doing anything twice.

use model::{KeyError, KeyId, Selection};
use store::KeyFilter;

use crate::{Keydesk, done::Progress, failure, selection::CHANGE};

/// The keys of the next part.
pub(crate) struct Part {
    pub(crate) ids: Vec<KeyId>,
    /// No other comes after it.
    pub(crate) last: bool,
    /// They were looked for, and so those of the next part are others, unless nothing could be done with these.
    pub(crate) found: bool,
}

impl<T> Progress<T> {
    /// Leaves the rest undone. False: there is none.
    pub(crate) fn end(&mut self) -> bool {
        !std::mem::replace(&mut self.finished, true)
    }

    /// Goes on after a part in which as many keys as `done` were changed.
    pub(crate) fn after(&mut self, part: &Part, done: usize) {
        self.at += part.ids.len();
        // Somebody else changes the same keys: what is left is theirs.
        self.finished = part.last || (part.found && done == 0);
    }
}

impl Keydesk {
    /// The keys of a selection that come next, of which `at` are done with. `filter`: as [`Keydesk::filter`] gives it.
    pub(crate) async fn next_part(
        &self,
        selection: &Selection,
        filter: Option<&KeyFilter>,
        at: usize,
    ) -> Result<Part, KeyError> {
        if let Selection::Ids(ids) = selection {
            let rest = ids.get(at..).unwrap_or_default();
            let ids = rest.get(..CHANGE).unwrap_or(rest).to_vec();
            return Ok(Part { last: ids.len() == rest.len(), ids, found: false });
        }
        let ids = match filter {
            Some(filter) => self.inner.store.matching_ids(filter, CHANGE as i64).await.map_err(failure::public)?,
            None => Vec::new(),
        };
        Ok(Part { last: ids.len() < CHANGE, ids, found: true })
    }
}
