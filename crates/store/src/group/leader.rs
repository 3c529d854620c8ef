use std::sync::Arc;

use tokio::{sync::oneshot, time::timeout};

use super::{
    WAITING_FOR,
    change::{Back, Change},
    queue::{Queue, Turn, Waiting},
    transaction::Group,
};
use crate::{StoreError, db::Db};

impl Queue {
    /// Waits for a turn. Whoever comes while nobody leads starts a leader.
    pub(crate) async fn wait(self: &Arc<Self>, db: &Db, turn: Turn) -> Result<Change, StoreError> {
        let _timed = self.witness.times.turn(module_path!());
        let (begins, mine) = oneshot::channel();
        if self.line_up(Waiting { turn, begins })? {
            tokio::spawn(Leader::new(db.clone(), Arc::clone(self)).lead());
        }
        match timeout(WAITING_FOR, mine).await {
            Ok(Ok(turn)) => turn,
            Ok(Err(_)) => Err(StoreError::Database("the queue of changes was given up".to_owned())),
            Err(_) => Err(self.busy()),
        }
    }
}

/// Hands transactions from change to change, and commits them. A task of its own, so that a dropped caller takes no
/// others along.
struct Leader {
    db: Db,
    queue: Arc<Queue>,
}

impl Leader {
    fn new(db: Db, queue: Arc<Queue>) -> Self {
        Self { db, queue }
    }

    /// Leads until nobody waits.
    async fn lead(self) {
        let mut reign = Reign { queue: &self.queue, over: false };
        while let Some(first) = self.queue.first() {
            self.lead_group(first).await;
        }
        reign.over = true;
    }

    async fn lead_group(&self, first: Waiting) {
        let mut group = match Group::begin(&self.db, &self.queue.witness).await {
            Ok(group) => Box::new(group),
            Err(error) => {
                self.queue.witness.doubt.notify_one();
                // The others would only meet the same error.
                refuse(first, error.clone());
                self.queue.drain().for_each(|waiting| refuse(waiting, error.clone()));
                return;
            }
        };
        let mut next = first;
        let mut revokes = false;
        loop {
            let alone = next.turn.alone;
            revokes |= next.turn.revokes;
            // Not given back: the change was leaked or its runtime ended. The group's drop tells its changes.
            let Some(back) = lend(group, next).await else { return };
            group = match back {
                Back::Kept(group) | Back::Left(group) if group.is_broken() => return group.end().await,
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
            match self.queue.next(revokes) {
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
    drop(waiting.begins.send(Ok(Change::new(group, back))));
    given_back.await.ok()
}

fn refuse(waiting: Waiting, error: StoreError) {
    // Whoever does not wait any more needs no answer.
    drop(waiting.begins.send(Err(error)));
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
