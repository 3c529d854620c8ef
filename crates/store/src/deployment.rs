use model::Instant;

use crate::{Change, Store, StoreError, db::on_db, group::on_tx};

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

pub(crate) const DEPLOYMENT: &str = "SELECT key_prefix, keyring_proof, created_at FROM deployment WHERE id = 1";
pub(crate) const INSERT_DEPLOYMENT: &str =
    "INSERT INTO deployment (id, key_prefix, keyring_proof, created_at) VALUES (1, $1, $2, $3)";

impl Store {
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

impl Change {
    /// The deployment, as this change sees it.
    pub async fn deployment(&mut self) -> Result<Option<Deployment>, StoreError> {
        let row: Option<(String, Vec<u8>, i64)> = on_tx!(self, connection => {
            sqlx::query_as(DEPLOYMENT).fetch_optional(connection).await?
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
}
