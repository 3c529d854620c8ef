//! Copies of a SQLite database: made while others write, and looked at before they are restored.

use std::path::{Path, absolute};

use model::{InstallationId, Instant, KeyId};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use uuid::Uuid;

use crate::{
    AuditEntry, AuditHead, AuditPerson, Store, StoreError,
    audit_head::{AUDIT_HEAD, HeadRow, head},
    audit_log::{AUDIT_AFTER, AUDIT_ID, AUDIT_LAST, AuditRow},
    audit_person::{AUDIT_PEOPLE, PersonRow},
    db::{Db, on_db},
    deployment::DEPLOYMENT,
    examine::NEWEST_MIGRATION,
    migrations::SQLITE_MIGRATIONS,
    record::EPOCH,
    store::sqlite_options,
    triggers::triggers_of_sqlite,
};

/// SQLite alone.
pub(crate) const IS_KEYDESK: &str = "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' \
     AND name IN ('deployment', 'epoch', 'installation', 'api_key', 'audit_entry', '_sqlx_migrations')";
/// SQLite alone.
pub(crate) const IS_SIGNED: &str = "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('audit_head')";
pub(crate) const INSTALLATION_NAMES: &str = "SELECT id, name FROM installation ORDER BY name";
/// Only columns that the audit log has had in every release: the database is read as it is.
pub(crate) const LOST_ENTRIES: &str = "SELECT seq, at, action, key_id, detail FROM audit_entry \
     WHERE installation_id = $1 AND seq > $2 ORDER BY seq LIMIT $3";

/// An audit entry that only the replaced database has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostEntry {
    /// Its number.
    pub seq: i64,
    /// When it was written.
    pub at: Instant,
    /// What was done.
    pub action: String,
    /// The key that it concerns.
    pub key: Option<KeyId>,
    /// Details, as JSON.
    pub detail: String,
}

impl Store {
    /// Copies a SQLite database, as of one moment, into a file that is empty or not there. It has reached no disk yet.
    pub async fn copy_into(&self, file: &Path) -> Result<(), StoreError> {
        match &self.db {
            Db::Sqlite { write, .. } => {
                // SQLite takes some relative names for an address.
                let file = absolute(file).map_err(|error| StoreError::Database(error.to_string()))?;
                sqlx::query("VACUUM INTO $1").bind(file.display().to_string()).execute(write).await?;
                Ok(())
            }
            Db::Postgres { .. } => Err(StoreError::Unsuitable("PostgreSQL has its own tools for copies".to_owned())),
        }
    }

    /// The number of the newest audit entry; 0 when there is none.
    pub async fn audit_last(&self, installation: InstallationId) -> Result<i64, StoreError> {
        Ok(on_db!(self, pool => sqlx::query_scalar(AUDIT_LAST).bind(installation.0).fetch_one(pool).await?))
    }

    /// The id of the audit entry with this number.
    pub async fn audit_id(&self, installation: InstallationId, seq: i64) -> Result<Option<Uuid>, StoreError> {
        Ok(
            on_db!(self, pool => sqlx::query_scalar(AUDIT_ID).bind(installation.0).bind(seq).fetch_optional(pool).await?),
        )
    }
}

fn damaged() -> StoreError {
    StoreError::Unsuitable("it is damaged".to_owned())
}

/// A SQLite database that is looked at and not brought up to date.
#[derive(Debug)]
pub struct Backup(SqliteConnection);

impl Backup {
    /// Opens the file.
    pub async fn open(file: &Path) -> Result<Self, StoreError> {
        let opened = sqlite_options(file).create_if_missing(false).connect().await;
        opened.map(Self).map_err(|_| damaged())
    }

