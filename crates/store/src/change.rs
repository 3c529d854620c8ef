use sqlx::{Postgres, Sqlite, Transaction};

use crate::{
    Store, StoreError,
    db::Db,
    sql::{Sql, query},
};

/// A transaction that changes truth. Its first act is to move the epoch, which also makes it the only one: the row lock
/// (PostgreSQL) or the write lock (SQLite) is held until the end, so epochs are committed in order.
///
/// Dropped without [`Change::commit`] it leaves nothing behind. Run it in a task of its own: a future that is dropped
/// half-way, because a client hung up, would otherwise leave the lock to the pool's clean-up.
#[derive(Debug)]
pub struct Change {
    pub(crate) tx: Tx,
    epoch: i64,
}

#[derive(Debug)]
pub(crate) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// Runs an expression on the transaction's connection, whichever the database.
macro_rules! on_tx {
    ($change:expr, $connection:ident => $body:expr) => {
        match &mut $change.tx {
            $crate::change::Tx::Sqlite(tx) => {
                let $connection = &mut **tx;
                $body
            }
            $crate::change::Tx::Postgres(tx) => {
                let $connection = &mut **tx;
                $body
            }
        }
    };
}

pub(crate) use on_tx;

/// Sets and pairs as they stand in a row: nothing but texts, which JSON can always hold.
macro_rules! json {
    ($value:expr) => {
        serde_json::to_string($value).unwrap_or_default()
    };
}

pub(crate) use json;

pub(crate) const MOVE_EPOCH: &str = "UPDATE epoch SET value = value + 1 WHERE id = 1 RETURNING value";

impl Store {
    /// Begins a change.
    pub async fn change(&self) -> Result<Change, StoreError> {
        match &self.db {
            Db::Sqlite { write, .. } => {
                let mut tx = write.begin_with("BEGIN IMMEDIATE").await?;
                let epoch = sqlx::query_scalar(MOVE_EPOCH).fetch_one(&mut *tx).await?;
                Ok(Change { tx: Tx::Sqlite(tx), epoch })
            }
            Db::Postgres { write, .. } => {
                let mut tx = write.begin().await?;
                let epoch = sqlx::query_scalar(MOVE_EPOCH).fetch_one(&mut *tx).await?;
                Ok(Change { tx: Tx::Postgres(tx), epoch })
            }
        }
    }
}

impl Change {
    /// The epoch that this change will have been.
    pub fn epoch(&self) -> i64 {
        self.epoch
    }

    /// Makes it so.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self.tx {
            Tx::Sqlite(tx) => tx.commit().await?,
            Tx::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    pub(crate) async fn execute(&mut self, sql: Sql) -> Result<(), StoreError> {
        on_tx!(self, connection => {
            query!(query, sql, connection).execute(connection).await?;
        });
        Ok(())
    }
}
