use std::{collections::BTreeMap, sync::Arc};

use model::{InstallationId, Instant, KeyId, KeySettings, KeyStatus, LifeCycle, SecretId};
use sqlx::{Postgres, Sqlite, pool::PoolConnection};
use uuid::Uuid;

use super::{
    MEMBERS_MOST,
    ended::{Ended, Outcome},
    kept::{COUNT_KEYS, Kept},
};
use crate::{Moment, StoreError, audit_end::SET_AUDIT_HEAD, db::Db, inserts::Inserts, sql::query, witness::Witness};

pub(crate) const MOVE_EPOCH: &str = "UPDATE epoch SET value = value + 1 WHERE id = 1 RETURNING value, mark";
pub(crate) const SET_EPOCH: &str = "UPDATE epoch SET value = $1 WHERE id = 1 RETURNING mark";
/// SQLite alone, whose triggers come too late for what is returned.
pub(crate) const MOVE_EPOCH_SQLITE: &str =
    "UPDATE epoch SET value = value + 1, mark = randomblob(16) WHERE id = 1 RETURNING value, mark";
/// Likewise.
pub(crate) const SET_EPOCH_SQLITE: &str =
    "UPDATE epoch SET value = $1, mark = randomblob(16) WHERE id = 1 RETURNING mark";

/// The connection of a transaction that is open.
#[derive(Debug)]
pub(crate) enum Tx {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

/// Runs an expression on the connection, whichever the database.
macro_rules! on_connection {
    ($tx:expr, $connection:ident => $body:expr) => {
        match $tx {
            $crate::group::Tx::Sqlite(connection) => {
                let $connection = &mut **connection;
                $body
            }
            $crate::group::Tx::Postgres(connection) => {
                let $connection = &mut **connection;
                $body
            }
        }
    };
}

impl Tx {
    /// A connection that can write, before its transaction.
    pub(crate) async fn acquire(db: &Db) -> Result<Self, StoreError> {
        Ok(match db {
            Db::Sqlite { write, .. } => Self::Sqlite(write.acquire().await.map_err(|error| match error {
                // Whoever has it waits for the lock.
                sqlx::Error::PoolTimedOut => StoreError::Busy,
                error => error.into(),
            })?),
            Db::Postgres { write, .. } => Self::Postgres(write.acquire().await?),
        })
    }

    /// Begins a transaction. Not as sqlx does it, which counts how deep it is, and goes on counting when the database has
    /// rolled back by itself.
    pub(crate) async fn begin(&mut self, witness: &Witness) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(_) => witness.waits(self.run("BEGIN IMMEDIATE")).await,
            Self::Postgres(_) => self.run("BEGIN").await,
        }
    }

    /// Runs statements without values. One trip, however many there are: PostgreSQL takes several only unprepared.
    pub(crate) async fn run(&mut self, sql: &'static str) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(connection) => {
                sqlx::query(sql).execute(&mut **connection).await?;
            }
            Self::Postgres(connection) => {
                sqlx::raw_sql(sql).execute(&mut **connection).await?;
            }
        }
        Ok(())
    }

    /// Writes rows.
    pub(crate) async fn insert(&mut self, inserts: Inserts) -> Result<(), StoreError> {
        for sql in inserts.into_statements() {
            on_connection!(self, connection => {
                query!(query, sql, connection).execute(connection).await?;
            });
        }
        Ok(())
    }

    /// Moves the epoch by one. Gives the new one, and its mark.
    async fn move_epoch(&mut self) -> Result<(i64, Uuid), StoreError> {
        Ok(match self {
            Self::Sqlite(connection) => sqlx::query_as(MOVE_EPOCH_SQLITE).fetch_one(&mut **connection).await?,
            Self::Postgres(connection) => sqlx::query_as(MOVE_EPOCH).fetch_one(&mut **connection).await?,
        })
    }

    /// Moves the epoch to this. Gives its mark.
    async fn set_epoch(&mut self, epoch: i64) -> Result<Uuid, StoreError> {
        Ok(match self {
            Self::Sqlite(connection) => {
                sqlx::query_scalar(SET_EPOCH_SQLITE).bind(epoch).fetch_one(&mut **connection).await?
            }
            Self::Postgres(connection) => {
                sqlx::query_scalar(SET_EPOCH).bind(epoch).fetch_one(&mut **connection).await?
            }
        })
    }

    pub(crate) fn close_on_drop(&mut self) {
        match self {
            Self::Sqlite(connection) => connection.close_on_drop(),
            Self::Postgres(connection) => connection.close_on_drop(),
        }
    }
}

