use model::{DeletionImpact, KeyError, KeyId, Selection};
use store::KeyFilter;

use crate::{Caller, Keydesk, failure};

/// Clients that are named before keys stop.
const NAMED: usize = 5;
/// Rows of usage that are added up before keys stop. Only thousands of keys that are used all day have more.
const CALL_ROWS: i64 = 1_000_000;

impl Keydesk {
    /// What deleting the selection would stop.
    pub async fn deletion_impact(&self, caller: &Caller, selection: &Selection) -> Result<DeletionImpact, KeyError> {
        self.require_open(caller)?;
        match selection {
            Selection::Ids(ids) => self.impact_of_ids(caller, ids).await,
            Selection::Matching { .. } => {
                let Some(filter) = self.filter(caller, selection)? else { return Ok(DeletionImpact::default()) };
                self.impact_of_filter(caller, &filter).await
            }
        }
    }

    /// What stopping all keys that match would stop.
    pub(crate) async fn impact_of_filter(
        &self,
        caller: &Caller,
        filter: &KeyFilter,
    ) -> Result<DeletionImpact, KeyError> {
        let store = &self.inner.store;
        let impact = store.deletion_impact(filter, self.first_day(), CALL_ROWS).await.map_err(failure::public)?;
        let first = store.matching_ids(filter, NAMED as i64).await.map_err(failure::public)?;
        self.named(caller, impact, &first).await
    }

    async fn impact_of_ids(&self, caller: &Caller, ids: &[KeyId]) -> Result<DeletionImpact, KeyError> {
        let (store, installation, now) = (&self.inner.store, caller.installation, self.now());
        let calls = store.allowed_calls(installation, ids, self.first_day()).await.map_err(failure::public)?;
        let on = store.keys_switched_on(installation, ids).await.map_err(failure::public)?;
        let working = on.iter().filter(|(_, expires)| expires.is_none_or(|expires| expires > now)).count();
        let impact = DeletionImpact {
            keys: ids.len() as u64,
            idle: (ids.len() - working) as u64,
            calls_30_days: calls.iter().map(|(_, _, calls)| calls).sum(),
            last_used_at: store.last_use(installation, ids).await.map_err(failure::public)?,
            ..DeletionImpact::default()
        };
        self.named(caller, impact, ids).await
    }

    /// The same, with the names of the first few keys.
    async fn named(
        &self,
        caller: &Caller,
        mut impact: DeletionImpact,
        ids: &[KeyId],
    ) -> Result<DeletionImpact, KeyError> {
        for id in ids.iter().take(NAMED) {
            if let Some(key) = self.inner.store.key(caller.installation, *id).await.map_err(failure::public)? {
                impact.names.push(key.client_name().clone());
            }
        }
        Ok(impact)
    }
}
