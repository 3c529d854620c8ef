//! Imports: what is under way, what is live, and what is to be removed.

use model::{Actor, ImportId, InstallationId, Instant, KeyId};
use uuid::Uuid;

use crate::{
    Change, Store, StoreError,
    db::{on_apart, on_db},
    group::on_tx,
    row::row,
    sql::Sql,
    work::on_writer,
};

pub(crate) const BEGIN_IMPORT: &str =
    "INSERT INTO key_import (id, installation_id, actor, state, begun_at) VALUES ($1, $2, $3, 'staging', $4)";
pub(crate) const IMPORTS_NOT_LIVE: &str =
    "SELECT id, installation_id, actor, state, beats FROM key_import WHERE state <> 'live' ORDER BY id";
pub(crate) const BEAT_IMPORT: &str = "UPDATE key_import SET beats = beats + 1 WHERE id = $1 AND state = 'staging'";
pub(crate) const READY_IMPORT: &str =
    "UPDATE key_import SET state = 'ready', report = $2, beats = beats + 1 WHERE id = $1 AND state = 'staging'";
pub(crate) const LIVE_IMPORT: &str = "UPDATE key_import SET state = 'live', live_at = $3, epoch = $4, report = $5 \
     WHERE installation_id = $1 AND id = $2 AND state IN ('staging', 'ready')";
pub(crate) const ABANDON_IMPORT: &str =
    "UPDATE key_import SET state = 'abandoned' WHERE id = $1 AND state IN ('staging', 'ready')";
pub(crate) const DROP_IMPORT: &str = "DELETE FROM key_import WHERE id = $1 AND state = 'abandoned'";
pub(crate) const IMPORT_BY_ID: &str =
    "SELECT id, actor, state, report, live_at FROM key_import WHERE installation_id = $1 AND id = $2";
/// Those that went live in these changes.
pub(crate) const IMPORTS_LIVE: &str = "SELECT id FROM key_import WHERE epoch > $1 AND epoch <= $2";
pub(crate) const IMPORT_OF_KEY: &str = "SELECT i.id, i.actor, i.state, i.report, i.live_at FROM api_key k \
     JOIN key_import i ON i.id = k.import_id WHERE k.installation_id = $1 AND k.id = $2";
/// Of one that was given up alone.
pub(crate) const STAGED_KEYS: &str = "SELECT id FROM api_key \
     WHERE import_id = (SELECT id FROM key_import WHERE id = $1 AND state = 'abandoned') LIMIT $2";

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportState {
    /// Its keys are being written.
    Staging,
    /// It waits for somebody to confirm it.
    Ready,
    /// Its keys work.
    Live,
    /// Its keys are being removed.
    Abandoned,
}

/// An import that is not live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingImport {
    /// Its id.
    pub id: ImportId,
    /// Whose.
    pub installation: InstallationId,
    /// Who imports.
    pub actor: Actor,
    /// How far it is.
    pub state: ImportState,
    /// Moves while somebody is at work on it.
    pub beats: i64,
}

/// An import, whatever its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredImport {
    /// Its id.
    pub id: ImportId,
    /// Who imports, or has imported.
    pub actor: Actor,
    /// How far it is.
    pub state: ImportState,
    /// What became of its rows, as it was kept: JSON.
    pub report: Option<String>,
    /// Since when its keys work.
    pub live_at: Option<Instant>,
}

row! {
    struct PendingRow {
        id: Uuid,
        installation_id: Uuid,
        actor: String,
        state: String,
        beats: i64,
    }
}

row! {
    struct ImportRow {
        id: Uuid,
        actor: String,
        state: String,
        report: Option<String>,
        live_at: Option<i64>,
    }
}

fn state(text: &str) -> Result<ImportState, StoreError> {
    match text {
        "staging" => Ok(ImportState::Staging),
        "ready" => Ok(ImportState::Ready),
        "live" => Ok(ImportState::Live),
        "abandoned" => Ok(ImportState::Abandoned),
        _ => Err(StoreError::Corrupt { column: "key_import.state" }),
    }
}

fn actor(text: &str) -> Result<Actor, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Corrupt { column: "key_import.actor" })
}

impl TryFrom<PendingRow> for PendingImport {
    type Error = StoreError;

    fn try_from(row: PendingRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: ImportId(row.id),
            installation: InstallationId(row.installation_id),
            actor: actor(&row.actor)?,
            state: state(&row.state)?,
            beats: row.beats,
        })
    }
}

impl TryFrom<ImportRow> for StoredImport {
    type Error = StoreError;

    fn try_from(row: ImportRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: ImportId(row.id),
            actor: actor(&row.actor)?,
            state: state(&row.state)?,
            report: row.report,
            live_at: row.live_at.map(Instant::from_millis),
        })
    }
}

impl Store {
    /// All imports that are not live, whichever installation's. They are few.
    pub async fn imports_not_live(&self) -> Result<Vec<PendingImport>, StoreError> {
        let rows: Vec<PendingRow> = on_db!(self, pool => sqlx::query_as(IMPORTS_NOT_LIVE).fetch_all(pool).await?);
        rows.into_iter().map(PendingImport::try_from).collect()
    }

    /// An import of the installation.
    pub async fn import(&self, installation: InstallationId, id: ImportId) -> Result<Option<StoredImport>, StoreError> {
        let row: Option<ImportRow> = on_db!(self, pool => {
            sqlx::query_as(IMPORT_BY_ID).bind(installation.0).bind(id.0).fetch_optional(pool).await?
        });
        row.map(StoredImport::try_from).transpose()
    }

