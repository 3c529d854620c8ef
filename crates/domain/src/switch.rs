use std::collections::HashSet;

use model::{Action, BulkSwitched, Key, KeyError, KeyId, KeyKind, Selection, SettingsPatch, Skipped};
use serde_json::json;
use store::Change;

use crate::{
    Authority, Caller, Keydesk,
    audit::AuditEvent,
    failure,
    selection::{self, CHANGE},
};

/// The result of switching a selection on or off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Switched {
    /// Keys that were switched.
    pub changed: u64,
    /// Keys that were in the wanted state already, were gone, or are protected.
    pub skipped: u64,
}

impl Keydesk {
    /// Switches a key on or off, and edits nothing else. A key that is switched off is refused from the moment this
    /// answers.
    pub async fn set_enabled(
        &self,
        caller: &Caller,
        id: KeyId,
        enabled: bool,
        if_version: Option<i64>,
    ) -> Result<Key, KeyError> {
        self.update(caller, id, SettingsPatch { enabled: Some(enabled), ..SettingsPatch::default() }, if_version).await
    }

    /// Switches many keys on or off in one change. Those that can't be switched are named and left as they are.
    pub async fn bulk_set_enabled(
        &self,
        caller: &Caller,
        ids: &[KeyId],
        enabled: bool,
    ) -> Result<BulkSwitched, KeyError> {
        let mut seen = HashSet::with_capacity(ids.len());
        let ids: Vec<KeyId> = ids.iter().copied().filter(|id| seen.insert(*id)).collect();
        self.change_rows_as(caller, ids.len(), move |this, caller, mut change| async move {
            let installation = caller.installation;
            let now = this.now();
            let (ids, mut skipped) = selection::visible(&mut change, &caller, ids).await?;
            let (ids, may_not) = if enabled { may_enable(&mut change, &caller, ids).await? } else { (ids, Vec::new()) };
            skipped.extend(may_not);
            let switched = change.switch_keys(installation, &ids, enabled, now).await.map_err(failure::public)?;
            let switched: HashSet<KeyId> = switched.into_iter().collect();
            let (changed, left): (Vec<KeyId>, Vec<KeyId>) = ids.into_iter().partition(|id| switched.contains(id));
            let mut unchanged = Vec::new();
            for id in left {
                let key = change.key(installation, id).await.map_err(failure::public)?;
                let reason = match key {
                    Some(key) if key.kind() == KeyKind::Default => KeyError::DefaultKeyProtected,
                    Some(key) if key.life.deleted_at.is_none() => {
                        unchanged.push(id);
                        continue;
                    }
                    _ => KeyError::NotFound,
                };
                skipped.push(Skipped { id, code: reason.code().to_owned() });
            }
            let outcome = BulkSwitched { changed, unchanged, skipped };
            if outcome.changed.is_empty() {
                return Ok(outcome);
            }
            let events = outcome.changed.iter().map(|id| event(*id, enabled)).collect();
            this.write_audit(&mut change, installation, &caller, now, events).await?;
            this.commit_keys(change, installation, &outcome.changed).await?;
            Ok(outcome)
        })
        .await
    }

    /// Switches the selected keys on or off.
    pub async fn set_enabled_selected(
        &self,
        caller: &Caller,
        selection: &Selection,
        enabled: bool,
    ) -> Result<Switched, KeyError> {
        self.require_to_change(caller)?;
        let mut outcome = Switched::default();
        match selection {
            Selection::Ids(ids) => {
                for ids in ids.chunks(CHANGE) {
                    outcome.add(&self.bulk_set_enabled(caller, ids, enabled).await?);
                }
            }
            Selection::Matching { .. } => {
                let Some(mut filter) = self.filter(caller, selection)? else { return Ok(outcome) };
                // A switched key no longer matches, so every round finds others.
                filter.disabled = Some(enabled);
                loop {
                    let ids = self.inner.store.matching_ids(&filter, CHANGE as i64).await.map_err(failure::public)?;
                    if ids.is_empty() {
                        break;
                    }
                    let before = outcome.changed;
                    outcome.add(&self.bulk_set_enabled(caller, &ids, enabled).await?);
                    // Someone else switches the same keys.
                    if outcome.changed == before {
                        break;
                    }
                }
            }
        }
        Ok(outcome)
    }
}

/// Those of `ids` that the caller may switch on, and those that it may not have. Whether they exist is not checked.
async fn may_enable(
    change: &mut Change,
    caller: &Caller,
    ids: Vec<KeyId>,
) -> Result<(Vec<KeyId>, Vec<Skipped>), KeyError> {
    if !matches!(caller.authority, Authority::Key(_)) {
        return Ok((ids, Vec::new()));
    }
    let (mut may, mut skipped) = (Vec::with_capacity(ids.len()), Vec::new());
    for id in ids {
        let key = change.key(caller.installation, id).await.map_err(failure::public)?;
        let disabled = key.filter(|key| key.life.disabled_at.is_some() && key.life.deleted_at.is_none());
        match disabled.map_or(Ok(()), |key| caller.require_to_have(id, key.settings())) {
            Ok(()) => may.push(id),
            Err(reason) => skipped.push(Skipped { id, code: reason.code().to_owned() }),
        }
    }
    Ok((may, skipped))
}

impl Switched {
    fn add(&mut self, part: &BulkSwitched) {
        self.changed += part.changed.len() as u64;
        self.skipped += (part.unchanged.len() + part.skipped.len()) as u64;
    }
}

/// The audit event of a key that was switched on or off.
pub(crate) fn event(id: KeyId, enabled: bool) -> AuditEvent {
    AuditEvent::on_key(if enabled { Action::KeyEnable } else { Action::KeyDisable }, id, json!({}))
}
