use model::{Actor, InstallationId, Instant, KeyId, fold};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::{
    AuditEntry, Deployment, Digest, HASH_LEN, NewSecret, SealedCopy, Store, StoreError, StoredAnswer,
    StoredInstallation, StoredKey, StoredRecord,
    audit::{AUDIT_HEAD, entries_sql, hash},
    group::{Back, COUNT_KEYS, Group, Kept, Settled, Tx},
    idempotency::{FIND_ANSWER, KEEP_ANSWER},
    key::{KEY_BY_ID, KeyRow, SEALED_OF_KEY, SealedRow, push_secret, secret_columns},
    record::{RECORDS_OF_KEY, RecordRow, record_select},
    sql::{CHUNK, Sql, Value, query},
};

/// A change of truth: all of it is committed, or nothing. Its first act is to move the epoch, which also makes it the only
/// one: others wait for their turn, and the row lock (PostgreSQL) or the write lock (SQLite) is held until the end, so epochs
/// are committed in order. Changes that wait for each other are committed together ([`group`](crate::group)).
///
/// Dropped without [`Change::commit`] it leaves nothing behind, and so it does when one of its statements failed.
#[derive(Debug)]
pub struct Change {
    /// `None`: it is over.
    turn: Option<Turn>,
    epoch: i64,
    kept: Kept,
    failed: bool,
}

/// The group while it is this change's turn, and whom to give it back to.
#[derive(Debug)]
struct Turn {
    group: Box<Group>,
    back: oneshot::Sender<Back>,
}

/// Runs an expression on the transaction's connection, whichever the database.
macro_rules! on_tx {
    ($change:expr, $connection:ident => $body:expr) => {{
        let done = match $change.tx()? {
            $crate::group::Tx::Sqlite(connection) => {
                let $connection = &mut **connection;
                async { Ok::<_, $crate::StoreError>($body) }.await
            }
            $crate::group::Tx::Postgres(connection) => {
                let $connection = &mut **connection;
                async { Ok::<_, $crate::StoreError>($body) }.await
            }
        };
        $change.noted(done)?
    }};
}

pub(crate) use on_tx;

/// Sets and pairs as they stand in a row: nothing but texts, which JSON can always hold.
macro_rules! json {
    ($value:expr) => {
        serde_json::to_string($value).unwrap_or_default()
    };
}

pub(crate) use json;

pub(crate) const RESTORE_KEY: &str = "UPDATE api_key SET deleted_at = NULL, updated_at = $3, version = version + 1, epoch = $4 \
     WHERE installation_id = $1 AND id = $2 AND deleted_at IS NOT NULL";
pub(crate) const INSERT_INSTALLATION: &str =
    "INSERT INTO installation (id, name, title, recoverable, created_at) VALUES ($1, $2, $3, $4, $5)";
pub(crate) const SWITCH_MODULE: &str = "UPDATE installation SET disabled_at = $2 WHERE id = $1";
pub(crate) const INSERT_DEPLOYMENT: &str =
    "INSERT INTO deployment (id, key_prefix, keyring_proof, created_at) VALUES (1, $1, $2, $3)";

impl Store {
    /// Begins a change, as soon as those before it are made.
    pub async fn change(&self) -> Result<Change, StoreError> {
        self.changes.turn(&self.db, false).await
    }

    /// Begins a change of many rows: it is committed by itself, so that no other waits for it longer than it must.
    pub async fn change_alone(&self) -> Result<Change, StoreError> {
        self.changes.turn(&self.db, true).await
    }

    /// How many changes wait for their turn.
    pub fn changes_waiting(&self) -> usize {
        self.changes.len()
    }
}

impl Change {
    pub(crate) fn new(group: Box<Group>, back: oneshot::Sender<Back>) -> Self {
        let epoch = group.next_epoch();
        Self { turn: Some(Turn { group, back }), epoch, kept: Kept::default(), failed: false }
    }

    /// The epoch that this change has once it is committed.
    pub fn epoch(&self) -> i64 {
        self.epoch
    }

