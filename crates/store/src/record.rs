use model::{
    ClientName, ContactCentreLimits, Environment, InstallationId, Instant, KeyId, KeyKind, LifeCycle, NetworkSet,
    OriginSet, Quotas, RateLimits, ScopeSet, SecretId, Trial, WorldName,
};
use sqlx::{ColumnIndex, Decode, FromRow, Row, Type};
use uuid::Uuid;

use crate::{
    Change, Digest, NewSecret, Store, StoreError, StoredKey,
    api_key::{
        client_name, contact_centre, environment, kind, networks, origins, quotas, rate_limits, sandbox_world, scopes,
    },
    api_key_secret::former,
    db::{on_apart, on_db},
    group::on_tx,
    live_keys::live_keys,
    row::row,
    sql::{CHUNK, Sql, Value, instant, query},
    trial::trial,
};

/// All that verification needs to know of one secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRecord {
    /// The digest by which the secret is looked up.
    pub digest: Digest,
    /// The digest by which it was looked up before it got another pepper.
    pub former: Option<Digest>,
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
    /// How many calls it may make in windows of time.
    pub rate_limits: RateLimits,
    /// How many calls it may make in periods of the calendar.
    pub quotas: Quotas,
    /// What it may do in units of the contact centre.
    pub contact_centre: ContactCentreLimits,
    /// The world of the sandbox that it reaches; `None`: the one that all share.
    pub sandbox_world: Option<WorldName>,
    /// What decides its status.
    pub life: LifeCycle,
    /// The last allowed call with this secret, as written down so far; `None`: never.
    pub last_used_at: Option<Instant>,
    /// The restriction of its key that is tried.
    pub trial: Option<Trial>,
    /// The epoch of the key's last change: of two records of one digest, the higher is the newer.
    pub epoch: i64,
}

impl StoredRecord {
    /// The record of a key that was just written with its first secret.
    pub fn of_new(key: &StoredKey, secret: &NewSecret) -> Self {
        let columns = key.columns();
        Self {
            digest: secret.digest,
            former: None,
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
            rate_limits: columns.settings.rate_limits.clone(),
            quotas: columns.settings.quotas.clone(),
            contact_centre: columns.settings.contact_centre.clone(),
            sandbox_world: columns.settings.sandbox_world.clone(),
            life: key.life,
            last_used_at: None,
            trial: None,
            epoch: key.epoch,
        }
    }
}

row! {
    struct RecordRow {
        digest: Vec<u8>,
        former_digest: Option<Vec<u8>>,
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
        rate_limits: String,
        quotas: String,
        contact_centre: String,
        sandbox_world: Option<String>,
        disabled_at: Option<i64>,
        expires_at: Option<i64>,
        deleted_at: Option<i64>,
        last_used_at: i64,
        epoch: i64,
        trial_started_at: Option<i64>,
        trial_ends_at: Option<i64>,
        trial_restriction: Option<String>,
    }
}

impl TryFrom<RecordRow> for StoredRecord {
    type Error = StoreError;

    fn try_from(row: RecordRow) -> Result<Self, StoreError> {
        Ok(Self {
            digest: row.digest.try_into().map_err(|_| StoreError::Corrupt { column: "api_key_secret.digest" })?,
            former: former(row.former_digest)?,
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
            rate_limits: rate_limits(&row.rate_limits)?,
            quotas: quotas(&row.quotas)?,
            contact_centre: contact_centre(&row.contact_centre)?,
            sandbox_world: sandbox_world(row.sandbox_world)?,
            life: LifeCycle {
                disabled_at: instant(row.disabled_at),
                expires_at: instant(row.expires_at),
                deleted_at: instant(row.deleted_at),
            },
            last_used_at: instant(Some(row.last_used_at).filter(|ms| *ms != 0)),
            trial: trial(row.trial_started_at, row.trial_ends_at, row.trial_restriction.as_deref()),
            epoch: row.epoch,
        })
    }
}

