use tokio::sync::oneshot;

use super::{
    ended::Settled,
    kept::Kept,
    transaction::{Callers, Group, Tx},
};
use crate::{
    StoreError,
    sql::{Sql, query},
    times::observed,
};

/// A change of truth: all of it is committed, or nothing. Its first act is to move the epoch, which also makes it the only
/// one: others wait for their turn, and the row lock (PostgreSQL) or the write lock (SQLite) is held until the end, so epochs
/// are committed in order. Changes that wait for each other are committed together (`group`).
///
/// Dropped without [`Change::commit`], or after a failed statement, it leaves nothing behind.
#[derive(Debug)]
pub struct Change {
    /// `None`: it is over.
    turn: Option<Turn>,
    epoch: i64,
    kept: Kept,
    /// Statements that were begun.
    asked: u32,
    /// Statements that succeeded. One that failed, or whose future was dropped, is missing here for ever.
    answered: u32,
}

/// The group while it is this change's turn, and the way to give it back. Dropped, it gives back a change that left.
#[derive(Debug)]
struct Turn(Option<(Box<Group>, oneshot::Sender<Back>)>);

impl Turn {
    fn group(&self) -> Option<&Group> {
        self.0.as_ref().map(|(group, _)| &**group)
    }

    fn group_mut(&mut self) -> Option<&mut Group> {
        self.0.as_mut().map(|(group, _)| &mut **group)
    }

    /// Makes the transaction ready for what its change asks. The work goes on when nobody waits for it any more, since a
    /// transaction that was left in the middle of it would take the changes before along.
    async fn prepare(mut self) -> Result<Self, StoreError> {
        if self.group().is_none_or(Group::is_touched) {
            return Ok(self);
        }
        let prepared = tokio::spawn(async move {
            if let Some(group) = self.group_mut() {
                group.prepare().await?;
            }
            Ok(self)
        });
        prepared.await.unwrap_or_else(|error| Err(StoreError::Database(error.to_string())))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some((group, back)) = self.0.take() {
            // If its leader is gone, the group is dropped here, and tells its changes so.
            drop(back.send(Back::Left(group)));
        }
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

/// Runs an expression on the transaction's connection, whichever the database.
macro_rules! on_tx {
    ($change:expr, $connection:ident => $body:expr) => {{
        let _observed = $crate::times::observed("write", module_path!());
        let done = match $change.tx().await? {
            $crate::group::Tx::Sqlite(connection) => {
                let $connection = &mut **connection;
                async { Ok::<_, $crate::StoreError>($body) }.await
            }
            $crate::group::Tx::Postgres(connection) => {
                let $connection = &mut **connection;
                async { Ok::<_, $crate::StoreError>($body) }.await
            }
        };
        $change.noted(done)?
    }};
}

pub(crate) use on_tx;

impl Change {
    pub(crate) fn new(group: Box<Group>, back: oneshot::Sender<Back>) -> Self {
        let epoch = group.next_epoch();
        Self { turn: Some(Turn(Some((group, back)))), epoch, kept: Kept::default(), asked: 0, answered: 0 }
    }

    /// The epoch that this change has once it is committed.
    pub fn epoch(&self) -> i64 {
        self.epoch
    }

    /// The moment at which all that this change reads is committed. It may read what earlier changes of its group
    /// wrote, and nobody may be told of that before. [`Change::commit`] waits for it; a caller that does not commit
    /// must wait itself.
    pub fn settled(&self) -> Result<Settled, StoreError> {
        self.group().map(|group| group.ended().settled()).ok_or_else(over)
    }

    /// Commits it, together with those that waited for the same.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        let settled = self.settled()?;
        let _observed = observed("commit", module_path!());
        // After a failed statement PostgreSQL would do nothing more, and SQLite would go on without it.
        if self.asked != self.answered {
            return Err(failed());
        }
        let Some((mut group, back)) = self.turn.take().and_then(|mut turn| turn.0.take()) else { return Err(over()) };
        group.keep(std::mem::take(&mut self.kept));
        // If its leader is gone, the group is dropped here, and tells its changes so.
        drop(back.send(Back::Kept(group)));
        settled.wait().await
    }

    /// The connection, to ask the database something. What this change kept is written down first, so that it is found.
    pub(crate) async fn tx(&mut self) -> Result<&mut Tx, StoreError> {
        // After a failure SQLite may have rolled back by itself, and would commit each statement alone.
        if self.asked != self.answered {
            return Err(failed());
        }
        self.asked += 1;
        let Some(turn) = self.turn.take() else { return Err(over()) };
        let turn = self.turn.insert(turn.prepare().await?);
        let Some(tx) = turn.group_mut().map(Group::tx) else { return Err(over()) };
        let inserts = std::mem::take(&mut self.kept.inserts);
        tx.insert(inserts).await?;
        Ok(tx)
    }

    /// The writes that this change keeps for the end of its group.
    pub(crate) fn kept(&mut self) -> &mut Kept {
        &mut self.kept
    }

    /// The keys of callers that are known in this group.
    pub(crate) fn callers(&mut self) -> Option<&mut Callers> {
        self.turn.as_mut().and_then(Turn::group_mut).map(Group::callers)
    }

    /// The writes that earlier changes of its group keep.
    pub(crate) fn kept_before(&self) -> Option<&Kept> {
        self.group().map(|group| &group.kept)
    }

    fn group(&self) -> Option<&Group> {
        self.turn.as_ref().and_then(Turn::group)
    }

    /// Counts a statement that succeeded.
    pub(crate) fn noted<T>(&mut self, done: Result<T, StoreError>) -> Result<T, StoreError> {
        self.answered += u32::from(done.is_ok());
        done
    }

    pub(crate) async fn execute(&mut self, sql: Sql) -> Result<(), StoreError> {
        on_tx!(self, connection => {
            query!(query, sql, connection).execute(connection).await?;
        });
        Ok(())
    }
}

fn failed() -> StoreError {
    StoreError::Database("a statement of this change has failed".to_owned())
}

fn over() -> StoreError {
    StoreError::Database("this change is over".to_owned())
}
