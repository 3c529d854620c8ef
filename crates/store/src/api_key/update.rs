use model::{FOLD_VERSION, Hint, InstallationId, Instant, KeyId, KeySettings, SearchTexts, name_order};
use uuid::Uuid;

use super::settings::COLUMNS;
use crate::{
    Change, StoreError,
    group::on_tx,
    live_keys::live_keys,
    sql::{CHUNK, Sql, query},
};

/// The Default API Key can be rotated too, so the statement does not ask for a kind.
pub(crate) const TOUCH_ROTATED: &str = "UPDATE api_key SET hint = COALESCE($3, hint), updated_at = $4, version = version + 1, \
     epoch = $5 WHERE installation_id = $1 AND id = $2 AND deleted_at IS NULL";

impl Change {
    /// Gives a key these settings. A key that stays disabled keeps the instant at which it was disabled. False: there
    /// is no such key, or it is deleted.
    pub async fn update_key(
        &mut self,
        installation: InstallationId,
        id: KeyId,
        settings: &KeySettings,
        now: Instant,
    ) -> Result<bool, StoreError> {
        let mut sql = Sql::new("UPDATE api_key SET ");
        for (name, value) in COLUMNS {
            sql.push(name).push(" = ").bind(value(settings)).push(", ");
        }
        let SearchTexts { name, owner, notes } = SearchTexts::of(settings);
        sql.push("client_name_folded = ").text(&name).push(", name_order = ").bytes(&name_order(&name));
        sql.push(", owner_folded = ").text(&owner);
        sql.push(", notes_folded = ").text(&notes);
        sql.push(", fold_version = ").int(FOLD_VERSION).push(", disabled_at = ");
        if settings.enabled {
            sql.push("NULL");
        } else {
            sql.push("COALESCE(disabled_at, ").int(now.as_millis()).push(")");
        }
        sql.push(", updated_at = ").int(now.as_millis());
        sql.push(", version = version + 1, epoch = ").int(self.epoch());
        sql.push(" WHERE installation_id = ").id(installation.0).push(" AND id = ").id(id.0);
        sql.push(" AND deleted_at IS NULL");
        let done = on_tx!(self, connection => {
            query!(query, sql, connection).execute(connection).await?.rows_affected()
        });
        Ok(done == 1)
    }

    /// Switches issued keys on or off and returns those whose state changed. The Default API Key is never among them.
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

    /// Changes issued keys that are not deleted, and returns those that were changed. `set` adds to the columns that
    /// every change moves, and begins the condition.
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
            sql.push(" AND kind = 'issued' AND deleted_at IS NULL AND ").push(live_keys!());
            sql.push(" AND id IN ").list(chunk, |sql, id| {
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
