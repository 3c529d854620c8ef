use model::Instant;

use crate::{Digest, Store, StoreError, db::on_db, work::on_writer};

pub(crate) const LEAK_REPORT: &str = "SELECT at FROM leak_report WHERE digest = $1";
pub(crate) const INSERT_LEAK_REPORT: &str =
    "INSERT INTO leak_report (digest, at) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING";
pub(crate) const PURGE_LEAK_REPORTS: &str = "DELETE FROM leak_report WHERE at <= $1";

impl Store {
    /// When a signed report was taken, by the digest of its signature; `None`: it is new.
    pub async fn leak_report(&self, digest: &Digest) -> Result<Option<Instant>, StoreError> {
        let at: Option<i64> = on_db!(self, pool => {
            sqlx::query_scalar(LEAK_REPORT).bind(&digest[..]).fetch_optional(pool).await?
        });
        Ok(at.map(Instant::from_millis))
    }

    /// Remembers that a signed report was taken. False: it was taken before, perhaps by another node just now.
    pub async fn note_leak_report(&self, digest: &Digest, at: Instant) -> Result<bool, StoreError> {
        let mut is_new = false;
        on_writer!(self, connection => {
            let noted = sqlx::query(INSERT_LEAK_REPORT)
                .bind(&digest[..])
                .bind(at.as_millis())
                .execute(&mut *connection)
                .await?;
            is_new = noted.rows_affected() == 1;
        });
        Ok(is_new)
    }

    /// Forgets signed reports that were taken at this instant or before.
    pub async fn purge_leak_reports(&self, until: Instant) -> Result<(), StoreError> {
        on_writer!(self, connection => {
            sqlx::query(PURGE_LEAK_REPORTS).bind(until.as_millis()).execute(&mut *connection).await?;
        });
        Ok(())
    }
}
