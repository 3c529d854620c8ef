use std::collections::HashSet;

use model::{Action, BulkSwitched, Key, KeyError, KeyId, KeyKind, Selection, SettingsPatch, Skipped, Switched};
use serde_json::json;
use store::{Change, KeyFilter};

use crate::{
    Authority, Caller, Keydesk,
    audit::AuditEvent,
    done::{Done, Progress},
    failure,
    in_parts::Part,
    selection,
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

    /// Switches many keys on or off in one change. Those that can't be switched are named and left as they are. A person who
    /// switches them off has proved lately who they are.
    pub async fn bulk_set_enabled(
        &self,
        caller: &Caller,
        ids: &[KeyId],
        enabled: bool,
    ) -> Result<BulkSwitched, KeyError> {
        if !enabled && ids.len() > 1 {
            self.require_to_change(caller)?;
            caller.require_proof(self.now())?;
        }
        let ids = ids.to_vec();
        self.change_in_turn_as(caller, turn(ids.len(), !enabled), move |this, caller, mut change| async move {
            let outcome = this.switch_in(&mut change, &caller, &ids, enabled).await?;
            if !outcome.changed.is_empty() {
                this.commit_keys(change, caller.installation, &outcome.changed).await?;
            }
            Ok(outcome)
        })
        .await
    }

    /// Switches keys on or off in a change.
    pub(crate) async fn switch_in(
        &self,
        change: &mut Change,
        caller: &Caller,
        ids: &[KeyId],
        enabled: bool,
    ) -> Result<BulkSwitched, KeyError> {
        let mut seen = HashSet::with_capacity(ids.len());
        let ids: Vec<KeyId> = ids.iter().copied().filter(|id| seen.insert(*id)).collect();
        let installation = caller.installation;
        let now = self.now();
        let (ids, mut skipped) = selection::visible(change, caller, ids).await?;
        let (ids, may_not) = if enabled { may_enable(change, caller, ids).await? } else { (ids, Vec::new()) };
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
        let events = changed.iter().map(|id| event(*id, enabled)).collect();
        self.write_audit(change, installation, caller, now, events).await?;
        Ok(BulkSwitched { changed, unchanged, skipped })
    }

    /// Switches the selected keys on or off. Many keys are switched in several changes; when one of them fails, those
    /// before it stay, and the answer says why it stopped there. The same request sent again switches the rest, and is
    /// answered with all that was switched. A person who switches them off has proved lately who they are.
    pub async fn set_enabled_selected(
        &self,
        caller: &Caller,
        selection: &Selection,
        enabled: bool,
    ) -> Result<Switched, KeyError> {
        self.require_to_change(caller)?;
        if !enabled {
            self.require_proof_for(caller, selection)?;
        }
        let mut filter = match selection {
            Selection::Ids(_) => None,
            Selection::Matching { .. } => self.filter(caller, selection)?,
        };
        if let Some(filter) = &mut filter {
            // A switched key no longer matches, so every round finds others.
            filter.disabled = Some(enabled);
        }
        let mut progress = Progress::default();
        match self.switch_all(caller, selection, filter.as_ref(), enabled, &mut progress).await {
            Err(error) if progress.outcome.changes.is_empty() => Err(error),
            Err(error) => Ok(Switched { stopped: Some(error), ..progress.outcome }),
            Ok(()) => Ok(progress.outcome),
        }
    }

    async fn switch_all(
        &self,
        caller: &Caller,
        selection: &Selection,
        filter: Option<&KeyFilter>,
        enabled: bool,
        progress: &mut Progress<Switched>,
    ) -> Result<(), KeyError> {
        while !progress.finished {
            let part = self.next_part(selection, filter, progress.at).await?;
            *progress = self.switch_part(caller, part, enabled, progress.clone()).await?;
        }
        Ok(())
    }

    /// Switches the next part, unless the same request has come further meanwhile.
    async fn switch_part(
        &self,
        caller: &Caller,
        part: Part,
        enabled: bool,
        mut progress: Progress<Switched>,
    ) -> Result<Progress<Switched>, KeyError> {
        let turn = turn(part.ids.len(), !enabled);
        self.change_in_turn_as(caller, turn, move |this, caller, mut change| async move {
            match this.done(&mut change, &caller).await? {
                None => {}
                Some(Done::Switching(mut now)) if caller.recalls() => {
                    if now.end() {
                        now.outcome.stopped = Some(KeyError::Recalled);
                        this.keep(&mut change, &caller, Done::Switching(now.clone())).await?;
                        this.commit(change).await?;
                    }
                    return Ok(now);
                }
                Some(Done::Switching(now)) if now != progress => return Ok(now),
                Some(Done::Switching(_)) => {}
                Some(_) => return Err(KeyError::IdempotencyMismatch),
            }
            let switched = this.switch_in(&mut change, &caller, &part.ids, enabled).await?;
            progress.after(&part, switched.changed.len());
            progress.outcome.changed += switched.changed.len() as u64;
            progress.outcome.skipped += (switched.unchanged.len() + switched.skipped.len()) as u64;
            if !switched.changed.is_empty() {
                progress.outcome.changes.push(change.epoch());
            } else if caller.once.is_none() {
                return Ok(progress);
            }
            this.keep(&mut change, &caller, Done::Switching(progress.clone())).await?;
            this.commit_keys(change, caller.installation, &switched.changed).await?;
            Ok(progress)
        })
        .await
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