    /// When what this change reads is committed: it may see what changes before it have done, which nobody may be told before
    /// it is so. [`Change::commit`] waits for it; who does not commit must.
    pub fn settled(&self) -> Result<Settled, StoreError> {
        self.turn.as_ref().map(|turn| turn.group.ended().settled()).ok_or_else(over)
    }

    /// Commits it, together with those that waited for the same.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        let settled = self.settled()?;
        if self.failed {
            return Err(StoreError::Database("a statement of this change has failed".to_owned()));
        }
        let Some(Turn { mut group, back }) = self.turn.take() else { return Err(over()) };
        group.keep(std::mem::take(&mut self.kept));
        // Its leader gone, the group is dropped here, and says so.
        drop(back.send(Back::Kept(group)));
        settled.wait().await
    }

    /// The connection, to ask the database something.
    pub(crate) fn tx(&mut self) -> Result<&mut Tx, StoreError> {
        self.turn.as_mut().map(|turn| turn.group.tx()).ok_or_else(over)
    }

    /// Takes note of what the database said. After an error this change can't be committed: PostgreSQL would do nothing more
    /// for it, and SQLite go on without what failed.
    pub(crate) fn noted<T>(&mut self, done: Result<T, StoreError>) -> Result<T, StoreError> {
        self.failed |= done.is_err();
        done
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

    /// Corrects the number of the installation's keys. What makes it larger is written when the group ends. What makes it
    /// smaller is written at once, with what waits, since the database refuses a number below none.
    pub async fn count_keys(&mut self, installation: InstallationId, more: i64) -> Result<(), StoreError> {
        if more >= 0 {
            self.kept.add_count(installation, more);
            return Ok(());
        }
        let waiting = self.turn.as_ref().map_or(0, |turn| turn.group.kept.count(installation));
        let all = waiting + self.kept.count(installation) + more;
        on_tx!(self, connection => {
            sqlx::query(COUNT_KEYS).bind(installation.0).bind(all).execute(connection).await?;
        });
        // Together with what waits in the group this is none.
        self.kept.set_count(installation, -waiting);
        Ok(())
    }

    /// Number and hash of the newest audit entry: what the next one is chained to.
    pub async fn audit_head(
        &mut self,
        installation: InstallationId,
    ) -> Result<Option<(i64, [u8; HASH_LEN])>, StoreError> {
        let known = self.kept.head(installation);
        if let Some(head) = known.or_else(|| self.turn.as_ref()?.group.kept.head(installation)) {
            self.kept.set_head(installation, head);
            return Ok(head);
        }
        let row: Option<(i64, Vec<u8>)> = on_tx!(self, connection => sqlx::query_as(AUDIT_HEAD).bind(installation.0).fetch_optional(connection).await?);
        let head = row.map(|(seq, bytes)| Ok::<_, StoreError>((seq, hash(bytes)?))).transpose()?;
        self.kept.set_head(installation, head);
        Ok(head)
    }

    /// Appends entries to the installation's audit log. Those that continue it from the end that this change was told are
    /// written when the group ends.
    pub async fn append_audit(
        &mut self,
        installation: InstallationId,
        entries: &[AuditEntry],
    ) -> Result<(), StoreError> {
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else { return Ok(()) };
        let (first, last) = (first.seq, (last.seq, last.hash));
        let entries: Vec<_> = entries.iter().map(|entry| (installation, entry.clone())).collect();
        let head = self.kept.head(installation);
        if head.is_some_and(|head| first == head.map_or(0, |(seq, _)| seq) + 1) {
            self.kept.set_head(installation, Some(last));
            self.kept.entries.extend(entries);
            return Ok(());
        }
        for chunk in entries.chunks(CHUNK) {
            self.execute(entries_sql(chunk)).await?;
        }
        self.kept.set_head(installation, Some(last));
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

impl Drop for Change {
    fn drop(&mut self) {
        if let Some(Turn { group, back }) = self.turn.take() {
            // Its leader gone, the group is dropped here, and says so.
            drop(back.send(Back::Left(group)));
        }
    }
}

fn over() -> StoreError {
    StoreError::Database("this change is over".to_owned())
}