/// A key that asks for a change.
#[derive(Debug)]
pub struct CallingKey {
    /// What decides whether it works.
    pub life: LifeCycle,
    /// Its settings.
    pub settings: KeySettings,
    /// Its secrets, with the end of those that a rotation has superseded.
    pub secrets: Vec<(SecretId, Option<Instant>)>,
}

impl CallingKey {
    /// Whether the key can be used with this secret.
    pub fn works_with(&self, secret: SecretId, now: Instant) -> bool {
        let ends = self.secrets.iter().find(|(id, _)| *id == secret);
        self.life.status(now) == KeyStatus::Active && ends.is_some_and(|(_, end)| end.is_none_or(|end| end > now))
    }
}

/// Keys that ask for changes.
pub(crate) type Callers = BTreeMap<(InstallationId, KeyId), Arc<CallingKey>>;

/// The state of the newest savepoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Savepoint {
    /// There is none: everything is the first change's.
    None,
    /// Nothing came after it.
    Fresh,
    /// A change that stays came after it.
    Passed,
}

/// An open transaction and its state. Dropped before its end it closes its connection, and so the database rolls back.
#[derive(Debug)]
pub(crate) struct Group {
    tx: Tx,
    /// The value of the epoch's row in this transaction, and its mark.
    written: Moment,
    /// Where it is noted how it ended.
    witness: Arc<Witness>,
    /// The epoch of the newest change that stays.
    epoch: i64,
    pub(crate) kept: Kept,
    /// Keys that ask for changes, as they stand in this transaction. Forgotten when anything else is asked or written.
    callers: Callers,
    /// Changes that stay.
    members: usize,
    savepoint: Savepoint,
    touched: bool,
    /// Why nothing of it can be committed any more.
    broken: Option<StoreError>,
    over: bool,
    ended: Ended,
}

impl Group {
    /// Begins a transaction and moves the epoch.
    pub(super) async fn begin(db: &Db, witness: &Arc<Witness>) -> Result<Self, StoreError> {
        let mut group = Self {
            tx: Tx::acquire(db).await?,
            written: Moment { epoch: 0, mark: Uuid::nil() },
            witness: Arc::clone(witness),
            epoch: 0,
            kept: Kept::default(),
            callers: Callers::new(),
            members: 0,
            savepoint: Savepoint::None,
            touched: false,
            broken: None,
            over: false,
            ended: Ended::new(),
        };
        group.tx.begin(witness).await?;
        let (epoch, mark) = group.tx.move_epoch().await?;
        group.written = Moment { epoch, mark };
        group.epoch = epoch - 1;
        Ok(group)
    }

    /// Writes down what earlier changes kept, so that the change whose turn it is finds it, and makes them safe from what it does.
    pub(super) async fn prepare(&mut self) -> Result<(), StoreError> {
        // Until it is known to be otherwise.
        self.broken = Some(StoreError::Database("a transaction was left in the middle".to_owned()));
        let inserts = std::mem::take(&mut self.kept.inserts);
        let prepared = async {
            self.tx.insert(inserts).await?;
            self.protect().await
        };
        self.broken = prepared.await.err();
        if let Some(error) = &self.broken {
            return Err(error.clone());
        }
        self.touched = true;
        Ok(())
    }

    /// The connection, for the change whose turn it is, once it is prepared.
    pub(super) fn tx(&mut self) -> &mut Tx {
        self.callers.clear();
        &mut self.tx
    }

    /// The keys of callers that are known.
    pub(crate) fn callers(&mut self) -> &mut Callers {
        &mut self.callers
    }

