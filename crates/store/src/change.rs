use model::{Actor, InstallationId, Instant, KeyId, fold};
use sqlx::{Postgres, Sqlite, Transaction};
use uuid::Uuid;

use crate::{
    AuditEntry, Deployment, Digest, HASH_LEN, NewSecret, SealedCopy, Store, StoreError, StoredAnswer,
    StoredInstallation, StoredKey, StoredRecord,
    audit::{AUDIT_HEAD, hash},
    db::Db,
    idempotency::{FIND_ANSWER, KEEP_ANSWER},
    key::{KEY_BY_ID, KeyRow, SEALED_OF_KEY, SealedRow, push_secret, secret_columns},
    record::{RECORDS_OF_KEY, RecordRow, record_select},
    sql::{CHUNK, Sql, Value, query},
};

/// A transaction that changes truth. Its first act is to move the epoch, which also makes it the only one: the row lock
/// (PostgreSQL) or the write lock (SQLite) is held until the end, so epochs are committed in order.
///
/// Dropped without [`Change::commit`] it leaves nothing behind. Run it in a task of its own: a future that is dropped
/// half-way, because a client hung up, would otherwise leave the lock to the pool's clean-up.
#[derive(Debug)]
pub struct Change {
    pub(crate) tx: Tx,
    epoch: i64,
}

#[derive(Debug)]
pub(crate) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// Runs an expression on the transaction's connection, whichever the database.
macro_rules! on_tx {
    ($change:expr, $connection:ident => $body:expr) => {
        match &mut $change.tx {
            $crate::change::Tx::Sqlite(tx) => {
                let $connection = &mut **tx;
                $body
            }
            $crate::change::Tx::Postgres(tx) => {
                let $connection = &mut **tx;
                $body
            }
        }
    };
}

pub(crate) use on_tx;

/// Sets and pairs as they stand in a row: nothing but texts, which JSON can always hold.
macro_rules! json {
    ($value:expr) => {
        serde_json::to_string($value).unwrap_or_default()
    };
}

pub(crate) use json;

pub(crate) const MOVE_EPOCH: &str = "UPDATE epoch SET value = value + 1 WHERE id = 1 RETURNING value";
pub(crate) const RESTORE_KEY: &str = "UPDATE api_key SET deleted_at = NULL, updated_at = $3, version = version + 1, epoch = $4 \
     WHERE installation_id = $1 AND id = $2 AND deleted_at IS NOT NULL";
pub(crate) const COUNT_KEYS: &str = "UPDATE installation SET key_count = key_count + $2 WHERE id = $1";
pub(crate) const INSERT_INSTALLATION: &str =
    "INSERT INTO installation (id, name, title, recoverable, created_at) VALUES ($1, $2, $3, $4, $5)";
pub(crate) const SWITCH_MODULE: &str = "UPDATE installation SET disabled_at = $2 WHERE id = $1";
pub(crate) const INSERT_DEPLOYMENT: &str =
    "INSERT INTO deployment (id, key_prefix, keyring_proof, created_at) VALUES (1, $1, $2, $3)";

impl Store {
    /// Begins a change.
    pub async fn change(&self) -> Result<Change, StoreError> {
        match &self.db {
            Db::Sqlite { write, .. } => {
                let mut tx = write.begin_with("BEGIN IMMEDIATE").await?;
                let epoch = sqlx::query_scalar(MOVE_EPOCH).fetch_one(&mut *tx).await?;
                Ok(Change { tx: Tx::Sqlite(tx), epoch })
            }
            Db::Postgres { write, .. } => {
                let mut tx = write.begin().await?;
                let epoch = sqlx::query_scalar(MOVE_EPOCH).fetch_one(&mut *tx).await?;
                Ok(Change { tx: Tx::Postgres(tx), epoch })
            }
        }
    }
}

impl Change {
    /// The epoch that this change will have been.
    pub fn epoch(&self) -> i64 {
        self.epoch
    }