    /// Refuses what is no whole Keydesk database, and what a newer release has written.
    pub async fn check(&mut self) -> Result<(), StoreError> {
        let refuse = |reason: &str| Err(StoreError::Unsuitable(reason.to_owned()));
        let tables: Result<i64, _> = sqlx::query_scalar(IS_KEYDESK).fetch_one(&mut self.0).await;
        if tables.map_err(|_| damaged())? < 6 || self.is_unfounded().await? {
            return refuse("it is not a Keydesk database");
        }
        let integrity: Result<Vec<String>, _> =
            sqlx::query_scalar("PRAGMA integrity_check").fetch_all(&mut self.0).await;
        let dangling = sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut self.0).await;
        if integrity.map_err(|_| damaged())? != ["ok"] || !dangling.map_err(|_| damaged())?.is_empty() {
            return Err(damaged());
        }
        let newest: i64 = sqlx::query_scalar(NEWEST_MIGRATION).fetch_one(&mut self.0).await?;
        if SQLITE_MIGRATIONS.iter().all(|known| known.version < newest) {
            return refuse("it was written by a newer release of Keydesk");
        }
        Ok(())
    }

    /// Whether its first start has never finished.
    async fn is_unfounded(&mut self) -> Result<bool, StoreError> {
        let founded = sqlx::query(DEPLOYMENT).fetch_optional(&mut self.0).await.map_err(|_| damaged())?;
        Ok(founded.is_none())
    }

    /// Its epoch.
    pub async fn epoch(&mut self) -> Result<i64, StoreError> {
        Ok(sqlx::query_scalar(EPOCH).fetch_one(&mut self.0).await?)
    }

    /// As [`Store::audit_last`].
    pub async fn audit_last(&mut self, installation: InstallationId) -> Result<i64, StoreError> {
        Ok(sqlx::query_scalar(AUDIT_LAST).bind(installation.0).fetch_one(&mut self.0).await?)
    }

    /// Its installations, by name: id and name.
    pub async fn installations(&mut self) -> Result<Vec<(InstallationId, String)>, StoreError> {
        let rows: Vec<(Uuid, String)> = sqlx::query_as(INSTALLATION_NAMES).fetch_all(&mut self.0).await?;
        Ok(rows.into_iter().map(|(id, name)| (InstallationId(id), name)).collect())
    }

    /// Whether it was written by a release that signs the audit log. What follows can be asked only then.
    pub async fn is_signed(&mut self) -> Result<bool, StoreError> {
        Ok(sqlx::query_scalar::<_, i64>(IS_SIGNED).fetch_one(&mut self.0).await? > 0)
    }

    /// As [`Store::audit_after`].
    pub async fn audit_after(
        &mut self,
        installation: InstallationId,
        seq: i64,
        limit: i64,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let asked = sqlx::query_as::<_, AuditRow>(AUDIT_AFTER).bind(installation.0).bind(seq).bind(limit);
        asked.fetch_all(&mut self.0).await?.into_iter().map(AuditEntry::try_from).collect()
    }

    /// As [`Store::audit_head`].
    pub async fn audit_head(&mut self, installation: InstallationId) -> Result<Option<AuditHead>, StoreError> {
        let row: Option<HeadRow> = sqlx::query_as(AUDIT_HEAD).bind(installation.0).fetch_optional(&mut self.0).await?;
        row.map(head).transpose()
    }

    /// As [`Store::audit_people`].
    pub async fn audit_people(&mut self, installation: InstallationId) -> Result<Vec<AuditPerson>, StoreError> {
        let rows: Vec<PersonRow> = sqlx::query_as(AUDIT_PEOPLE).bind(installation.0).fetch_all(&mut self.0).await?;
        Ok(rows.into_iter().map(AuditPerson::from).collect())
    }

    /// As [`Examination::triggers`](crate::Examination::triggers), by the release that wrote it.
    pub async fn triggers(&mut self) -> Result<Vec<String>, StoreError> {
        let newest: i64 = sqlx::query_scalar(NEWEST_MIGRATION).fetch_one(&mut self.0).await?;
        triggers_of_sqlite(&mut self.0, newest).await
    }

    /// As [`Store::audit_id`].
    pub async fn audit_id(&mut self, installation: InstallationId, seq: i64) -> Result<Option<Uuid>, StoreError> {
        Ok(sqlx::query_scalar(AUDIT_ID).bind(installation.0).bind(seq).fetch_optional(&mut self.0).await?)
    }

    /// Up to `limit` audit entries after number `seq`, oldest first.
    pub async fn entries_after(
        &mut self,
        installation: InstallationId,
        seq: i64,
        limit: i64,
    ) -> Result<Vec<LostEntry>, StoreError> {
        let rows: Vec<(i64, i64, String, Option<Uuid>, String)> =
            sqlx::query_as(LOST_ENTRIES).bind(installation.0).bind(seq).bind(limit).fetch_all(&mut self.0).await?;
        let entry = |(seq, at, action, key, detail): (_, _, _, Option<Uuid>, _)| LostEntry {
            seq,
            at: Instant::from_millis(at),
            action,
            key: key.map(KeyId),
            detail,
        };
        Ok(rows.into_iter().map(entry).collect())
    }

    /// Closes it. SQLite then writes its log back, so that the one file is all of it.
    pub async fn close(self) -> Result<(), StoreError> {
        Ok(self.0.close().await?)
    }
}
