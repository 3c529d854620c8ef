use std::sync::Arc;

use model::{
    ClientName, Environment, Hint, ImportId, InstallationId, Instant, Key, KeyId, KeyKind, LifeCycle, fold_name,
    fold_name_before,
};
use uuid::Uuid;

use super::{StoredKey, settings::SettingsRow};
use crate::{
    CallingKey, Change, Store, StoreError,
    db::on_db,
    group::on_tx,
    live_keys::live_keys,
    row::row,
    sql::{CHUNK, Sql, instant, query},
};

/// A statement that gives [`KeyRow`]s.
macro_rules! key_select {
    ($rest:literal $(, $($more:tt)+)?) => {
        concat!(
            "SELECT ",
            $crate::api_key::settings::settings_columns!(),
            "id, installation_id, kind, hint, environment, disabled_at, deleted_at, last_used_at, created_at, updated_at, version, \
             epoch, client_name_folded, name_order, import_id ",
            $rest
            $(, $($more)+)?
        )
    };
}

pub(super) use key_select;

row! {
    pub(super) struct KeyRow {
        ..settings: SettingsRow,
        id: Uuid,
        installation_id: Uuid,
        kind: String,
        hint: String,
        environment: String,
        disabled_at: Option<i64>,
        deleted_at: Option<i64>,
        last_used_at: i64,
        created_at: i64,
        updated_at: i64,
        version: i64,
        epoch: i64,
        client_name_folded: String,
        name_order: Vec<u8>,
        import_id: Option<Uuid>,
    }
}

pub(crate) fn kind(text: &str) -> Result<KeyKind, StoreError> {
    match text {
        "default" => Ok(KeyKind::Default),
        "issued" => Ok(KeyKind::Issued),
        _ => Err(StoreError::Corrupt { column: "api_key.kind" }),
    }
}

pub(crate) fn environment(text: &str) -> Result<Environment, StoreError> {
    text.parse().map_err(|_| StoreError::Corrupt { column: "api_key.environment" })
}

impl TryFrom<KeyRow> for StoredKey {
    type Error = StoreError;

    fn try_from(row: KeyRow) -> Result<Self, StoreError> {
        let settings = row.settings.read(row.disabled_at.is_none())?;
        let life = LifeCycle {
            disabled_at: instant(row.disabled_at),
            expires_at: settings.expires_at,
            deleted_at: instant(row.deleted_at),
        };
        let key = Key {
            id: KeyId(row.id),
            kind: kind(&row.kind)?,
            hint: Hint(row.hint),
            environment: environment(&row.environment)?,
            status: life.status(Instant::from_millis(row.updated_at)),
            settings,
            imported: row.import_id.is_some(),
            last_used_at: instant(Some(row.last_used_at).filter(|ms| *ms != 0)),
            created_at: Instant::from_millis(row.created_at),
            updated_at: Instant::from_millis(row.updated_at),
            deleted_at: life.deleted_at,
            version: row.version,
        };
        Ok(Self {
            installation: InstallationId(row.installation_id),
            key,
            life,
            epoch: row.epoch,
            folded_name: row.client_name_folded,
            name_order: row.name_order,
            import: row.import_id.map(ImportId),
        })
    }
}

pub(crate) const KEY_BY_ID: &str =
    key_select!("FROM api_key WHERE installation_id = $1 AND id = $2 AND ", live_keys!());
pub(crate) const DEFAULT_KEY: &str = key_select!("FROM api_key WHERE installation_id = $1 AND kind = 'default'");
pub(crate) const COUNT_NAMED: &str = concat!(
    "SELECT COUNT(*) FROM api_key WHERE installation_id = $1 AND client_name_folded IN ($2, $4) \
     AND kind = 'issued' AND deleted_at IS NULL AND id <> $3 AND ",
    live_keys!()
);

fn keys_by_id(installation: InstallationId, ids: &[KeyId]) -> Sql {
    let mut sql = Sql::new(key_select!("FROM api_key WHERE installation_id = "));
    sql.id(installation.0).push(" AND ").push(live_keys!()).push(" AND id IN ").list(ids, |sql, id| {
        sql.id(id.0);
    });
    sql
}