    /// Makes it so.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self.tx {
            Tx::Sqlite(tx) => tx.commit().await?,
            Tx::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// A key of the installation, deleted or not, as this change sees it.
    pub async fn key(&mut self, installation: InstallationId, id: KeyId) -> Result<Option<StoredKey>, StoreError> {
        let row: Option<KeyRow> = on_tx!(self, connection => {
            sqlx::query_as(KEY_BY_ID).bind(installation.0).bind(id.0).fetch_optional(connection).await?
        });
        row.map(StoredKey::try_from).transpose()
    }

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

    /// What the secrets of many keys of the installation are looked up by.
    pub async fn digests_of_keys(
        &mut self,
        installation: InstallationId,
        keys: &[KeyId],
    ) -> Result<Vec<(KeyId, Digest)>, StoreError> {
        let mut digests = Vec::with_capacity(keys.len());
        for chunk in keys.chunks(CHUNK) {
            let mut sql = Sql::new("SELECT key_id, digest FROM api_key_secret WHERE installation_id = ");
            sql.id(installation.0).push(" AND key_id IN ").list(chunk, |sql, id| {
                sql.id(id.0);
            });
            let rows: Vec<(Uuid, Vec<u8>)> =
                on_tx!(self, connection => query!(query_as, sql, connection).fetch_all(connection).await?);
            for (key, digest) in rows {
                let digest = digest.try_into().map_err(|_| StoreError::Corrupt { column: "api_key_secret.digest" })?;
                digests.push((KeyId(key), digest));
            }
        }
        Ok(digests)
    }

    /// The newest secret of a key and its sealed copy, if one is kept.
    pub async fn sealed_copy(
        &mut self,
        installation: InstallationId,
        key: KeyId,
    ) -> Result<Option<(model::SecretId, Option<SealedCopy>)>, StoreError> {
        let row: Option<SealedRow> = on_tx!(self, connection => {
            sqlx::query_as(SEALED_OF_KEY).bind(installation.0).bind(key.0).fetch_optional(connection).await?
        });
        Ok(row.map(SealedRow::into_copy))
    }

    /// Writes new keys, each with its first secret.
    pub async fn insert_keys(&mut self, keys: &[(StoredKey, NewSecret)]) -> Result<(), StoreError> {
        for chunk in keys.chunks(CHUNK) {
            self.insert_key_rows(chunk).await?;
            self.insert_secret_rows(chunk).await?;
        }
        Ok(())
    }

    async fn insert_key_rows(&mut self, keys: &[(StoredKey, NewSecret)]) -> Result<(), StoreError> {
        let mut sql = Sql::new(
            "INSERT INTO api_key (id, installation_id, kind, client_name, client_name_folded, hint, environment, preset, \
             scopes, allowed_ips, allowed_origins, metadata, owner_email, notes, disabled_at, expires_at, created_at, \
             updated_at, version, epoch) VALUES ",
        );
        for (index, (key, _)) in keys.iter().enumerate() {
            let columns = key.columns();
            sql.push(if index == 0 { "(" } else { ", (" }).id(columns.id.0).push(", ").id(key.installation.0);
            sql.push(", ").text(columns.kind.as_str()).push(", ").text(columns.client_name.as_str());
            sql.push(", ").text(&fold(columns.client_name.as_str())).push(", ").text(&columns.hint.0);
            sql.push(", ").text(columns.environment.as_str()).push(", ").text(columns.preset.as_str());
            sql.push(", ").text(&json!(&columns.scopes));
            sql.push(", ").text(&json!(&columns.allowed_ips)).push(", ").text(&json!(&columns.allowed_origins));
            sql.push(", ").text(&json!(&columns.metadata));
            sql.push(", ").bind(Value::MaybeText(columns.owner_email.clone().map(String::from)));
            sql.push(", ").bind(Value::MaybeText(columns.notes.clone().map(String::from)));
            sql.push(", ").bind(Value::MaybeInt(key.life.disabled_at.map(Instant::as_millis)));
            sql.push(", ").bind(Value::MaybeInt(columns.expires_at.map(Instant::as_millis)));
            sql.push(", ").int(columns.created_at.as_millis());
            sql.push(", ").int(columns.updated_at.as_millis()).push(", ").int(columns.version);
            sql.push(", ").int(self.epoch).push(")");
        }
        self.execute(sql).await
    }

