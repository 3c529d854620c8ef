use model::{Code, InstallationId, Instant, KeyId};

use crate::{
    Store, StoreError,
    db::{Db, on_writer},
};

/// Calls with one key since they were last written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageDelta {
    /// Whose key.
    pub installation: InstallationId,
    /// The key.
    pub key: KeyId,
    /// The hour in which they fall, by its first instant.
    pub bucket_start: Instant,
    /// How they were decided.
    pub code: Code,
    /// How many. More than none.
    pub calls: u64,
}

pub(crate) const ADD_USAGE: &str = "INSERT INTO usage_bucket (installation_id, key_id, bucket_start, code, calls) \
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT (installation_id, key_id, bucket_start, code) \
     DO UPDATE SET calls = usage_bucket.calls + excluded.calls";
pub(crate) const TOUCH_KEY: &str =
    "UPDATE api_key SET last_used_at = $3 WHERE installation_id = $1 AND id = $2 AND last_used_at < $3";
pub(crate) const PURGE_ANSWERS: &str = "DELETE FROM idempotency WHERE created_at <= $1";
pub(crate) const PURGE_SECRETS: &str = "DELETE FROM api_key_secret WHERE key_id IN \
     (SELECT id FROM api_key WHERE deleted_at IS NOT NULL AND deleted_at <= $1)";
pub(crate) const PURGE_KEYS: &str = "DELETE FROM api_key WHERE deleted_at IS NOT NULL AND deleted_at <= $1";

impl Store {
    /// Adds calls to their buckets and moves last uses forward, all or nothing.
    pub async fn record_usage(
        &self,
        deltas: &[UsageDelta],
        last_used: &[(InstallationId, KeyId, Instant)],
    ) -> Result<(), StoreError> {
        macro_rules! write_down {
            ($tx:expr) => {{
                let mut tx = $tx;
                for delta in deltas {
                    sqlx::query(ADD_USAGE)
                        .bind(delta.installation.0)
                        .bind(delta.key.0)
                        .bind(delta.bucket_start.as_millis())
                        .bind(delta.code.as_str())
                        .bind(i64::try_from(delta.calls).unwrap_or(i64::MAX))
                        .execute(&mut *tx)
                        .await?;
                }
                for (installation, key, at) in last_used {
                    sqlx::query(TOUCH_KEY)
                        .bind(installation.0)
                        .bind(key.0)
                        .bind(at.as_millis())
                        .execute(&mut *tx)
                        .await?;
                }
                tx.commit().await?;
            }};
        }
        match &self.db {
            Db::Sqlite { write, .. } => write_down!(write.begin_with("BEGIN IMMEDIATE").await?),
            Db::Postgres(pool) => write_down!(pool.begin().await?),
        }
        Ok(())
    }

    /// Removes answers kept for idempotency up to `answers`, and keys deleted up to `keys` with their secrets. Gives
    /// how many keys went.
    pub async fn purge(&self, answers: Instant, keys: Instant) -> Result<u64, StoreError> {
        on_writer!(self, pool => {
            let mut tx = pool.begin().await?;
            sqlx::query(PURGE_ANSWERS).bind(answers.as_millis()).execute(&mut *tx).await?;
            sqlx::query(PURGE_SECRETS).bind(keys.as_millis()).execute(&mut *tx).await?;
            let gone = sqlx::query(PURGE_KEYS).bind(keys.as_millis()).execute(&mut *tx).await?.rows_affected();
            tx.commit().await?;
            Ok(gone)
        })
    }
}