    /// Whether nothing of it can be committed any more.
    pub(super) fn is_broken(&self) -> bool {
        self.broken.is_some()
    }

    /// The epoch of the change whose turn it is.
    pub(crate) fn next_epoch(&self) -> i64 {
        self.epoch + 1
    }

    /// How this ends, once it has.
    pub(crate) fn ended(&self) -> &Ended {
        &self.ended
    }

    pub(super) fn is_full(&self) -> bool {
        self.members >= MEMBERS_MOST
    }

    /// Whether nothing that was done so far stays.
    pub(super) fn is_empty(&self) -> bool {
        self.members == 0
    }

    /// Whether the change whose turn it is has asked the database something.
    pub(super) fn is_touched(&self) -> bool {
        self.touched
    }

    /// Counts the change whose turn it was among those that stay.
    pub(crate) fn keep(&mut self, kept: Kept) {
        self.epoch += 1;
        self.kept.take_in(kept);
        self.members += 1;
        self.touched = false;
        if self.savepoint == Savepoint::Fresh {
            self.savepoint = Savepoint::Passed;
        }
    }

    /// Makes the changes so far safe from the next one.
    async fn protect(&mut self) -> Result<(), StoreError> {
        match self.savepoint {
            _ if self.is_empty() => return Ok(()),
            Savepoint::Fresh => return Ok(()),
            Savepoint::None => self.tx.run("SAVEPOINT own").await?,
            Savepoint::Passed => self.tx.run("RELEASE SAVEPOINT own; SAVEPOINT own").await?,
        }
        self.savepoint = Savepoint::Fresh;
        Ok(())
    }

    /// Rolls back the change whose turn it was. Only behind a savepoint: otherwise all is rolled back.
    pub(super) async fn take_back(&mut self) -> Result<(), StoreError> {
        self.callers.clear();
        if std::mem::take(&mut self.touched) {
            self.tx.run("ROLLBACK TO SAVEPOINT own").await?;
        }
        Ok(())
    }

    /// Ends it: commits the changes that stay, or rolls back if there are none.
    pub(super) async fn end(mut self) {
        let outcome = self.write_and_commit().await;
        self.settle(outcome);
    }

    async fn write_and_commit(&mut self) -> Outcome {
        if let Some(error) = self.broken.take() {
            return Err(error);
        }
        if self.is_empty() {
            return self.tx.run("ROLLBACK").await;
        }
        self.write_kept().await?;
        let timed = self.witness.times.commit(module_path!());
        self.tx.run("COMMIT").await?;
        drop(timed);
        self.witness.times.committed(self.members);
        self.witness.seen.go_on_to(self.written);
        Ok(())
    }

    /// Says how it ended. The connection goes back where it came from if all is well.
    pub(super) fn settle(mut self, outcome: Outcome) {
        self.over = outcome.is_ok();
        if !self.over {
            self.witness.doubt.notify_one();
        }
        self.ended.tell(outcome);
    }

    async fn write_kept(&mut self) -> Result<(), StoreError> {
        let Kept { inserts, entries, heads, counts, .. } = std::mem::take(&mut self.kept);
        self.tx.insert(inserts).await?;
        self.tx.insert(entries).await?;
        for (installation, head) in heads {
            on_connection!(&mut self.tx, connection => {
                sqlx::query(SET_AUDIT_HEAD)
                    .bind(installation.0)
                    .bind(head.entries)
                    .bind(&head.hash[..])
                    .bind(head.at.as_millis())
                    .bind(&head.audit_key)
                    .bind(&head.mac[..])
                    .execute(connection)
                    .await?;
            });
        }
        for (installation, more) in counts.into_iter().filter(|(_, more)| *more != 0) {
            on_connection!(&mut self.tx, connection => {
                sqlx::query(COUNT_KEYS).bind(installation.0).bind(more).execute(connection).await?;
            });
        }
        if self.epoch != self.written.epoch {
            self.written = Moment { epoch: self.epoch, mark: self.tx.set_epoch(self.epoch).await? };
        }
        Ok(())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.over {
            self.tx.close_on_drop();
        }
    }
}