    async fn insert_secret_rows(&mut self, keys: &[(StoredKey, NewSecret)]) -> Result<(), StoreError> {
        let mut sql = secret_columns();
        for (index, (key, secret)) in keys.iter().enumerate() {
            let columns = key.columns();
            if index > 0 {
                sql.push(", ");
            }
            push_secret(&mut sql, key.installation, columns.id, secret, columns.created_at);
        }
        self.execute(sql).await
    }

    pub(crate) async fn execute(&mut self, sql: Sql) -> Result<(), StoreError> {
        on_tx!(self, connection => {
            query!(query, sql, connection).execute(connection).await?;
        });
        Ok(())
    }

    /// Turns issued keys into tombstones and gives those that were none before. The Default API Key is never among them.
    pub async fn delete_keys(
        &mut self,
        installation: InstallationId,
        ids: &[KeyId],
        now: Instant,
    ) -> Result<Vec<KeyId>, StoreError> {
        self.change_issued(installation, ids, now, |sql| {
            sql.push(", deleted_at = ").int(now.as_millis()).push(" WHERE ");
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
            sql.int(now.as_millis()).push(", version = version + 1, epoch = ").int(self.epoch);
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

    /// Makes a tombstone a key again. False: there is none.
    pub async fn restore_key(
        &mut self,
        installation: InstallationId,
        id: KeyId,
        now: Instant,
    ) -> Result<bool, StoreError> {
        let epoch = self.epoch;
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

    /// Corrects the number of the installation's keys.
    pub async fn count_keys(&mut self, installation: InstallationId, more: i64) -> Result<(), StoreError> {
        on_tx!(self, connection => {
            sqlx::query(COUNT_KEYS).bind(installation.0).bind(more).execute(connection).await?;
        });
        Ok(())
    }

    /// Number and hash of the newest audit entry: what the next one is chained to.
    pub async fn audit_head(
        &mut self,
        installation: InstallationId,
    ) -> Result<Option<(i64, [u8; HASH_LEN])>, StoreError> {
        let row: Option<(i64, Vec<u8>)> = on_tx!(self, connection => sqlx::query_as(AUDIT_HEAD).bind(installation.0).fetch_optional(connection).await?);
        row.map(|(seq, bytes)| Ok((seq, hash(bytes)?))).transpose()
    }

    /// Appends entries to the installation's audit log.
    pub async fn append_audit(
        &mut self,
        installation: InstallationId,
        entries: &[AuditEntry],
    ) -> Result<(), StoreError> {
        for chunk in entries.chunks(CHUNK) {
            let mut sql = Sql::new(
                "INSERT INTO audit_entry (installation_id, seq, id, at, actor, action, key_id, detail, previous_hash, hash) VALUES ",
            );
            for (index, entry) in chunk.iter().enumerate() {
                sql.push(if index == 0 { "(" } else { ", (" });
                sql.id(installation.0).push(", ").int(entry.seq).push(", ").id(entry.id.0).push(", ");
                sql.int(entry.at.as_millis()).push(", ").text(&entry.actor).push(", ").text(&entry.action).push(", ");
                sql.bind(Value::MaybeId(entry.key.map(|key| key.0))).push(", ").text(&entry.detail).push(", ");
                sql.bind(Value::Bytes(entry.previous_hash.to_vec())).push(", ");
                sql.bind(Value::Bytes(entry.hash.to_vec())).push(")");
            }
            self.execute(sql).await?;
        }
        Ok(())
    }

    /// The answer to an earlier request with this `Idempotency-Key`, unless it is as old as `oldest`.
    pub async fn find_answer(
        &mut self,
        installation: InstallationId,
        caller: &Actor,
        idempotency_key: &str,
        oldest: Instant,
    ) -> Result<Option<StoredAnswer>, StoreError> {
        let caller = caller_text(caller);
        let row: Option<(Vec<u8>, String, Vec<u8>)> = on_tx!(self, connection => {
            sqlx::query_as(FIND_ANSWER)
                .bind(installation.0)
                .bind(&caller)
                .bind(idempotency_key)
                .bind(oldest.as_millis())
                .fetch_optional(connection)
                .await?
        });
        row.map(|(fingerprint, master_key_id, sealed_answer)| {
            let fingerprint =
                fingerprint.try_into().map_err(|_| StoreError::Corrupt { column: "idempotency.fingerprint" })?;
            let idempotency_key = idempotency_key.to_owned();
            Ok(StoredAnswer { installation, caller, idempotency_key, fingerprint, master_key_id, sealed_answer })
        })
        .transpose()
    }

    /// Keeps an answer for whoever asks again.
    pub async fn keep_answer(&mut self, answer: &StoredAnswer, now: Instant) -> Result<(), StoreError> {
        on_tx!(self, connection => {
            sqlx::query(KEEP_ANSWER)
                .bind(answer.installation.0)
                .bind(&answer.caller)
                .bind(&answer.idempotency_key)
                .bind(&answer.fingerprint[..])
                .bind(&answer.master_key_id)
                .bind(&answer.sealed_answer)
                .bind(now.as_millis())
                .execute(connection)
                .await?;
        });
        Ok(())
    }

    /// The deployment, as this change sees it.
    pub async fn deployment(&mut self) -> Result<Option<Deployment>, StoreError> {
        let row: Option<(String, Vec<u8>, i64)> = on_tx!(self, connection => {
            sqlx::query_as(crate::installation::DEPLOYMENT).fetch_optional(connection).await?
        });
        Ok(row.map(|(key_prefix, keyring_proof, created_at)| Deployment {
            key_prefix,
            keyring_proof,
            created_at: Instant::from_millis(created_at),
        }))
    }

    /// Writes the deployment's one row.
    pub async fn insert_deployment(&mut self, deployment: &Deployment) -> Result<(), StoreError> {
        on_tx!(self, connection => {
            sqlx::query(INSERT_DEPLOYMENT)
                .bind(&deployment.key_prefix)
                .bind(&deployment.keyring_proof)
                .bind(deployment.created_at.as_millis())
                .execute(connection)
                .await?;
        });
        Ok(())
    }

    /// Writes a new installation.
    pub async fn insert_installation(&mut self, installation: &StoredInstallation) -> Result<(), StoreError> {
        on_tx!(self, connection => {
            sqlx::query(INSERT_INSTALLATION)
                .bind(installation.id.0)
                .bind(&installation.name)
                .bind(&installation.title)
                .bind(i64::from(installation.recoverable))
                .bind(installation.created_at.as_millis())
                .execute(connection)
                .await?;
        });
        Ok(())
    }

    /// Switches the API Keys module off, as of an instant, or on again. False: no such installation.
    pub async fn switch_module(
        &mut self,
        id: InstallationId,
        disabled_at: Option<Instant>,
    ) -> Result<bool, StoreError> {
        let done = on_tx!(self, connection => {
            sqlx::query(SWITCH_MODULE)
                .bind(id.0)
                .bind(disabled_at.map(Instant::as_millis))
                .execute(connection)
                .await?
                .rows_affected()
        });
        Ok(done == 1)
    }
}

/// A caller as a part of a primary key.
pub(crate) fn caller_text(caller: &Actor) -> String {
    serde_json::to_string(caller).unwrap_or_default()
}