    /// The import by which a key came; `None`: Keydesk issued it.
    pub async fn import_of_key(
        &self,
        installation: InstallationId,
        key: KeyId,
    ) -> Result<Option<StoredImport>, StoreError> {
        let row: Option<ImportRow> = on_db!(self, pool => {
            sqlx::query_as(IMPORT_OF_KEY).bind(installation.0).bind(key.0).fetch_optional(pool).await?
        });
        row.map(StoredImport::try_from).transpose()
    }

    /// The imports that went live after epoch `after`, up to and with `upto`.
    pub async fn imports_live(&self, after: i64, upto: i64) -> Result<Vec<ImportId>, StoreError> {
        let ids: Vec<Uuid> = on_apart!(self.poll, pool => {
            sqlx::query_scalar(IMPORTS_LIVE).bind(after).bind(upto).fetch_all(pool).await?
        });
        Ok(ids.into_iter().map(ImportId).collect())
    }

    /// Says that somebody is still at work on an import. That is no change of truth.
    pub async fn beat_import(&self, id: ImportId) -> Result<(), StoreError> {
        on_writer!(self, connection => {
            sqlx::query(BEAT_IMPORT).bind(id.0).execute(&mut *connection).await?;
        });
        Ok(())
    }
}

impl Change {
    /// The import that is under way in the installation, or waits to be confirmed.
    pub async fn import_under_way(
        &mut self,
        installation: InstallationId,
    ) -> Result<Option<PendingImport>, StoreError> {
        let rows: Vec<PendingRow> =
            on_tx!(self, connection => sqlx::query_as(IMPORTS_NOT_LIVE).fetch_all(connection).await?);
        for row in rows {
            let pending = PendingImport::try_from(row)?;
            if pending.installation == installation && pending.state != ImportState::Abandoned {
                return Ok(Some(pending));
            }
        }
        Ok(None)
    }

    /// Begins an import.
    pub async fn begin_import(
        &mut self,
        installation: InstallationId,
        id: ImportId,
        actor: Actor,
        now: Instant,
    ) -> Result<(), StoreError> {
        let actor = serde_json::to_string(&actor).expect("a kind and an id, which JSON can always hold");
        on_tx!(self, connection => {
            sqlx::query(BEGIN_IMPORT)
                .bind(id.0)
                .bind(installation.0)
                .bind(&actor)
                .bind(now.as_millis())
                .execute(connection)
                .await?;
        });
        Ok(())
    }

    /// Says that keys are about to be added to an import. False: it is no longer there to add to.
    pub async fn stage_import(&mut self, id: ImportId) -> Result<bool, StoreError> {
        let done = on_tx!(self, connection => {
            sqlx::query(BEAT_IMPORT).bind(id.0).execute(connection).await?.rows_affected()
        });
        Ok(done == 1)
    }

    /// All keys of an import are written, and it waits to be confirmed. False: it is no longer there.
    pub async fn ready_import(&mut self, id: ImportId, report: &str) -> Result<bool, StoreError> {
        let done = on_tx!(self, connection => {
            sqlx::query(READY_IMPORT).bind(id.0).bind(report).execute(connection).await?.rows_affected()
        });
        Ok(done == 1)
    }

    /// Makes the keys of an import work, and keeps this report. False: it is no longer there, or is live already.
    pub async fn make_import_live(
        &mut self,
        installation: InstallationId,
        id: ImportId,
        report: &str,
        now: Instant,
    ) -> Result<bool, StoreError> {
        let epoch = self.epoch();
        let done = on_tx!(self, connection => {
            sqlx::query(LIVE_IMPORT)
                .bind(installation.0)
                .bind(id.0)
                .bind(now.as_millis())
                .bind(epoch)
                .bind(report)
                .execute(connection)
                .await?
                .rows_affected()
        });
        Ok(done == 1)
    }

    /// From now on nothing is added to an import, and its keys may be removed. False: it is live, or is abandoned already.
    pub async fn abandon_import(&mut self, id: ImportId) -> Result<bool, StoreError> {
        let done = on_tx!(self, connection => {
            sqlx::query(ABANDON_IMPORT).bind(id.0).execute(connection).await?.rows_affected()
        });
        Ok(done == 1)
    }

    /// Removes up to `limit` keys of an import that was abandoned, and the import with the last of them. True: nothing is left of it.
    pub async fn remove_staged(&mut self, id: ImportId, limit: i64) -> Result<bool, StoreError> {
        let keys: Vec<Uuid> = on_tx!(self, connection => {
            sqlx::query_scalar(STAGED_KEYS).bind(id.0).bind(limit).fetch_all(connection).await?
        });
        if keys.is_empty() {
            on_tx!(self, connection => {
                sqlx::query(DROP_IMPORT).bind(id.0).execute(connection).await?;
            });
            return Ok(true);
        }
        let of = |sql: &mut Sql, key: &Uuid| _ = sql.id(*key);
        let mut secrets = Sql::new("DELETE FROM api_key_secret WHERE key_id IN ");
        secrets.list(&keys, of);
        self.execute(secrets).await?;
        let mut rows = Sql::new("DELETE FROM api_key WHERE import_id = ");
        rows.id(id.0).push(" AND id IN ").list(&keys, of);
        self.execute(rows).await?;
        Ok(false)
    }
}