/// A row that this release can't read: one that a newer release wrote, or that was damaged. It refuses itself, and no other.
#[derive(Clone, Debug)]
pub struct Unreadable {
    /// The digest, if that can be read: its secret is to be refused.
    pub digest: Option<Digest>,
    /// The digest by which it was looked up before.
    pub former: Option<Digest>,
    /// The key.
    pub key: Option<KeyId>,
    /// The secret.
    pub secret: Option<SecretId>,
    /// The epoch of the key's last change.
    pub epoch: i64,
    /// What can't be read.
    pub error: StoreError,
}

/// Records, and the rows beside them that can't be read.
#[derive(Clone, Debug, Default)]
pub struct Records {
    /// Those that can.
    pub read: Vec<StoredRecord>,
    /// Those that can't.
    pub unreadable: Vec<Unreadable>,
}

impl From<Vec<StoredRecord>> for Records {
    fn from(read: Vec<StoredRecord>) -> Self {
        Self { read, unreadable: Vec::new() }
    }
}

impl Records {
    /// The newest secret of a page in the order of secrets; `None`: the page is empty.
    pub fn last_secret(&self) -> Option<SecretId> {
        let unreadable = self.unreadable.iter().filter_map(|row| row.secret);
        self.read.iter().map(|record| record.secret).chain(unreadable).max()
    }

    fn add<'r, R: Row>(&mut self, row: &'r R)
    where
        RecordRow: FromRow<'r, R>,
        &'static str: ColumnIndex<R>,
        Vec<u8>: Decode<'r, R::Database> + Type<R::Database>,
        Uuid: Decode<'r, R::Database> + Type<R::Database>,
        i64: Decode<'r, R::Database> + Type<R::Database>,
    {
        match RecordRow::from_row(row).map_err(StoreError::from).and_then(StoredRecord::try_from) {
            Ok(record) => self.read.push(record),
            Err(error) => self.unreadable.push(Unreadable {
                digest: row.try_get::<Vec<u8>, _>("digest").ok().and_then(|digest| digest.try_into().ok()),
                former: row.try_get::<Vec<u8>, _>("former_digest").ok().and_then(|digest| digest.try_into().ok()),
                key: row.try_get("key_id").ok().map(KeyId),
                secret: row.try_get("secret_id").ok().map(SecretId),
                epoch: row.try_get("epoch").unwrap_or(i64::MAX),
                error,
            }),
        }
    }
}

macro_rules! record_select {
    ($from:literal, $rest:literal) => {
        concat!(
            "SELECT s.digest, s.former_digest, s.id AS secret_id, s.expires_at AS secret_expires_at, k.installation_id, k.id AS key_id, k.kind, \
             k.client_name, k.environment, k.scopes, k.allowed_ips, k.allowed_origins, k.rate_limits, k.quotas, k.contact_centre, \
             k.sandbox_world, k.disabled_at, k.expires_at, k.deleted_at, s.last_used_at, k.epoch, t.started_at AS trial_started_at, t.ends_at AS trial_ends_at, \
             t.restriction AS trial_restriction ",
            $from,
            " LEFT JOIN trial t ON t.key_id = k.id WHERE ",
            live_keys!("k"),
            $rest
        )
    };
}

pub(crate) const RECORD_BY_DIGEST: &str =
    record_select!("FROM api_key_secret s JOIN api_key k ON k.id = s.key_id", " AND s.digest = $1");
pub(crate) const RECORD_BY_SECRET: &str =
    record_select!("FROM api_key_secret s JOIN api_key k ON k.id = s.key_id", " AND s.id = $1");
pub(crate) const RECORDS_OF_KEY: &str = record_select!(
    "FROM api_key_secret s JOIN api_key k ON k.id = s.key_id",
    " AND k.installation_id = $1 AND k.id = $2"
);
pub(crate) const RECORDS_CHANGED: &str = record_select!(
    "FROM api_key k JOIN api_key_secret s ON s.key_id = k.id",
    " AND k.epoch > $1 AND k.epoch <= $2 ORDER BY k.epoch"
);
pub(crate) const RECORDS_AFTER: &str =
    record_select!("FROM api_key_secret s JOIN api_key k ON k.id = s.key_id", " AND s.id > $1 ORDER BY s.id LIMIT $2");
