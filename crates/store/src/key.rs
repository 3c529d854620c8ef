use model::{
    ClientName, Environment, Hint, InstallationId, Instant, Key, KeyId, KeyKind, KeySettings, KeyStatus, LifeCycle,
    Limit, Metadata, NetworkSet, OriginSet, Preset, ScopeSet, SecretId,
};
use serde_json::from_str;
use uuid::Uuid;

use crate::{
    Store, StoreError,
    db::on_db,
    sql::{Sql, Value},
};

/// HMAC-SHA-256 of a whole secret under a pepper.
pub type Digest = [u8; 32];

/// A key as it stands in its row; what a person sees of it depends on `now`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    /// Whose.
    pub installation: InstallationId,
    /// The key; its `status` is that of the instant given to [`StoredKey::at`].
    key: Key,
    /// What decides its status.
    pub life: LifeCycle,
    /// The epoch of its last change.
    pub epoch: i64,
}

impl StoredKey {
    /// A key that is about to be written for the first time. Its status says whether it begins disabled.
    pub fn new(installation: InstallationId, key: Key, epoch: i64) -> Self {
        let disabled_at = (key.status == KeyStatus::Disabled).then_some(key.created_at);
        let life = LifeCycle { disabled_at, expires_at: key.expires_at, deleted_at: None };
        Self { installation, key, life, epoch }
    }

    /// The key as it is seen at `now`.
    pub fn at(self, now: Instant) -> Key {
        Key { status: self.life.status(now), ..self.key }
    }

    /// Its id.
    pub fn id(&self) -> KeyId {
        self.key.id
    }

    /// Whose it is.
    pub fn kind(&self) -> KeyKind {
        self.key.kind
    }

    /// Whom it was generated for.
    pub fn client_name(&self) -> &ClientName {
        &self.key.client_name
    }

    /// What it may do.
    pub fn scopes(&self) -> &ScopeSet {
        &self.key.scopes
    }

    /// Grows with each change.
    pub fn version(&self) -> i64 {
        self.key.version
    }

    /// All of it that can be edited.
    pub fn settings(&self) -> KeySettings {
        KeySettings { enabled: self.life.disabled_at.is_none(), ..self.key.settings() }
    }

    pub(crate) fn columns(&self) -> &Key {
        &self.key
    }
}

/// A secret about to be written.
#[derive(Clone, Debug)]
pub struct NewSecret {
    /// Its own id.
    pub id: SecretId,
    /// What it is looked up by.
    pub digest: Digest,
    /// What may be shown of it.
    pub hint: Hint,
    /// The pepper that the digest was made with.
    pub pepper_id: String,
    /// The copy that can be revealed, where the installation keeps one.
    pub sealed: Option<SealedCopy>,
}

/// A secret under a data key of its own, and the data key under the master key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedCopy {
    /// Which master key.
    pub master_key_id: String,
    /// Nonce, data key under the master key, tag.
    pub wrapped_key: Vec<u8>,
    /// Nonce, secret under the data key, tag.
    pub sealed_secret: Vec<u8>,
}

/// The beginning of a statement that writes secrets.
pub(crate) fn secret_columns() -> Sql {
    Sql::new(
        "INSERT INTO api_key_secret (id, installation_id, key_id, digest, hint, pepper_id, master_key_id, wrapped_key, \
         sealed_secret, created_at) VALUES ",
    )
}

/// One row of it.
pub(crate) fn push_secret(sql: &mut Sql, installation: InstallationId, key: KeyId, secret: &NewSecret, now: Instant) {
    let sealed = secret.sealed.as_ref();
    sql.push("(").id(secret.id.0).push(", ").id(installation.0).push(", ").id(key.0);
    sql.push(", ").bind(Value::Bytes(secret.digest.to_vec())).push(", ").text(&secret.hint.0);
    sql.push(", ").text(&secret.pepper_id);
    sql.push(", ").bind(Value::MaybeText(sealed.map(|copy| copy.master_key_id.clone())));
    sql.push(", ").bind(Value::MaybeBytes(sealed.map(|copy| copy.wrapped_key.clone())));
    sql.push(", ").bind(Value::MaybeBytes(sealed.map(|copy| copy.sealed_secret.clone())));
    sql.push(", ").int(now.as_millis()).push(")");
}

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
pub(crate) const SEALED_OF_KEY: &str = "SELECT id, master_key_id, wrapped_key, sealed_secret FROM api_key_secret \
     WHERE installation_id = $1 AND key_id = $2 AND expires_at IS NULL";

#[derive(sqlx::FromRow)]
pub(crate) struct SealedRow {
    id: Uuid,
    master_key_id: Option<String>,
    wrapped_key: Option<Vec<u8>>,
    sealed_secret: Option<Vec<u8>>,
}

impl SealedRow {
    pub(crate) fn into_copy(self) -> (SecretId, Option<SealedCopy>) {
        let copy = match (self.master_key_id, self.wrapped_key, self.sealed_secret) {
            (Some(master_key_id), Some(wrapped_key), Some(sealed_secret)) => {
                Some(SealedCopy { master_key_id, wrapped_key, sealed_secret })
            }
            _ => None,
        };
        (SecretId(self.id), copy)
    }
}

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
}
