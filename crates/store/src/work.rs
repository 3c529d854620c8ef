//! Writes that are no change of truth, in a transaction of their own; and whether anything can be written.

use std::sync::Arc;

use crate::{Store, StoreError, group::Tx, witness::Witness};

/// PostgreSQL alone. Whoever locks more than one row locks this one first, as every change does, so no two can wait for
/// each other in a circle. SQLite's one writer needs nothing of the kind.
pub(crate) const LOCK_EPOCH: &str = "SELECT value FROM epoch WHERE id = 1 FOR UPDATE";

/// A transaction. Dropped before its end it closes its connection: the database rolls back, and nobody gets a connection that
/// is in the middle of something. That SQLite has rolled back by itself, as it does on a full disk, makes no difference.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) tx: Tx,
    witness: Arc<Witness>,
    over: bool,
}

impl Work {
    pub(crate) async fn begin(store: &Store) -> Result<Self, StoreError> {
        let witness = &store.changes.witness;
        let begun = async {
            let tx = Tx::acquire(&store.db).await?;
            let mut work = Self { tx, witness: Arc::clone(witness), over: false };
            work.tx.begin(witness).await?;
            Ok(work)
        };
        begun.await.inspect_err(|_| witness.doubt.notify_one())
    }

    pub(crate) async fn commit(mut self) -> Result<(), StoreError> {
        let timed = self.witness.times.commit(module_path!());
        self.tx.run("COMMIT").await?;
        drop(timed);
        self.over = true;
        Ok(())
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if !self.over {
            self.tx.close_on_drop();
            self.witness.doubt.notify_one();
        }
    }
}

/// Runs an expression on the connection of a transaction, whichever the database, and commits it.
macro_rules! write_down {
    ($store:expr, $connection:ident => $body:expr) => {{
        let mut work = $crate::work::Work::begin($store).await?;
        let written = match &mut work.tx {
            $crate::group::Tx::Sqlite(connection) => {
                let $connection = &mut **connection;
                $body
            }
            $crate::group::Tx::Postgres(connection) => {
                sqlx::query($crate::work::LOCK_EPOCH).execute(&mut **connection).await?;
                let $connection = &mut **connection;
                $body
            }
        };
        work.commit().await?;
        written
    }};
}

/// Runs single statements on a connection to write to, for writes that are no change of truth and need no transaction: sessions,
/// what is removed when it is old.
macro_rules! on_writer {
    ($store:expr, $connection:ident => $body:expr) => {
        match $crate::group::Tx::acquire(&$store.db).await? {
            $crate::group::Tx::Sqlite(mut connection) => {
                let $connection = &mut *connection;
                let written = async {
                    $body;
                    Ok::<(), $crate::StoreError>(())
                };
                $store.changes.witness.waits(written).await?;
            }
            $crate::group::Tx::Postgres(mut connection) => {
                let $connection = &mut *connection;
                $body;
            }
        }
    };
}

pub(crate) use {on_writer, write_down};

/// Writes a row as it is: a page goes to the disk, and the epoch does not move.
pub(crate) const WRITE_NOTHING: &str = "UPDATE epoch SET id = id WHERE id = 1";

impl Store {
    /// Tries whether anything can be written, by writing something that changes nothing.
    pub async fn try_writing(&self) -> Result<(), StoreError> {
        let mut work = Work::begin(self).await?;
        match &mut work.tx {
            Tx::Sqlite(connection) => sqlx::query(WRITE_NOTHING).execute(&mut **connection).await.map(drop)?,
            Tx::Postgres(connection) => sqlx::query(WRITE_NOTHING).execute(&mut **connection).await.map(drop)?,
        }
        work.commit().await
    }

    /// Whether another program holds SQLite's write lock, for longer than a change takes: known from whoever waits for it.
    pub fn is_locked_out(&self) -> bool {
        self.changes.witness.is_locked_out()
    }

    /// Waits until somebody waits for that lock for that long.
    pub async fn locked_out(&self) {
        self.changes.witness.told_locked_out.notified().await;
    }

    /// Waits until something could not be written.
    pub async fn doubted(&self) {
        self.changes.witness.doubt.notified().await;
    }
}
