use std::collections::HashMap;

use model::{Activity, Instant, KeyError, KeyId};

use crate::{Caller, Keydesk, at_most::require_at_most, failure};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Days that a sparkline shows and that the impact of a deletion counts.
const DAYS: usize = 30;
/// Keys whose calls are read at once: more than a page of the list has.
const KEYS_MAX: usize = 500;

impl Keydesk {
    /// Allowed calls with these keys on each of the last 30 days.
    pub async fn activity(&self, caller: &Caller, ids: &[KeyId]) -> Result<Vec<Activity>, KeyError> {
        self.require_open(caller)?;
        require_at_most("ids", ids.len(), KEYS_MAX)?;
        let first = self.first_day();
        let calls = self.inner.store.allowed_calls(caller.installation, ids, first).await.map_err(failure::public)?;
        let mut days: HashMap<KeyId, Vec<u32>> = HashMap::new();
        for (key, at, calls) in calls {
            let day = usize::try_from((at.as_millis() - first.as_millis()) / DAY_MS).unwrap_or(0);
            if let Some(total) = days.entry(key).or_insert_with(|| vec![0; DAYS]).get_mut(day) {
                *total = total.saturating_add(u32::try_from(calls).unwrap_or(u32::MAX));
            }
        }
        Ok(ids.iter().map(|id| Activity { id: *id, days: days.remove(id).unwrap_or_else(|| vec![0; DAYS]) }).collect())
    }

    /// The first instant of the day (UTC) 29 days ago.
    pub(crate) fn first_day(&self) -> Instant {
        let today = self.now().as_millis().div_euclid(DAY_MS);
        Instant::from_millis((today - (DAYS as i64 - 1)) * DAY_MS)
    }
}
