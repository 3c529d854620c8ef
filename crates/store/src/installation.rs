use model::{InstallationId, Instant};
use uuid::Uuid;

use crate::{Store, StoreError, db::on_db};

/// One customer's contact centre.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredInstallation {
    /// Its id.
    pub id: InstallationId,
    /// Its name on the command line.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// When the API Keys module was switched off, if it is.
    pub disabled_at: Option<Instant>,
    /// Whether secrets are also sealed and can be revealed.
    pub recoverable: bool,
    /// Issued keys that are not deleted.
    pub key_count: u64,
    /// When it was created.
    pub created_at: Instant,
}

/// What belongs to the deployment and never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// The prefix of every secret.
    pub key_prefix: String,
    /// Shows whether a keyring is the one that made this database.
    pub keyring_proof: Vec<u8>,
    /// When it was made.
    pub created_at: Instant,
}

#[derive(sqlx::FromRow)]
pub(crate) struct InstallationRow {
    id: Uuid,
    name: String,
    title: String,
    disabled_at: Option<i64>,
    recoverable: i64,
    key_count: i64,
    created_at: i64,
}

impl From<InstallationRow> for StoredInstallation {
    fn from(row: InstallationRow) -> Self {
        Self {
            id: InstallationId(row.id),
            name: row.name,
            title: row.title,
            disabled_at: row.disabled_at.map(Instant::from_millis),
            recoverable: row.recoverable != 0,
            key_count: row.key_count.unsigned_abs(),
            created_at: Instant::from_millis(row.created_at),
        }
    }
}

pub(crate) const INSTALLATIONS: &str =
    "SELECT id, name, title, disabled_at, recoverable, key_count, created_at FROM installation ORDER BY name";
pub(crate) const DEPLOYMENT: &str = "SELECT key_prefix, keyring_proof, created_at FROM deployment WHERE id = 1";

pub(crate) const KEY_COUNT: &str = "SELECT key_count FROM installation WHERE id = $1";

impl Store {
    /// How many issued keys the installation has, deleted ones not counted.
    pub async fn key_count(&self, id: InstallationId) -> Result<u64, StoreError> {
        let count: Option<i64> =
            on_db!(self, pool => sqlx::query_scalar(KEY_COUNT).bind(id.0).fetch_optional(pool).await?);
        Ok(count.unwrap_or(0).unsigned_abs())
    }

    /// All of them, by name. They are few.
    pub async fn installations(&self) -> Result<Vec<StoredInstallation>, StoreError> {
        let rows: Vec<InstallationRow> = on_db!(self, pool => sqlx::query_as(INSTALLATIONS).fetch_all(pool).await?);
        Ok(rows.into_iter().map(StoredInstallation::from).collect())
    }

    /// The deployment; `None` before the first start has finished.
    pub async fn deployment(&self) -> Result<Option<Deployment>, StoreError> {
        let row: Option<(String, Vec<u8>, i64)> =
            on_db!(self, pool => sqlx::query_as(DEPLOYMENT).fetch_optional(pool).await?);
        Ok(row.map(|(key_prefix, keyring_proof, created_at)| Deployment {
            key_prefix,
            keyring_proof,
            created_at: Instant::from_millis(created_at),
        }))
    }
}
