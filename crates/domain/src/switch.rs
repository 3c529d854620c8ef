use std::collections::HashSet;

use model::{Action, BulkSwitched, Key, KeyError, KeyId, KeyKind, Selection, SettingsPatch, Skipped, Switched};
use serde_json::json;
use store::Change;

use crate::{
    Authority, Caller, Keydesk,
    audit::AuditEvent,
    failure,
    selection::{self, CHANGE},
    turn::turn,
};

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
        Ok(self.switch_keys(caller, ids, enabled).await?.0)
    }

    /// The result, and the epoch of the change.
    async fn switch_keys(
        &self,
        caller: &Caller,
        ids: &[KeyId],
        enabled: bool,
    ) -> Result<(BulkSwitched, i64), KeyError> {
        let mut seen = HashSet::with_capacity(ids.len());
        let ids: Vec<KeyId> = ids.iter().copied().filter(|id| seen.insert(*id)).collect();
        self.change_in_turn_as(caller, turn(ids.len(), !enabled), move |this, caller, mut change| async move {
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
                skipped.push(Skipped { id, code: reason.kind().code.to_owned() });
            }
            let outcome = BulkSwitched { changed, unchanged, skipped };
            let epoch = change.epoch();
            if outcome.changed.is_empty() {
                return Ok((outcome, epoch));
            }
            let events = outcome.changed.iter().map(|id| event(*id, enabled)).collect();
            this.write_audit(&mut change, installation, &caller, now, events).await?;
            this.commit_keys(change, installation, &outcome.changed).await?;
            Ok((outcome, epoch))
        })
        .await
    }

    /// Switches the selected keys on or off. Many keys are switched in several changes; when one of them fails, those
    /// before it stay, and the answer says why it stopped there.
    pub async fn set_enabled_selected(
        &self,
        caller: &Caller,
        selection: &Selection,
        enabled: bool,
    ) -> Result<Switched, KeyError> {
        self.require_to_change(caller)?;
        let mut outcome = Switched::default();
        match self.switch_all(caller, selection, enabled, &mut outcome).await {
            Err(error) if outcome.changes.is_empty() => Err(error),
            stopped => Ok(Switched { stopped: stopped.err(), ..outcome }),
        }
    }

    async fn switch_all(
        &self,
        caller: &Caller,
        selection: &Selection,
        enabled: bool,
        outcome: &mut Switched,
    ) -> Result<(), KeyError> {
        if let Selection::Ids(ids) = selection {
            for ids in ids.chunks(CHANGE) {
                self.switch_some(caller, ids, enabled, outcome).await?;
            }
            return Ok(());
        }
        let Some(mut filter) = self.filter(caller, selection)? else { return Ok(()) };
        // A switched key no longer matches, so every round finds others.
        filter.disabled = Some(enabled);
        loop {
            let ids = self.inner.store.matching_ids(&filter, CHANGE as i64).await.map_err(failure::public)?;
            let before = outcome.changed;
            if !ids.is_empty() {
                self.switch_some(caller, &ids, enabled, outcome).await?;
            }
            // Nothing is left to switch, or someone else switches the same keys: either way it is done.
            if outcome.changed == before {
                return Ok(());
            }
        }
    }

    async fn switch_some(
        &self,
        caller: &Caller,
        ids: &[KeyId],
        enabled: bool,
        outcome: &mut Switched,
    ) -> Result<(), KeyError> {
        let (switched, epoch) = self.switch_keys(caller, ids, enabled).await?;
        outcome.changed += switched.changed.len() as u64;
        outcome.skipped += (switched.unchanged.len() + switched.skipped.len()) as u64;
        if !switched.changed.is_empty() {
            outcome.changes.push(epoch);
        }
        Ok(())
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
            Err(reason) => skipped.push(Skipped { id, code: reason.kind().code.to_owned() }),
        }
    }
    Ok((may, skipped))
}

/// The audit event of a key that was switched on or off.
pub(crate) fn event(id: KeyId, enabled: bool) -> AuditEvent {
    AuditEvent::on_key(if enabled { Action::KeyEnable } else { Action::KeyDisable }, id, json!({}))
}
