use std::sync::Arc;

use tokio::sync::{oneshot, watch};

use super::{
    Group,
    queue::{Queue, Waiting},
};
use crate::{Change, StoreError, db::Db};

/// Whether a group's COMMIT succeeded.
pub(crate) type Outcome = Result<(), StoreError>;

/// Tells everyone who waits for a group how it has ended.
#[derive(Debug)]
pub(crate) struct Ended(watch::Sender<Option<Outcome>>);

impl Ended {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(None))
    }

    pub(super) fn tell(&self, outcome: Outcome) {
        self.0.send_replace(Some(outcome));
    }

    pub(crate) fn settled(&self) -> Settled {
        Settled(self.0.subscribe())
    }
}

/// The end of the group that a change is in: what the change has read is true from then on, and not before.
#[derive(Debug)]
pub struct Settled(watch::Receiver<Option<Outcome>>);

impl Settled {
    /// Waits for it. An error: what was read and not yet committed was rolled back.
    pub async fn wait(mut self) -> Result<(), StoreError> {
        let ended = self.0.wait_for(Option::is_some).await.ok().and_then(|ended| ended.clone());
        ended.unwrap_or_else(|| Err(StoreError::Database("a transaction was lost before its end".to_owned())))
    }
}

/// What a change gives back when its turn is over.
#[derive(Debug)]
pub(crate) enum Back {
    /// It is to be committed.
    Kept(Box<Group>),
    /// It was dropped, or failed.
    Left(Box<Group>),
}

/// Hands transactions from change to change, and commits them. A task of its own, so that a caller that is dropped
/// takes no others along.
pub(super) struct Leader {
    db: Db,
    queue: Arc<Queue>,
}

impl Leader {
    pub(super) fn new(db: Db, queue: Arc<Queue>) -> Self {
        Self { db, queue }
    }

    /// Leads until nobody waits.
    pub(super) async fn lead(self) {
        let mut reign = Reign { queue: &self.queue, over: false };
        while let Some(first) = self.queue.first() {
            self.lead_group(first).await;
        }
        reign.over = true;
    }

    async fn lead_group(&self, first: Waiting) {
        let mut group = match Group::begin(&self.db).await {
            Ok(group) => Box::new(group),
            Err(error) => {
                // The others would only meet the same error.
                refuse(first, error.clone());
                self.queue.drain().into_iter().for_each(|waiting| refuse(waiting, error.clone()));
                return;
            }
        };
        let mut next = first;
        loop {
            let alone = next.alone;
            if let Err(error) = group.protect().await {
                refuse(next, error.clone());
                return group.settle(Err(error));
            }
            // Not given back: the change was leaked or its runtime ended. The group's drop tells its changes.
            let Some(back) = lend(group, next).await else { return };
            group = match back {
                Back::Kept(group) => group,
                Back::Left(group) if group.is_empty() && group.is_touched() => return group.end().await,
                Back::Left(mut group) => match group.take_back().await {
                    Ok(()) => group,
                    Err(error) => return group.settle(Err(error)),
                },
            };
            if alone || group.is_full() {
                break;
            }
            match self.queue.next() {
                Some(waiting) => next = waiting,
                None => break,
            }
        }
        group.end().await;
    }
}

/// Gives a change its turn, and waits until it is over. It is over at once if nobody waits for it any more.
async fn lend(group: Box<Group>, waiting: Waiting) -> Option<Back> {
    let (back, given_back) = oneshot::channel();
    drop(waiting.turn.send(Ok(Change::new(group, back))));
    given_back.await.ok()
}

fn refuse(waiting: Waiting, error: StoreError) {
    // Whoever does not wait any more needs no answer.
    drop(waiting.turn.send(Err(error)));
}

/// Forgets the queue when its leader ends in the middle: it panicked, or its runtime is shut down.
struct Reign<'a> {
    queue: &'a Queue,
    over: bool,
}

impl Drop for Reign<'_> {
    fn drop(&mut self) {
        if !self.over {
            self.queue.give_up();
        }
    }
}
