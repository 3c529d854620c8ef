use model::{Hint, InstallationId, Instant, KeyId, SecretId, SecretInfo};
use uuid::Uuid;

use crate::{
    Change, Store, StoreError, StoredKey,
    api_key::{INSERT_KEYS, key_row},
    db::on_db,
    group::on_tx,
    inserts::Insert,
    row::row,
    sql::{CHUNK, Sql, Value, instant, query},
};

/// HMAC-SHA-256 of a whole secret under a pepper.
pub type Digest = [u8; 32];

/// A secret about to be written.
#[derive(Clone, Debug)]
pub struct NewSecret {
    /// Its own id.
    pub id: SecretId,
    /// The digest by which it is looked up.
    pub digest: Digest,
    /// The part that may be shown.
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

/// The beginning of the statement that writes secrets.
const INSERT_SECRETS: Insert = Insert(
    "INSERT INTO api_key_secret (id, installation_id, key_id, digest, hint, pepper_id, \
     master_key_id, wrapped_key, sealed_secret, created_at, expires_at) VALUES ",
);

/// The end of a secret that is about to take the place of another: the last there is.
const NOT_YET: i64 = i64::MAX;

/// One row of it.
fn secret_row(
    installation: InstallationId,
    key: KeyId,
    secret: &NewSecret,
    now: Instant,
    expires_at: Option<i64>,
) -> Sql {
    let sealed = secret.sealed.as_ref();
    let mut sql = Sql::new("(");
    sql.id(secret.id.0).push(", ").id(installation.0).push(", ").id(key.0);
    sql.push(", ").bind(Value::Bytes(secret.digest.to_vec())).push(", ").text(&secret.hint.0);
    sql.push(", ").text(&secret.pepper_id);
    sql.push(", ").bind(Value::MaybeText(sealed.map(|copy| copy.master_key_id.clone())));
    sql.push(", ").bind(Value::MaybeBytes(sealed.map(|copy| copy.wrapped_key.clone())));
    sql.push(", ").bind(Value::MaybeBytes(sealed.map(|copy| copy.sealed_secret.clone())));
    sql.push(", ").int(now.as_millis()).push(", ").bind(Value::MaybeInt(expires_at)).push(")");
    sql
}

/// The newest secret but $5 ends at $3, the ones before it at once.
pub(crate) const SUPERSEDE: &str = "UPDATE api_key_secret SET expires_at = CASE WHEN expires_at IS NULL \
     THEN CAST($3 AS BIGINT) ELSE CAST($4 AS BIGINT) END WHERE installation_id = $1 AND key_id = $2 \
     AND id <> $5 AND (expires_at IS NULL OR expires_at > $4)";
/// The database has done this already for a secret of the Default API Key.
pub(crate) const SUCCEED: &str = "UPDATE api_key_secret SET expires_at = NULL \
     WHERE installation_id = $1 AND key_id = $2 AND id = $3 AND expires_at IS NOT NULL";
pub(crate) const END_OVERLAP: &str =
    "UPDATE api_key_secret SET expires_at = $3 WHERE installation_id = $1 AND key_id = $2 AND expires_at > $3";
pub(crate) const SECRETS_OF_KEY: &str = "SELECT id, hint, created_at, expires_at, last_used_at FROM api_key_secret \
     WHERE installation_id = $1 AND key_id = $2 ORDER BY (expires_at IS NULL) DESC, expires_at DESC, id DESC";

pub(crate) const SEALED_OF_KEY: &str = "SELECT id, master_key_id, wrapped_key, sealed_secret FROM api_key_secret \
     WHERE installation_id = $1 AND key_id = $2 AND expires_at IS NULL";
/// Secrets that a newer one replaced.
pub(crate) const PURGE_ENDED: &str = "DELETE FROM api_key_secret WHERE expires_at IS NOT NULL AND expires_at <= $1";
pub(crate) const PURGE_SECRETS: &str = "DELETE FROM api_key_secret WHERE key_id IN \
     (SELECT id FROM api_key WHERE deleted_at IS NOT NULL AND deleted_at <= $1)";

row! {
    struct SealedRow {
        id: Uuid,
        master_key_id: Option<String>,
        wrapped_key: Option<Vec<u8>>,
        sealed_secret: Option<Vec<u8>>,
    }
}

impl SealedRow {
    fn into_copy(self) -> (SecretId, Option<SealedCopy>) {
        let copy = match (self.master_key_id, self.wrapped_key, self.sealed_secret) {
            (Some(master_key_id), Some(wrapped_key), Some(sealed_secret)) => {
                Some(SealedCopy { master_key_id, wrapped_key, sealed_secret })
            }
            _ => None,
        };
        (SecretId(self.id), copy)
    }
}

row! {
    struct SecretRow {
        id: Uuid,
        hint: String,
        created_at: i64,
        expires_at: Option<i64>,
        last_used_at: i64,
    }
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

/// The column `former_digest`.
pub(crate) fn former(digest: Option<Vec<u8>>) -> Result<Option<Digest>, StoreError> {
    let corrupt = |_| StoreError::Corrupt { column: "api_key_secret.former_digest" };
    digest.map(|digest| digest.try_into().map_err(corrupt)).transpose()
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
    /// Writes new keys, each with its first secret.
    pub async fn insert_keys(&mut self, keys: &[(StoredKey, NewSecret)]) -> Result<(), StoreError> {
        self.insert_keys_later(keys);
        // Asks nothing, and so writes what is kept.
        on_tx!(self, _connection => {});
        Ok(())
    }

    /// The same, together with those of other changes, and before anything is read. For keys that the database can't
    /// refuse: if it did, the whole group would fail.
    pub fn insert_keys_later(&mut self, keys: &[(StoredKey, NewSecret)]) {
        let epoch = self.epoch();
        let inserts = &mut self.kept().inserts;
        for (stored, secret) in keys {
            let key = stored.columns();
            inserts.add(INSERT_KEYS, key_row(stored, epoch));
            inserts.add(INSERT_SECRETS, secret_row(stored.installation, key.id, secret, key.created_at, None));
        }
    }

    /// Gives a key a new secret; the one that it takes the place of works until `end`, older ones end now. False: there is no
    /// such key, or it is deleted.
    ///
    /// The new secret is there before the old one gets an end, so that the database can refuse whatever would leave the
    /// Default API Key without a secret.
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
        let mut sql = Sql::new(INSERT_SECRETS.0);
        sql.append(secret_row(installation, key, secret, now, Some(NOT_YET)));
        self.execute(sql).await?;
        on_tx!(self, connection => {
            sqlx::query(SUPERSEDE)
                .bind(installation.0)
                .bind(key.0)
                .bind(end.as_millis())
                .bind(now.as_millis())
                .bind(secret.id.0)
                .execute(&mut *connection)
                .await?;
            sqlx::query(SUCCEED)
                .bind(installation.0)
                .bind(key.0)
                .bind(secret.id.0)
                .execute(connection)
                .await?;
        });
        Ok(true)
    }

    /// Ends at once the secrets of a key that were to end later. Returns how many there were.
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

    /// The digests of the secrets of many keys of the installation, each with the one that it had under another pepper.
    pub async fn digests_of_keys(
        &mut self,
        installation: InstallationId,
        keys: &[KeyId],
    ) -> Result<Vec<(KeyId, Digest, Option<Digest>)>, StoreError> {
        let mut digests = Vec::with_capacity(keys.len());
        for chunk in keys.chunks(CHUNK) {
            let mut sql = Sql::new("SELECT key_id, digest, former_digest FROM api_key_secret WHERE installation_id = ");
            sql.id(installation.0).push(" AND key_id IN ").list(chunk, |sql, id| {
                sql.id(id.0);
            });
            let rows: Vec<(Uuid, Vec<u8>, Option<Vec<u8>>)> =
                on_tx!(self, connection => query!(query_as, sql, connection).fetch_all(connection).await?);
            for (key, digest, other) in rows {
                let digest = digest.try_into().map_err(|_| StoreError::Corrupt { column: "api_key_secret.digest" })?;
                digests.push((KeyId(key), digest, former(other)?));
            }
        }
        Ok(digests)
    }

    /// The newest secret of a key and its sealed copy, if one is kept.
    pub async fn sealed_copy(
        &mut self,
        installation: InstallationId,
        key: KeyId,
    ) -> Result<Option<(SecretId, Option<SealedCopy>)>, StoreError> {
        let row: Option<SealedRow> = on_tx!(self, connection => {
            sqlx::query_as(SEALED_OF_KEY).bind(installation.0).bind(key.0).fetch_optional(connection).await?
        });
        Ok(row.map(SealedRow::into_copy))
    }
}
