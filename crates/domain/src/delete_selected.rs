use model::{Deleted, KeyError, Selection};
use store::KeyFilter;

use crate::{
    Caller, Keydesk,
    done::{Done, Progress},
    in_parts::Part,
    turn::turn,
};

impl Keydesk {
    /// Deletes the selected keys. Many keys are deleted in several changes; when one of them fails, those before it
    /// stay, and the answer says why it stopped there. The same request sent again deletes the rest, and is answered with
    /// all that was deleted. A person has proved lately who they are.
    pub async fn delete_selected(&self, caller: &Caller, selection: &Selection) -> Result<Deleted, KeyError> {
        self.require_to_change(caller)?;
        self.require_proof_for(caller, selection)?;
        let filter = match selection {
            Selection::Ids(_) => None,
            Selection::Matching { .. } => self.filter(caller, selection)?,
        };
        let mut progress = Progress::default();
        match self.delete_all(caller, selection, filter.as_ref(), &mut progress).await {
            Err(error) if progress.outcome.changes.is_empty() => Err(error),
            Err(error) => Ok(Deleted { stopped: Some(error), ..progress.outcome }),
            Ok(()) => Ok(progress.outcome),
        }
    }

    async fn delete_all(
        &self,
        caller: &Caller,
        selection: &Selection,
        filter: Option<&KeyFilter>,
        progress: &mut Progress<Deleted>,
    ) -> Result<(), KeyError> {
        while !progress.finished {
            let part = self.next_part(selection, filter, progress.at).await?;
            *progress = self.delete_part(caller, part, progress.clone()).await?;
        }
        Ok(())
    }

    /// Deletes the next part, unless the same request has come further meanwhile.
    async fn delete_part(
        &self,
        caller: &Caller,
        part: Part,
        mut progress: Progress<Deleted>,
    ) -> Result<Progress<Deleted>, KeyError> {
        let turn = turn(part.ids.len(), true);
        self.change_in_turn_as(caller, turn, move |this, caller, mut change| async move {
            match this.done(&mut change, &caller).await? {
                None => {}
                Some(Done::Deleting(mut now)) if caller.recalls() => {
                    if now.end() {
                        now.outcome.stopped = Some(KeyError::Recalled);
                        this.keep(&mut change, &caller, Done::Deleting(now.clone())).await?;
                        this.commit(change).await?;
                    }
                    return Ok(now);
                }
                Some(Done::Deleting(now)) if now != progress => return Ok(now),
                Some(Done::Deleting(_)) => {}
                Some(_) => return Err(KeyError::IdempotencyMismatch),
            }
            let (deleted, tombstones) = this.delete_in(&mut change, &caller, &part.ids, None).await?;
            let number = deleted.deleted.len();
            progress.after(&part, number);
            progress.outcome.deleted += number as u64;
            progress.outcome.skipped += deleted.skipped.len() as u64;
            if number > 0 {
                progress.outcome.changes.push(change.epoch());
            } else if caller.once.is_none() {
                return Ok(progress);
            }
            this.keep(&mut change, &caller, Done::Deleting(progress.clone())).await?;
            this.commit_deletion(change, tombstones).await?;
            Ok(progress)
        })
        .await
    }
}
