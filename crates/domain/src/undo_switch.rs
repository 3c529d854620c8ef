use std::ops::ControlFlow;

use model::KeyError;

use crate::{
    Authority, Caller, Keydesk,
    at_most::require_at_most,
    done::{Done, Progress},
    failure,
    selection::CHANGE,
    switch::event,
    turn::turn,
    undo_delete::CHANGES_MAX,
};

impl Keydesk {
    /// Undoes that keys were switched on (`enabled`) or off, given the changes that switched them. Keys that were in that
    /// state before stay in it, and so do keys that were touched since.
    ///
    /// The caller must be one that may switch on each of the keys that were switched off. If it may not, the keys of that
    /// change stay off, and the changes after it are not looked at.
    pub async fn undo_switch(&self, caller: &Caller, changes: &[i64], enabled: bool) -> Result<u64, KeyError> {
        self.require_to_change(caller)?;
        require_at_most("changes", changes.len(), CHANGES_MAX)?;
        let mut progress = Progress::default();
        while !progress.finished
            && let Some(epoch) = changes.get(progress.at)
        {
            let last = progress.at + 1 == changes.len();
            progress = self.undo_one_switch(caller, (*epoch, enabled), progress, last).await?;
        }
        Ok(progress.outcome)
    }

    /// Undoes the next switch, unless the same request has come further meanwhile.
    async fn undo_one_switch(
        &self,
        caller: &Caller,
        (epoch, enabled): (i64, bool),
        mut progress: Progress<u64>,
        last: bool,
    ) -> Result<Progress<u64>, KeyError> {
        // To undo that keys were switched on takes access away.
        self.change_in_turn_as(caller, turn(CHANGE, enabled), move |this, caller, change| async move {
            let mut change = match this.undone_so_far(change, &caller, &progress).await? {
                ControlFlow::Break(now) => return Ok(now),
                ControlFlow::Continue(change) => change,
            };
            progress.at += 1;
            progress.finished = last;
            let installation = caller.installation;
            let now = this.now();
            let ids = change.undo_switch(installation, epoch, enabled, now).await.map_err(failure::public)?;
            if ids.is_empty() && caller.once.is_none() {
                return Ok(progress);
            }
            if matches!(caller.authority, Authority::Key(_)) {
                for id in &ids {
                    let key = change.key(installation, *id).await.map_err(failure::public)?;
                    let key = key.filter(|key| caller.sees(key.environment())).ok_or(KeyError::NotFound)?;
                    if !enabled {
                        caller.require_to_have(*id, key.settings())?;
                    }
                }
            }
            let events = ids.iter().map(|id| event(*id, !enabled)).collect();
            this.write_audit(&mut change, installation, &caller, now, events).await?;
            progress.outcome += ids.len() as u64;
            this.keep(&mut change, &caller, Done::Undoing(progress.clone())).await?;
            this.commit_keys(change, installation, &ids).await?;
            Ok(progress)
        })
        .await
    }
}
