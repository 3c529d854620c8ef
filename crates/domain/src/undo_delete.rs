use std::ops::ControlFlow;

use model::{Action, KeyError};
use serde_json::json;
use store::Change;

use crate::{
    Authority, Caller, Keydesk,
    at_most::require_at_most,
    audit::AuditEvent,
    done::{Done, Progress},
    failure,
    selection::CHANGE,
    turn::turn,
};

/// Changes that are undone at once: those of two million keys.
pub(crate) const CHANGES_MAX: usize = 1_000;

impl Keydesk {
    /// Undoes deletions, given the changes that made them. Keys that were touched since stay as they are.
    ///
    /// The caller must be one that may restore each of the keys. If it may not, the keys of that change stay deleted, and
    /// the changes after it are not looked at.
    pub async fn undo_delete(&self, caller: &Caller, changes: &[i64]) -> Result<u64, KeyError> {
        self.require_to_change(caller)?;
        require_at_most("changes", changes.len(), CHANGES_MAX)?;
        let mut progress = Progress::default();
        while !progress.finished
            && let Some(epoch) = changes.get(progress.at)
        {
            let last = progress.at + 1 == changes.len();
            progress = self.undo_change(caller, *epoch, progress, last).await?;
        }
        Ok(progress.outcome)
    }

    /// How far the same request has come, if that is further than `progress` or it is taken back; else the change in which it
    /// goes on.
    pub(crate) async fn undone_so_far(
        &self,
        mut change: Change,
        caller: &Caller,
        progress: &Progress<u64>,
    ) -> Result<ControlFlow<Progress<u64>, Change>, KeyError> {
        match self.done(&mut change, caller).await? {
            None => Ok(ControlFlow::Continue(change)),
            Some(Done::Undoing(mut now)) if caller.recalls() => {
                if now.end() {
                    self.keep(&mut change, caller, Done::Undoing(now.clone())).await?;
                    self.commit(change).await?;
                }
                Ok(ControlFlow::Break(now))
            }
            Some(Done::Undoing(now)) if now != *progress => Ok(ControlFlow::Break(now)),
            Some(Done::Undoing(_)) => Ok(ControlFlow::Continue(change)),
            Some(_) => Err(KeyError::IdempotencyMismatch),
        }
    }

    /// Undoes the next deletion, unless the same request has come further meanwhile.
    async fn undo_change(
        &self,
        caller: &Caller,
        epoch: i64,
        mut progress: Progress<u64>,
        last: bool,
    ) -> Result<Progress<u64>, KeyError> {
        self.change_in_turn_as(caller, turn(CHANGE, false), move |this, caller, change| async move {
            let mut change = match this.undone_so_far(change, &caller, &progress).await? {
                ControlFlow::Break(now) => return Ok(now),
                ControlFlow::Continue(change) => change,
            };
            progress.at += 1;
            progress.finished = last;
            let installation = caller.installation;
            let now = this.now();
            let ids = change.undo_delete(installation, epoch, now).await.map_err(failure::public)?;
            if ids.is_empty() {
                if caller.once.is_some() {
                    this.keep(&mut change, &caller, Done::Undoing(progress.clone())).await?;
                    this.commit(change).await?;
                }
                return Ok(progress);
            }
            let mut records = change.records_of_keys(installation, &ids).await.map_err(failure::public)?;
            if let Some(row) = records.unreadable.pop() {
                return Err(failure::public(row.error));
            }
            let records = records.read;
            if !records.iter().all(|record| caller.sees(record.environment)) {
                return Err(KeyError::NotFound);
            }
            if matches!(caller.authority, Authority::Key(_)) {
                for id in &ids {
                    let key =
                        change.key(installation, *id).await.map_err(failure::public)?.ok_or(KeyError::NotFound)?;
                    caller.require_to_have(*id, key.settings())?;
                }
            }
            let count = ids.len() as u64;
            change.count_keys(installation, count as i64).await.map_err(failure::public)?;
            let events = ids.iter().map(|id| AuditEvent::on_key(Action::KeyRestore, *id, json!({}))).collect();
            this.write_audit(&mut change, installation, &caller, now, events).await?;
            progress.outcome += count;
            this.keep(&mut change, &caller, Done::Undoing(progress.clone())).await?;
            this.commit(change).await?;
            this.inner.verifier.apply(records);
            Ok(progress)
        })
        .await
    }
}
