use model::{Deleted, KeyError, KeyId, Selection};

use crate::{Caller, Keydesk, failure, selection::CHANGE};

impl Keydesk {
    /// Deletes the selected keys. Many keys are deleted in several changes; when one of them fails, those before it
    /// stay, and the answer says why it stopped there.
    pub async fn delete_selected(&self, caller: &Caller, selection: &Selection) -> Result<Deleted, KeyError> {
        self.require_to_change(caller)?;
        let mut outcome = Deleted::default();
        match self.delete_all(caller, selection, &mut outcome).await {
            Err(error) if outcome.changes.is_empty() => Err(error),
            stopped => Ok(Deleted { stopped: stopped.err(), ..outcome }),
        }
    }

    async fn delete_all(&self, caller: &Caller, selection: &Selection, outcome: &mut Deleted) -> Result<(), KeyError> {
        if let Selection::Ids(ids) = selection {
            for ids in ids.chunks(CHANGE) {
                self.delete_some(caller, ids, outcome).await?;
            }
            return Ok(());
        }
        let Some(filter) = self.filter(caller, selection)? else { return Ok(()) };
        loop {
            let ids = self.inner.store.matching_ids(&filter, CHANGE as i64).await.map_err(failure::public)?;
            let before = outcome.deleted;
            if !ids.is_empty() {
                self.delete_some(caller, &ids, outcome).await?;
            }
            // Nothing is left to delete, or someone else deletes the same keys: either way it is done.
            if outcome.deleted == before {
                return Ok(());
            }
        }
    }

    async fn delete_some(&self, caller: &Caller, ids: &[KeyId], outcome: &mut Deleted) -> Result<(), KeyError> {
        let (deleted, epoch) = self.delete_keys(caller, ids, None).await?;
        outcome.deleted += deleted.deleted.len() as u64;
        outcome.skipped += deleted.skipped.len() as u64;
        if !deleted.deleted.is_empty() {
            outcome.changes.push(epoch);
        }
        Ok(())
    }
}
