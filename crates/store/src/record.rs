use model::{
    ClientName, Environment, InstallationId, Instant, KeyId, KeyKind, LifeCycle, NetworkSet, OriginSet, ScopeSet,
    SecretId,
};
use uuid::Uuid;

use crate::{
    Change, Digest, NewSecret, Store, StoreError, StoredKey,
    api_key::{client_name, environment, kind, networks, origins, scopes},
    db::{on_apart, on_db},
    group::on_tx,
    sql::{CHUNK, Sql, instant, query},
};

/// All that verification needs to know of one secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRecord {
    /// The digest by which the secret is looked up.
    pub digest: Digest,
    /// The secret.
    pub secret: SecretId,
    /// When this secret, superseded by a rotation, stops working.
    pub secret_expires_at: Option<Instant>,
    /// Whose key.
    pub installation: InstallationId,
    /// The key.
    pub key: KeyId,
    /// Whose it is.
    pub kind: KeyKind,
    /// Whom it was generated for.
    pub client_name: ClientName,
    /// Which data it reaches.
    pub environment: Environment,
    /// Its scopes.
    pub scopes: ScopeSet,
    /// From which addresses it may be used.
    pub networks: NetworkSet,
    /// From which web origins it may be used.
    pub origins: OriginSet,
    /// What decides its status.
    pub life: LifeCycle,
    /// The last allowed call with this secret, as written down so far; `None`: never.
    pub last_used_at: Option<Instant>,
    /// The epoch of the key's last change: of two records of one digest, the higher is the newer.
    pub epoch: i64,
}

impl StoredRecord {
    /// The record of a key that was just written with its first secret.
    pub fn of_new(key: &StoredKey, secret: &NewSecret) -> Self {
        let columns = key.columns();
        Self {
            digest: secret.digest,
            secret: secret.id,
            secret_expires_at: None,
            installation: key.installation,
            key: columns.id,
            kind: columns.kind,
            client_name: columns.settings.client_name.clone(),
            environment: columns.environment,
            scopes: columns.settings.scopes.clone(),
            networks: columns.settings.allowed_ips.clone(),
            origins: columns.settings.allowed_origins.clone(),
            life: key.life,
            last_used_at: None,
            epoch: key.epoch,
        }
    }
}

#[derive(sqlx::FromRow)]
struct RecordRow {
    digest: Vec<u8>,
    secret_id: Uuid,
    secret_expires_at: Option<i64>,
    installation_id: Uuid,
    key_id: Uuid,
    kind: String,
    client_name: String,
    environment: String,
    scopes: String,
    allowed_ips: String,
    allowed_origins: String,
    disabled_at: Option<i64>,
    expires_at: Option<i64>,
    deleted_at: Option<i64>,
    last_used_at: i64,
    epoch: i64,
}

impl TryFrom<RecordRow> for StoredRecord {
    type Error = StoreError;

    fn try_from(row: RecordRow) -> Result<Self, StoreError> {
        Ok(Self {
            digest: row.digest.try_into().map_err(|_| StoreError::Corrupt { column: "api_key_secret.digest" })?,
            secret: SecretId(row.secret_id),
            secret_expires_at: instant(row.secret_expires_at),
            installation: InstallationId(row.installation_id),
            key: KeyId(row.key_id),
            kind: kind(&row.kind)?,
            client_name: client_name(&row.client_name)?,
            environment: environment(&row.environment)?,
            scopes: scopes(&row.scopes)?,
            networks: networks(&row.allowed_ips)?,
            origins: origins(&row.allowed_origins)?,
            life: LifeCycle {
                disabled_at: instant(row.disabled_at),
                expires_at: instant(row.expires_at),
                deleted_at: instant(row.deleted_at),
            },
            last_used_at: instant(Some(row.last_used_at).filter(|ms| *ms != 0)),
            epoch: row.epoch,
        })
    }
}

macro_rules! record_select {
    ($rest:literal) => {
        concat!(
            "SELECT s.digest, s.id AS secret_id, s.expires_at AS secret_expires_at, k.installation_id, k.id AS key_id, k.kind, \
             k.client_name, k.environment, k.scopes, k.allowed_ips, k.allowed_origins, k.disabled_at, k.expires_at, k.deleted_at, \
             s.last_used_at, k.epoch ",
            $rest
        )
    };
}

