use model::{DeletionImpact, KeyError, KeyId, Selection};

use crate::{Caller, Keydesk, failure};

/// Clients that are named before a deletion.
const NAMED: usize = 5;
/// Rows of usage that are added up before a deletion. Only thousands of keys that are used all day have more.
const CALL_ROWS: i64 = 1_000_000;

impl Keydesk {
    /// What deleting the selection would stop.
    pub async fn deletion_impact(&self, caller: &Caller, selection: &Selection) -> Result<DeletionImpact, KeyError> {
        self.require_module(caller.installation)?;
        let (mut impact, first) = match selection {
            Selection::Ids(ids) => (self.impact_of_ids(caller, ids).await?, ids.clone()),
            Selection::Matching { .. } => {
                let Some(filter) = self.filter(caller, selection)? else { return Ok(DeletionImpact::default()) };
                let store = &self.inner.store;
                let impact =
                    store.deletion_impact(&filter, self.first_day(), CALL_ROWS).await.map_err(failure::public)?;
                (impact, store.matching_ids(&filter, NAMED as i64).await.map_err(failure::public)?)
            }
        };
        for id in first.iter().take(NAMED) {
            if let Some(key) = self.inner.store.key(caller.installation, *id).await.map_err(failure::public)? {
                impact.names.push(key.client_name().clone());
            }
        }
        Ok(impact)
    }

    async fn impact_of_ids(&self, caller: &Caller, ids: &[KeyId]) -> Result<DeletionImpact, KeyError> {
        let (store, installation) = (&self.inner.store, caller.installation);
        let calls = store.allowed_calls(installation, ids, self.first_day()).await.map_err(failure::public)?;
        Ok(DeletionImpact {
            keys: ids.len() as u64,
            calls_30_days: calls.iter().map(|(_, _, calls)| calls).sum(),
            last_used_at: store.last_use(installation, ids).await.map_err(failure::public)?,
            ..DeletionImpact::default()
        })
    }
}
