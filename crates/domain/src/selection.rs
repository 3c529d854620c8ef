use std::collections::HashMap;

use model::{Action, Activity, ClientName, Deleted, Impact, Instant, KeyError, KeyId, KeyStatus, Selection, fold};
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
/// Rows of usage that are added up before a deletion: all, but for installations where thousands of keys are used all day.
const ADDED_UP: i64 = 1_000_000;

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
        let (mut impact, first) = match selection {
            Selection::Ids(ids) => (self.impact_of_ids(caller, ids).await?, ids.clone()),
            Selection::Matching { .. } => {
                let Some(filter) = self.filter(caller, selection) else { return Ok(Impact::default()) };
                let store = &self.inner.store;
                let weighed = store.weigh(&filter, self.first_day(), ADDED_UP).await.map_err(failure::public)?;
                let impact = Impact {
                    keys: weighed.keys,
                    names: Vec::new(),
                    calls_30_days: weighed.calls,
                    calls_is_lower_bound: weighed.calls_is_lower_bound,
                    last_used_at: weighed.last_used_at,
                };
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

    async fn impact_of_ids(&self, caller: &Caller, ids: &[KeyId]) -> Result<Impact, KeyError> {
        let (store, installation) = (&self.inner.store, caller.installation);
        let calls = store.allowed_calls(installation, ids, self.first_day()).await.map_err(failure::public)?;
        Ok(Impact {
            keys: ids.len() as u64,
            calls_30_days: calls.iter().map(|(_, _, calls)| calls).sum(),
            last_used_at: store.last_use(installation, ids).await.map_err(failure::public)?,
            ..Impact::default()
        })
    }

    /// Deletes what is selected. Many keys are deleted in several changes; when one of them can't be made, those before it
    /// stay made, and the answer says why it stopped there.
    pub async fn delete_selected(&self, caller: &Caller, selection: &Selection) -> Result<Deleted, KeyError> {
        self.require_module(caller.installation)?;
        caller.require_change()?;
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
        let Some(filter) = self.filter(caller, selection) else { return Ok(()) };
        loop {
            let ids = self.inner.store.matching_ids(&filter, CHANGE as i64).await.map_err(failure::public)?;
            let before = outcome.deleted;
            if !ids.is_empty() {
                self.delete_some(caller, &ids, outcome).await?;
            }
            // Nothing more to delete, or others delete the same: either way it is done.
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

    /// Takes back deletions by the changes that made them. Keys that were touched since stay as they are.
    pub async fn undo_delete(&self, caller: &Caller, changes: &[i64]) -> Result<u64, KeyError> {
        self.require_module(caller.installation)?;
        caller.require_change()?;
        let mut restored = 0;
        for epoch in changes.iter().copied() {
            let (actor, installation) = (caller.actor, caller.installation);
            restored += self
                .change(CHANGE, move |this, mut change| async move {
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
                    this.inner.verifier.apply(records);
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