pub(crate) const RECORD_BY_DIGEST: &str =
    record_select!("FROM api_key_secret s JOIN api_key k ON k.id = s.key_id WHERE s.digest = $1");
pub(crate) const RECORDS_OF_KEY: &str = record_select!(
    "FROM api_key_secret s JOIN api_key k ON k.id = s.key_id WHERE k.installation_id = $1 AND k.id = $2"
);
pub(crate) const RECORDS_CHANGED: &str = record_select!(
    "FROM api_key k JOIN api_key_secret s ON s.key_id = k.id WHERE k.epoch > $1 AND k.epoch <= $2 ORDER BY k.epoch"
);
pub(crate) const RECORDS_AFTER: &str =
    record_select!("FROM api_key_secret s JOIN api_key k ON k.id = s.key_id WHERE s.id > $1 ORDER BY s.id LIMIT $2");
pub(crate) const EPOCH: &str = "SELECT value FROM epoch WHERE id = 1";

fn records(rows: Vec<RecordRow>) -> Result<Vec<StoredRecord>, StoreError> {
    rows.into_iter().map(StoredRecord::try_from).collect()
}

impl Store {
    /// The record of a secret, whichever installation's: one indexed read.
    pub async fn record_by_digest(&self, digest: &Digest) -> Result<Option<StoredRecord>, StoreError> {
        let row: Option<RecordRow> = on_apart!(&self.lookups, pool => sqlx::query_as(RECORD_BY_DIGEST).bind(&digest[..]).fetch_optional(pool).await?);
        row.map(StoredRecord::try_from).transpose()
    }

    /// The records of all secrets of a key.
    pub async fn records_of_key(
        &self,
        installation: InstallationId,
        key: KeyId,
    ) -> Result<Vec<StoredRecord>, StoreError> {
        records(
            on_db!(self, pool => sqlx::query_as(RECORDS_OF_KEY).bind(installation.0).bind(key.0).fetch_all(pool).await?),
        )
    }

    /// The records of all keys that changed after epoch `after`, up to and with `upto`.
    pub async fn records_changed(&self, after: i64, upto: i64) -> Result<Vec<StoredRecord>, StoreError> {
        records(
            on_apart!(&self.poll, pool => sqlx::query_as(RECORDS_CHANGED).bind(after).bind(upto).fetch_all(pool).await?),
        )
    }

    /// Up to `limit` records in the order of their secrets' ids, after the given one.
    pub async fn records_after(&self, after: SecretId, limit: i64) -> Result<Vec<StoredRecord>, StoreError> {
        records(on_db!(self, pool => sqlx::query_as(RECORDS_AFTER).bind(after.0).bind(limit).fetch_all(pool).await?))
    }

    /// The epoch: it moves with each change of truth. Asked on the connection of the poll, as all that the poll reads.
    pub async fn epoch(&self) -> Result<i64, StoreError> {
        Ok(on_apart!(&self.poll, pool => sqlx::query_scalar(EPOCH).fetch_one(pool).await?))
    }
}

impl Change {
    /// The records of all secrets of a key, as this change leaves them.
    pub async fn records_of_key(
        &mut self,
        installation: InstallationId,
        key: KeyId,
    ) -> Result<Vec<StoredRecord>, StoreError> {
        let rows: Vec<RecordRow> = on_tx!(self, connection => {
            sqlx::query_as(RECORDS_OF_KEY).bind(installation.0).bind(key.0).fetch_all(connection).await?
        });
        rows.into_iter().map(StoredRecord::try_from).collect()
    }

    /// The records of all secrets of many keys of the installation, as this change leaves them.
    pub async fn records_of_keys(
        &mut self,
        installation: InstallationId,
        keys: &[KeyId],
    ) -> Result<Vec<StoredRecord>, StoreError> {
        let mut records = Vec::with_capacity(keys.len());
        for chunk in keys.chunks(CHUNK) {
            let mut sql = Sql::new(record_select!(
                "FROM api_key k JOIN api_key_secret s ON s.key_id = k.id WHERE k.installation_id = "
            ));
            sql.id(installation.0).push(" AND k.id IN ").list(chunk, |sql, id| {
                sql.id(id.0);
            });
            let rows: Vec<RecordRow> = on_tx!(self, connection => {
                query!(query_as, sql, connection).fetch_all(connection).await?
            });
            for row in rows {
                records.push(row.try_into()?);
            }
        }
        Ok(records)
    }
}
