use model::{Hint, InstallationId, Instant, KeyId, SecretId, SecretInfo};
use uuid::Uuid;

use crate::{
    Change, NewSecret, Store, StoreError,
    change::on_tx,
    db::on_db,
    key::{instant, push_secret, secret_columns},
};

/// The newest secret ends at $3, the ones before it at once.
pub(crate) const SUPERSEDE: &str = "UPDATE api_key_secret SET expires_at = CASE WHEN expires_at IS NULL \
     THEN CAST($3 AS BIGINT) ELSE CAST($4 AS BIGINT) END WHERE installation_id = $1 AND key_id = $2 \
     AND (expires_at IS NULL OR expires_at > $4)";
pub(crate) const END_OVERLAP: &str =
    "UPDATE api_key_secret SET expires_at = $3 WHERE installation_id = $1 AND key_id = $2 AND expires_at > $3";
/// The Default API Key's secrets move by themselves, so no kind is asked for.
pub(crate) const TOUCH_ROTATED: &str = "UPDATE api_key SET hint = COALESCE($3, hint), updated_at = $4, version = version + 1, \
     epoch = $5 WHERE installation_id = $1 AND id = $2 AND deleted_at IS NULL";
pub(crate) const SECRETS_OF_KEY: &str = "SELECT id, hint, created_at, expires_at, last_used_at FROM api_key_secret \
     WHERE installation_id = $1 AND key_id = $2 ORDER BY (expires_at IS NULL) DESC, expires_at DESC, id DESC";

#[derive(sqlx::FromRow)]
struct SecretRow {
    id: Uuid,
    hint: String,
    created_at: i64,
    expires_at: Option<i64>,
    last_used_at: i64,
}

impl From<SecretRow> for SecretInfo {
    fn from(row: SecretRow) -> Self {
        Self {
            id: SecretId(row.id),
            hint: Hint(row.hint),
            created_at: Instant::from_millis(row.created_at),
            expires_at: instant(row.expires_at),
            last_used_at: instant(Some(row.last_used_at).filter(|ms| *ms != 0)),
        }
    }
}

impl Store {
    /// The secrets of a key that have not been purged, the newest first.
    pub async fn secrets_of_key(
        &self,
        installation: InstallationId,
        key: KeyId,
    ) -> Result<Vec<SecretInfo>, StoreError> {
        let rows: Vec<SecretRow> = on_db!(self, pool => {
            sqlx::query_as(SECRETS_OF_KEY).bind(installation.0).bind(key.0).fetch_all(pool).await?
        });
        Ok(rows.into_iter().map(SecretInfo::from).collect())
    }
}

impl Change {
    /// Gives a key a new secret; the one that it takes the place of works until `end`, older ones end now. False: there is no
    /// such key, or it is deleted.
    pub async fn rotate_key(
        &mut self,
        installation: InstallationId,
        key: KeyId,
        secret: &NewSecret,
        end: Instant,
        now: Instant,
    ) -> Result<bool, StoreError> {
        if !self.touch_rotated(installation, key, Some(&secret.hint), now).await? {
            return Ok(false);
        }
        on_tx!(self, connection => {
            sqlx::query(SUPERSEDE)
                .bind(installation.0)
                .bind(key.0)
                .bind(end.as_millis())
                .bind(now.as_millis())
                .execute(connection)
                .await?;
        });
        let mut sql = secret_columns();
        push_secret(&mut sql, installation, key, secret, now);
        self.execute(sql).await?;
        Ok(true)
    }

    /// Ends now whatever secrets of a key were to end later. Gives how many did.
    pub async fn end_overlap(
        &mut self,
        installation: InstallationId,
        key: KeyId,
        now: Instant,
    ) -> Result<u64, StoreError> {
        let ended = on_tx!(self, connection => {
            sqlx::query(END_OVERLAP)
                .bind(installation.0)
                .bind(key.0)
                .bind(now.as_millis())
                .execute(connection)
                .await?
                .rows_affected()
        });
        if ended > 0 {
            self.touch_rotated(installation, key, None, now).await?;
        }
        Ok(ended)
    }

    async fn touch_rotated(
        &mut self,
        installation: InstallationId,
        key: KeyId,
        hint: Option<&Hint>,
        now: Instant,
    ) -> Result<bool, StoreError> {
        let epoch = self.epoch();
        let done = on_tx!(self, connection => {
            sqlx::query(TOUCH_ROTATED)
                .bind(installation.0)
                .bind(key.0)
                .bind(hint.map(|hint| hint.0.as_str()))
                .bind(now.as_millis())
                .bind(epoch)
                .execute(connection)
                .await?
                .rows_affected()
        });
        Ok(done == 1)
    }
}