impl Store {
    /// A key of the installation, deleted or not.
    pub async fn key(&self, installation: InstallationId, id: KeyId) -> Result<Option<StoredKey>, StoreError> {
        let row: Option<KeyRow> =
            on_db!(self, pool => sqlx::query_as(KEY_BY_ID).bind(installation.0).bind(id.0).fetch_optional(pool).await?);
        row.map(StoredKey::try_from).transpose()
    }

    /// Those of these keys that there are.
    pub async fn keys(&self, installation: InstallationId, ids: &[KeyId]) -> Result<Vec<StoredKey>, StoreError> {
        let mut found = Vec::with_capacity(ids.len());
        for ids in ids.chunks(CHUNK) {
            let sql = keys_by_id(installation, ids);
            let rows: Vec<KeyRow> = on_db!(self, pool => query!(query_as, sql, pool).fetch_all(pool).await?);
            for row in rows {
                found.push(row.try_into()?);
            }
        }
        Ok(found)
    }

    /// The installation's Default API Key.
    pub async fn default_key(&self, installation: InstallationId) -> Result<Option<StoredKey>, StoreError> {
        let row: Option<KeyRow> =
            on_db!(self, pool => sqlx::query_as(DEFAULT_KEY).bind(installation.0).fetch_optional(pool).await?);
        row.map(StoredKey::try_from).transpose()
    }

    /// Issued keys whose Client Name is this, however it is written, `except` one.
    pub async fn count_named(
        &self,
        installation: InstallationId,
        name: &ClientName,
        except: KeyId,
    ) -> Result<u64, StoreError> {
        // The second finds rows that are not folded anew yet.
        let (folded, before) = (fold_name(name.as_str()), fold_name_before(name.as_str()));
        let count: i64 = on_db!(self, pool => {
            let count = sqlx::query_scalar(COUNT_NAMED).bind(installation.0).bind(folded).bind(except.0);
            count.bind(before).fetch_one(pool).await?
        });
        Ok(count.unsigned_abs())
    }
}

impl Change {
    /// The key that asks for this change. Changes of the same key that are committed together ask the database for it once,
    /// unless one of them runs another statement.
    pub async fn caller(
        &mut self,
        installation: InstallationId,
        id: KeyId,
    ) -> Result<Option<Arc<CallingKey>>, StoreError> {
        let mut known = self.callers().map(std::mem::take).unwrap_or_default();
        if !known.contains_key(&(installation, id))
            && let Some(key) = self.key(installation, id).await?
        {
            let records = self.records_of_key(installation, id).await?;
            let secrets = records.into_iter().map(|record| (record.secret, record.secret_expires_at)).collect();
            let key = CallingKey { life: key.life, settings: key.key.settings, secrets };
            known.insert((installation, id), Arc::new(key));
        }
        let found = known.get(&(installation, id)).cloned();
        if let Some(callers) = self.callers() {
            *callers = known;
        }
        Ok(found)
    }

    /// A key of the installation, deleted or not, as this change sees it.
    pub async fn key(&mut self, installation: InstallationId, id: KeyId) -> Result<Option<StoredKey>, StoreError> {
        let row: Option<KeyRow> = on_tx!(self, connection => {
            sqlx::query_as(KEY_BY_ID).bind(installation.0).bind(id.0).fetch_optional(connection).await?
        });
        row.map(StoredKey::try_from).transpose()
    }

    /// Those of these keys that there are, as this change sees them.
    pub async fn keys(&mut self, installation: InstallationId, ids: &[KeyId]) -> Result<Vec<StoredKey>, StoreError> {
        let mut found = Vec::with_capacity(ids.len());
        for ids in ids.chunks(CHUNK) {
            let sql = keys_by_id(installation, ids);
            let rows: Vec<KeyRow> =
                on_tx!(self, connection => query!(query_as, sql, connection).fetch_all(connection).await?);
            for row in rows {
                found.push(row.try_into()?);
            }
        }
        Ok(found)
    }
}
