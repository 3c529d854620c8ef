use model::{
    ClientName, Environment, Hint, InstallationId, Instant, Key, KeyId, KeyKind, LifeCycle, Limit, Metadata,
    NetworkSet, OriginSet, Preset, ScopeSet,
};
use serde_json::from_str;
use uuid::Uuid;

use super::StoredKey;
use crate::{Change, Store, StoreError, change::on_tx, db::on_db};

/// A statement that gives [`KeyRow`]s.
macro_rules! key_select {
    ($rest:literal) => {
        concat!(
            "SELECT id, installation_id, kind, client_name, hint, environment, preset, scopes, allowed_ips, allowed_origins, \
             rate_limit, quota, metadata, owner_email, notes, disabled_at, expires_at, deleted_at, last_used_at, created_at, updated_at, version, epoch ",
            $rest
        )
    };
}

pub(crate) use key_select;

#[derive(sqlx::FromRow)]
pub(crate) struct KeyRow {
    id: Uuid,
    installation_id: Uuid,
    kind: String,
    client_name: String,
    hint: String,
    environment: String,
    preset: String,
    scopes: String,
    allowed_ips: String,
    allowed_origins: String,
    rate_limit: Option<String>,
    quota: Option<String>,
    metadata: String,
    owner_email: Option<String>,
    notes: Option<String>,
    disabled_at: Option<i64>,
    expires_at: Option<i64>,
    deleted_at: Option<i64>,
    last_used_at: i64,
    created_at: i64,
    updated_at: i64,
    version: i64,
    epoch: i64,
}

pub(crate) fn instant(ms: Option<i64>) -> Option<Instant> {
    ms.map(Instant::from_millis)
}

pub(crate) fn kind(text: &str) -> Result<KeyKind, StoreError> {
    match text {
        "default" => Ok(KeyKind::Default),
        "issued" => Ok(KeyKind::Issued),
        _ => Err(StoreError::Corrupt { column: "api_key.kind" }),
    }
}

pub(crate) fn client_name(text: &str) -> Result<ClientName, StoreError> {
    ClientName::parse(text).map_err(|_| StoreError::Corrupt { column: "api_key.client_name" })
}

pub(crate) fn scopes(text: &str) -> Result<ScopeSet, StoreError> {
    from_str(text).map_err(|_| StoreError::Corrupt { column: "api_key.scopes" })
}

/// Most keys are bound to nothing, and a million of them are read at a start.
const NOTHING: &[u8] = b"[]";

pub(crate) fn networks(text: &str) -> Result<NetworkSet, StoreError> {
    if text.as_bytes() == NOTHING {
        return Ok(NetworkSet::default());
    }
    from_str(text).map_err(|_| StoreError::Corrupt { column: "api_key.allowed_ips" })
}

pub(crate) fn origins(text: &str) -> Result<OriginSet, StoreError> {
    if text.as_bytes() == NOTHING {
        return Ok(OriginSet::default());
    }
    from_str(text).map_err(|_| StoreError::Corrupt { column: "api_key.allowed_origins" })
}

pub(crate) fn environment(text: &str) -> Result<Environment, StoreError> {
    text.parse().map_err(|_| StoreError::Corrupt { column: "api_key.environment" })
}

impl TryFrom<KeyRow> for StoredKey {
    type Error = StoreError;

    fn try_from(row: KeyRow) -> Result<Self, StoreError> {
        let life = LifeCycle {
            disabled_at: instant(row.disabled_at),
            expires_at: instant(row.expires_at),
            deleted_at: instant(row.deleted_at),
        };
        let limit = |text: Option<String>, column| -> Result<Option<Limit>, StoreError> {
            text.map(|text| from_str(&text)).transpose().map_err(|_| StoreError::Corrupt { column })
        };
        let metadata: Metadata =
            from_str(&row.metadata).map_err(|_| StoreError::Corrupt { column: "api_key.metadata" })?;
        let owner_email = row.owner_email.map(|text| text.parse()).transpose();
        let notes = row.notes.map(|text| text.parse()).transpose();
        let preset: Preset = row.preset.parse().map_err(|_| StoreError::Corrupt { column: "api_key.preset" })?;
        let key = Key {
            id: KeyId(row.id),
            kind: kind(&row.kind)?,
            client_name: client_name(&row.client_name)?,
            hint: Hint(row.hint),
            environment: environment(&row.environment)?,
            preset,
            scopes: scopes(&row.scopes)?,
            status: life.status(Instant::from_millis(row.updated_at)),
            allowed_ips: networks(&row.allowed_ips)?,
            allowed_origins: origins(&row.allowed_origins)?,
            rate_limit: limit(row.rate_limit, "api_key.rate_limit")?,
            quota: limit(row.quota, "api_key.quota")?,
            expires_at: life.expires_at,
            last_used_at: instant(Some(row.last_used_at).filter(|ms| *ms != 0)),
            created_at: Instant::from_millis(row.created_at),
            updated_at: Instant::from_millis(row.updated_at),
            deleted_at: life.deleted_at,
            version: row.version,
            metadata,
            owner_email: owner_email.map_err(|_| StoreError::Corrupt { column: "api_key.owner_email" })?,
            notes: notes.map_err(|_| StoreError::Corrupt { column: "api_key.notes" })?,
        };
        Ok(Self { installation: InstallationId(row.installation_id), key, life, epoch: row.epoch })
    }
}

pub(crate) const KEY_BY_ID: &str = key_select!("FROM api_key WHERE installation_id = $1 AND id = $2");
pub(crate) const DEFAULT_KEY: &str = key_select!("FROM api_key WHERE installation_id = $1 AND kind = 'default'");
pub(crate) const COUNT_NAMED: &str = "SELECT COUNT(*) FROM api_key WHERE installation_id = $1 AND client_name_folded = $2 \
     AND kind = 'issued' AND deleted_at IS NULL AND id <> $3";

impl Store {
    /// A key of the installation, deleted or not.
    pub async fn key(&self, installation: InstallationId, id: KeyId) -> Result<Option<StoredKey>, StoreError> {
        let row: Option<KeyRow> =
            on_db!(self, pool => sqlx::query_as(KEY_BY_ID).bind(installation.0).bind(id.0).fetch_optional(pool).await?);
        row.map(StoredKey::try_from).transpose()
    }

    /// The installation's Default API Key.
    pub async fn default_key(&self, installation: InstallationId) -> Result<Option<StoredKey>, StoreError> {
        let row: Option<KeyRow> =
            on_db!(self, pool => sqlx::query_as(DEFAULT_KEY).bind(installation.0).fetch_optional(pool).await?);
        row.map(StoredKey::try_from).transpose()
    }

    /// Issued keys whose folded Client Name is this, `except` one.
    pub async fn count_named(
        &self,
        installation: InstallationId,
        folded: &str,
        except: KeyId,
    ) -> Result<u64, StoreError> {
        let count: i64 = on_db!(self, pool => {
            sqlx::query_scalar(COUNT_NAMED).bind(installation.0).bind(folded).bind(except.0).fetch_one(pool).await?
        });
        Ok(count.unsigned_abs())
    }
}

impl Change {
    /// A key of the installation, deleted or not, as this change sees it.
    pub async fn key(&mut self, installation: InstallationId, id: KeyId) -> Result<Option<StoredKey>, StoreError> {
        let row: Option<KeyRow> = on_tx!(self, connection => {
            sqlx::query_as(KEY_BY_ID).bind(installation.0).bind(id.0).fetch_optional(connection).await?
        });
        row.map(StoredKey::try_from).transpose()
    }
}
