use model::{Environment, KeyError, KeyId, KeyStatus, Permission, Search, Selection, Skipped};
use store::{Change, KeyFilter};

use crate::{Caller, Keydesk, failure};

/// Keys changed in one change. More are changed in several, so that others get the writer in between.
pub(crate) const CHANGE: usize = 2_000;

impl Keydesk {
    /// Refuses a person who would delete many keys or switch them off, and has not proved lately who they are. One key is changed as
    /// from its own page.
    pub(crate) fn require_proof_for(&self, caller: &Caller, selection: &Selection) -> Result<(), KeyError> {
        match selection {
            Selection::Ids(ids) if ids.len() <= 1 => Ok(()),
            Selection::Ids(_) | Selection::Matching { .. } => caller.require_proof(self.now()),
        }
    }

    /// The keys that a selection by search and filters means; `None`: it can match none.
    pub(crate) fn filter(&self, caller: &Caller, selection: &Selection) -> Result<Option<KeyFilter>, KeyError> {
        let Some(query) = selection.query(1) else { return Ok(None) };
        let search = Search::parse(&query.search)?;
        // Deleted keys can't be deleted.
        if query.status == Some(KeyStatus::Revoked) || search.finds_nothing() {
            return Ok(None);
        }
        let environment = match (caller.sees(Environment::Live), query.environment) {
            (true, wanted) => wanted,
            (false, Some(Environment::Live)) => return Ok(None),
            (false, _) => Some(Environment::Test),
        };
        Ok(Some(KeyFilter {
            installation: caller.installation,
            search,
            search_notes: caller.may(Permission::ReadKeyNotes),
            environment,
            status: query.status,
            preset: query.preset,
            expiring_before: query.expiring_before,
            attention: query.attention,
            disabled: None,
            now: self.now(),
        }))
    }
}

/// Those of `ids` that exist for the caller, and the others. Whether the first exist at all is not checked.
pub(crate) async fn visible(
    change: &mut Change,
    caller: &Caller,
    ids: Vec<KeyId>,
) -> Result<(Vec<KeyId>, Vec<Skipped>), KeyError> {
    if caller.sees(Environment::Live) {
        return Ok((ids, Vec::new()));
    }
    let (mut visible, mut others) = (Vec::with_capacity(ids.len()), Vec::new());
    for id in ids {
        let key = change.key(caller.installation, id).await.map_err(failure::public)?;
        if key.is_some_and(|key| caller.sees(key.environment())) {
            visible.push(id);
        } else {
            others.push(Skipped { id, code: KeyError::NotFound.kind().code.to_owned() });
        }
    }
    Ok((visible, others))
}
