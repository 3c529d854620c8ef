use model::{InstallationId, Instant, KeyId, RESTORE_WINDOW_MS};
use uuid::Uuid;

use crate::{Change, StoreError, group::on_tx, sql::Sql};

pub(crate) const RESTORE_KEY: &str = "UPDATE api_key SET deleted_at = NULL, updated_at = $3, version = version + 1, epoch = $4 \
     WHERE installation_id = $1 AND id = $2 AND deleted_at IS NOT NULL";
pub(crate) const UNDO_DELETE: &str = "UPDATE api_key SET deleted_at = NULL, updated_at = $3, version = version + 1, epoch = $4 \
     WHERE installation_id = $1 AND epoch = $2 AND deleted_at > $5 RETURNING id";
pub(crate) const PURGE_KEYS: &str = "DELETE FROM api_key WHERE deleted_at IS NOT NULL AND deleted_at <= $1";

impl Change {
    /// Turns issued keys into tombstones and returns those that were not tombstones before. The Default API Key is
    /// never among them.
    pub async fn delete_keys(
        &mut self,
        installation: InstallationId,
        ids: &[KeyId],
        now: Instant,
    ) -> Result<Vec<KeyId>, StoreError> {
        let set = |sql: &mut Sql| _ = sql.push(", deleted_at = ").int(now.as_millis()).push(" WHERE ");
        let deleted = self.change_issued(installation, ids, now, set).await?;
        self.drop_trials_of_deleted().await?;
        Ok(deleted)
    }

    /// Makes a tombstone a key again. False: there is no such tombstone.
    pub async fn restore_key(
        &mut self,
        installation: InstallationId,
        id: KeyId,
        now: Instant,
    ) -> Result<bool, StoreError> {
        let epoch = self.epoch();
        let done = on_tx!(self, connection => {
            sqlx::query(RESTORE_KEY)
                .bind(installation.0)
                .bind(id.0)
                .bind(now.as_millis())
                .bind(epoch)
                .execute(connection)
                .await?
                .rows_affected()
        });
        Ok(done == 1)
    }

    /// Restores the keys that the change of this epoch deleted, unless they have been touched since or are due to be
    /// purged.
    pub async fn undo_delete(
        &mut self,
        installation: InstallationId,
        epoch: i64,
        now: Instant,
    ) -> Result<Vec<KeyId>, StoreError> {
        let own = self.epoch();
        let ids: Vec<Uuid> = on_tx!(self, connection => {
            sqlx::query_scalar(UNDO_DELETE)
                .bind(installation.0)
                .bind(epoch)
                .bind(now.as_millis())
                .bind(own)
                .bind(now.plus_millis(-RESTORE_WINDOW_MS).as_millis())
                .fetch_all(connection)
                .await?
        });
        Ok(ids.into_iter().map(KeyId).collect())
    }
}
