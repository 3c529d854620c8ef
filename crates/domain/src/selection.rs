use std::collections::HashMap;

use model::{
    Action, Activity, ClientName, Deleted, Impact, Instant, KeyError, KeyId, KeyKind, KeyStatus, Selection, fold,
};
use serde_json::json;
use store::KeyFilter;
use uuid::Uuid;

use crate::{Caller, Keydesk, audit::Deed, failure};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Days that a sparkline shows and that an impact counts.
const DAYS: usize = 30;
/// Clients named before a deletion.
const NAMED: usize = 5;
/// Keys changed in one change. More are changed in several, so that others get the writer in between.
pub(crate) const CHANGE: usize = 2_000;
/// Keys whose calls are added up before a deletion of more than that.
const ADDED_UP: i64 = 1_000;

impl Keydesk {
    /// How many issued keys are named so already, `except` one.
    pub async fn count_named(
        &self,
        caller: &Caller,
        client_name: &str,
        except: Option<KeyId>,
    ) -> Result<u64, KeyError> {
        self.require_module(caller.installation)?;
        let Ok(name) = ClientName::parse(client_name) else { return Ok(0) };
        let except = except.unwrap_or(KeyId(Uuid::nil()));
        self.inner.store.count_named(caller.installation, &fold(name.as_str()), except).await.map_err(failure::public)
    }

    /// Allowed calls with these keys on each of the last 30 days.
    pub async fn activity(&self, caller: &Caller, ids: &[KeyId]) -> Result<Vec<Activity>, KeyError> {
        self.require_module(caller.installation)?;
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

    /// What deleting the selection would stop.
    pub async fn impact(&self, caller: &Caller, selection: &Selection) -> Result<Impact, KeyError> {
        self.require_module(caller.installation)?;
        let (keys, sample) = match selection {
            Selection::Ids(ids) => (ids.len() as u64, ids.clone()),
            Selection::Matching { .. } => {
                let (Some(filter), Some(query)) = (self.filter(caller, selection), selection.query(1)) else {
                    return Ok(Impact::default());
                };
                let ids = self.inner.store.matching_ids(&filter, ADDED_UP).await.map_err(failure::public)?;
                let listed = self.list(caller, &query).await?;
                let default = listed.items.first().is_some_and(|key| key.kind == KeyKind::Default);
                (listed.total - u64::from(default), ids)
            }
        };
        let mut impact = Impact { keys, ..Impact::default() };
        for id in sample.iter().take(NAMED) {
            if let Some(key) = self.inner.store.key(caller.installation, *id).await.map_err(failure::public)? {
                impact.names.push(key.client_name().clone());
            }
        }
        let calls = self
            .inner
            .store
            .allowed_calls(caller.installation, &sample, self.first_day())
            .await
            .map_err(failure::public)?;
        impact.calls_30_days = calls.iter().map(|(_, _, calls)| calls).sum();
        impact.last_used_at = self.inner.store.last_use(caller.installation, &sample).await.map_err(failure::public)?;
        Ok(impact)
    }

    /// Deletes what is selected.
    pub async fn delete_selected(&self, caller: &Caller, selection: &Selection) -> Result<Deleted, KeyError> {
        self.require_module(caller.installation)?;
        caller.require_change()?;
        let mut outcome = Deleted::default();
        match selection {
            Selection::Ids(ids) => {
                for ids in ids.chunks(CHANGE) {
                    self.delete_some(caller, ids, &mut outcome).await?;
                }
            }
            Selection::Matching { .. } => {
                let Some(filter) = self.filter(caller, selection) else { return Ok(outcome) };
                loop {
                    let ids = self.inner.store.matching_ids(&filter, CHANGE as i64).await.map_err(failure::public)?;
                    let before = outcome.deleted;
                    if !ids.is_empty() {
                        self.delete_some(caller, &ids, &mut outcome).await?;
                    }
                    // Nothing more to delete, or others delete the same: either way it is done.
                    if outcome.deleted == before {
                        break;
                    }
                }
            }
        }
        Ok(outcome)
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

    /// Takes back deletions by the changes that made them. Keys that were touched since stay as they are.
    pub async fn undo_delete(&self, caller: &Caller, changes: &[i64]) -> Result<u64, KeyError> {
        self.require_module(caller.installation)?;
        caller.require_change()?;
        let mut restored = 0;
        for epoch in changes.iter().copied() {
            let (this, actor, installation) = (self.clone(), caller.actor, caller.installation);
            restored += self
                .detached(async move {
                    let mut change = this.change().await?;
                    let now = this.now();
                    let ids = change.undo_delete(installation, epoch, now).await.map_err(failure::public)?;
                    if ids.is_empty() {
                        return Ok(0);
                    }
                    let count = ids.len() as u64;
                    change.count_keys(installation, count as i64).await.map_err(failure::public)?;
                    let deeds = ids.iter().map(|id| Deed::on_key(Action::KeyRestore, *id, json!({}))).collect();
                    this.write_audit(&mut change, installation, actor, now, deeds).await?;
                    let records = change.records_of_keys(installation, &ids).await.map_err(failure::public)?;
                    this.commit(change).await?;
                    this.inner.cache.apply(records);
                    Ok(count)
                })
                .await?;
        }
        Ok(restored)
    }

    /// What a selection by search and filters meets; `None`: nothing, by its very form.
    pub(crate) fn filter(&self, caller: &Caller, selection: &Selection) -> Option<KeyFilter> {
        let query = selection.query(1)?;
        let search = fold(query.search.trim());
        // What is deleted can't be deleted, and no name holds a control character.
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

    /// The first instant of the day (UTC) 29 days ago.
    fn first_day(&self) -> Instant {
        let today = self.now().as_millis().div_euclid(DAY_MS);
        Instant::from_millis((today - (DAYS as i64 - 1)) * DAY_MS)
    }
}
