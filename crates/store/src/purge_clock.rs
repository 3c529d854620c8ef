use model::Instant;

use crate::{
    Store, StoreError,
    db::{Db, on_db},
    work::on_writer,
};

pub(crate) const PURGE_CLOCK: &str = "SELECT at FROM purge_clock WHERE id = 1";
pub(crate) const MOVE_PURGE_CLOCK: &str = "UPDATE purge_clock SET at = $1 WHERE id = 1 AND at < $1";
/// PostgreSQL alone: SQLite has no clock of its own.
pub(crate) const CLOCK: &str = "SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::BIGINT";

impl Store {
    /// What the database's own clock says; `None`: it has none but this machine's.
    pub async fn clock(&self) -> Result<Option<Instant>, StoreError> {
        match &self.db {
            Db::Sqlite { .. } => Ok(None),
            Db::Postgres { read, .. } => {
                let ms: i64 = sqlx::query_scalar(CLOCK).fetch_one(read).await?;
                Ok(Some(Instant::from_millis(ms)))
            }
        }
    }

    /// Up to when time is known to have passed; `None`: nothing is known yet.
    pub async fn purge_clock(&self) -> Result<Option<Instant>, StoreError> {
        let at: i64 = on_db!(self, pool => sqlx::query_scalar(PURGE_CLOCK).fetch_one(pool).await?);
        Ok((at != 0).then(|| Instant::from_millis(at)))
    }

    /// Time has passed up to then. It never goes back.
    pub async fn move_purge_clock(&self, to: Instant) -> Result<(), StoreError> {
        on_writer!(self, connection => {
            sqlx::query(MOVE_PURGE_CLOCK).bind(to.as_millis()).execute(connection).await?;
        });
        Ok(())
    }
}