pub(crate) const EPOCH: &str = "SELECT value FROM epoch WHERE id = 1";

fn records(rows: Vec<RecordRow>) -> Result<Vec<StoredRecord>, StoreError> {
    rows.into_iter().map(StoredRecord::try_from).collect()
}

impl Store {
    /// The record of a secret, whichever installation's: one indexed read.
    pub async fn record_by_digest(&self, digest: &Digest) -> Result<Option<StoredRecord>, StoreError> {
        let row: Option<RecordRow> = on_apart!(self.lookups, pool => sqlx::query_as(RECORD_BY_DIGEST).bind(&digest[..]).fetch_optional(pool).await?);
        row.map(StoredRecord::try_from).transpose()
    }

    /// The record of a secret that has one of these digests, under one pepper or another: by the first that there is. Asked at once: a
    /// secret that gets another pepper meanwhile is found by the one or by the other.
    pub async fn record_by_digests(&self, digests: &[Digest]) -> Result<Option<StoredRecord>, StoreError> {
        if let [digest] = digests {
            return self.record_by_digest(digest).await;
        }
        let mut sql =
            Sql::new(record_select!("FROM api_key_secret s JOIN api_key k ON k.id = s.key_id", " AND s.digest IN "));
        sql.list(digests, |sql, digest| {
            sql.bind(Value::Bytes(digest.to_vec()));
        });
        let rows: Vec<RecordRow> = on_apart!(self.lookups, pool => query!(query_as, sql, pool).fetch_all(pool).await?);
        let place = |row: &RecordRow| digests.iter().position(|digest| digest[..] == row.digest[..]);
        rows.into_iter().min_by_key(place).map(StoredRecord::try_from).transpose()
    }

    /// The record of a secret by its id, whichever installation's: one indexed read.
    pub async fn record_by_secret(&self, secret: SecretId) -> Result<Option<StoredRecord>, StoreError> {
        let row: Option<RecordRow> = on_apart!(self.lookups, pool => sqlx::query_as(RECORD_BY_SECRET).bind(secret.0).fetch_optional(pool).await?);
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
    pub async fn records_changed(&self, after: i64, upto: i64) -> Result<Records, StoreError> {
        let mut records = Records::default();
        on_apart!(self.poll, pool => {
            let rows = sqlx::query(RECORDS_CHANGED).bind(after).bind(upto).fetch_all(pool).await?;
            rows.iter().for_each(|row| records.add(row));
        });
        Ok(records)
    }

    /// Up to `limit` records in the order of their secrets' ids, after the given one.
    pub async fn records_after(&self, after: SecretId, limit: i64) -> Result<Records, StoreError> {
        let mut records = Records::default();
        on_db!(self, pool => {
            let rows = sqlx::query(RECORDS_AFTER).bind(after.0).bind(limit).fetch_all(pool).await?;
            rows.iter().for_each(|row| records.add(row));
        });
        Ok(records)
    }

    /// The epoch: it moves with each change of truth. Asked on the connection of the poll, as all that the poll reads.
    pub async fn epoch(&self) -> Result<i64, StoreError> {
        Ok(on_apart!(self.poll, pool => sqlx::query_scalar(EPOCH).fetch_one(pool).await?))
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
    ) -> Result<Records, StoreError> {
        let mut records = Records::default();
        for chunk in keys.chunks(CHUNK) {
            let mut sql = Sql::new(record_select!(
                "FROM api_key k JOIN api_key_secret s ON s.key_id = k.id",
                " AND k.installation_id = "
            ));
            sql.id(installation.0).push(" AND k.id IN ").list(chunk, |sql, id| {
                sql.id(id.0);
            });
            on_tx!(self, connection => {
                let rows = query!(query, sql, connection).fetch_all(connection).await?;
                rows.iter().for_each(|row| records.add(row));
            });
        }
        Ok(records)
    }
}
