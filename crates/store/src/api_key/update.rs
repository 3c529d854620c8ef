use model::{Hint, InstallationId, Instant, KeyId, KeySettings, fold};
use uuid::Uuid;

use crate::{
    Change, StoreError,
    change::{json, on_tx},
    sql::{CHUNK, Sql, query},
};

pub(crate) const UPDATE_KEY: &str = "UPDATE api_key SET client_name = $3, client_name_folded = $4, preset = $5, scopes = $6, \
     allowed_ips = $7, allowed_origins = $8, metadata = $9, owner_email = $10, notes = $11, expires_at = $12, \
     updated_at = $13, version = version + 1, epoch = $14, \
     disabled_at = CASE WHEN $15 THEN NULL ELSE COALESCE(disabled_at, $13) END WHERE installation_id = $1 AND id = $2 AND deleted_at IS NULL";
/// The Default API Key's secrets move by themselves, so no kind is asked for.
pub(crate) const TOUCH_ROTATED: &str = "UPDATE api_key SET hint = COALESCE($3, hint), updated_at = $4, version = version + 1, \
     epoch = $5 WHERE installation_id = $1 AND id = $2 AND deleted_at IS NULL";

impl Change {
    /// Gives a key these settings. What was disabled before and still is keeps the instant of that. False: there is no such
    /// key, or it is deleted.
    pub async fn update_key(
        &mut self,
        installation: InstallationId,
        id: KeyId,
        settings: &KeySettings,
        now: Instant,
    ) -> Result<bool, StoreError> {
        let epoch = self.epoch();
        let done = on_tx!(self, connection => {
            sqlx::query(UPDATE_KEY)
                .bind(installation.0)
                .bind(id.0)
                .bind(settings.client_name.as_str())
                .bind(fold(settings.client_name.as_str()))
                .bind(settings.preset.as_str())
                .bind(json!(&settings.scopes))
                .bind(json!(&settings.allowed_ips))
                .bind(json!(&settings.allowed_origins))
                .bind(json!(&settings.metadata))
                .bind(settings.owner_email.as_ref().map(|email| email.as_str()))
                .bind(settings.notes.as_ref().map(|notes| notes.as_str()))
                .bind(settings.expires_at.map(Instant::as_millis))
                .bind(now.as_millis())
                .bind(epoch)
                .bind(settings.enabled)
                .execute(connection)
                .await?
                .rows_affected()
        });
        Ok(done == 1)
    }

    /// Switches issued keys on or off and gives those that were not so before. The Default API Key is never among them.
    pub async fn switch_keys(
        &mut self,
        installation: InstallationId,
        ids: &[KeyId],
        enabled: bool,
        now: Instant,
    ) -> Result<Vec<KeyId>, StoreError> {
        self.change_issued(installation, ids, now, |sql| {
            sql.push(", disabled_at = ");
            if enabled {
                sql.push("NULL WHERE disabled_at IS NOT NULL AND ");
            } else {
                sql.int(now.as_millis()).push(" WHERE disabled_at IS NULL AND ");
            }
        })
        .await
    }

    /// Changes issued keys that live, and gives those that were changed. `set` adds to the columns that every change moves,
    /// and begins the condition.
    pub(crate) async fn change_issued(
        &mut self,
        installation: InstallationId,
        ids: &[KeyId],
        now: Instant,
        set: impl Fn(&mut Sql),
    ) -> Result<Vec<KeyId>, StoreError> {
        let mut changed = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(CHUNK) {
            let mut sql = Sql::new("UPDATE api_key SET updated_at = ");
            sql.int(now.as_millis()).push(", version = version + 1, epoch = ").int(self.epoch());
            set(&mut sql);
            sql.push("installation_id = ").id(installation.0);
            sql.push(" AND kind = 'issued' AND deleted_at IS NULL AND id IN ").list(chunk, |sql, id| {
                sql.id(id.0);
            });
            sql.push(" RETURNING id");
            let rows: Vec<Uuid> = on_tx!(self, connection => {
                query!(query_scalar, sql, connection).fetch_all(connection).await?
            });
            changed.extend(rows.into_iter().map(KeyId));
        }
        Ok(changed)
    }

    /// Moves the version of a key whose secrets changed. False: there is no such key, or it is deleted.
    pub(crate) async fn touch_rotated(
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
