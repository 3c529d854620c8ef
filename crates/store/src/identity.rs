//! Whom an identity provider means by a subject.

use model::{AdministratorId, InstallationId, Instant};
use uuid::Uuid;

use crate::{Change, Store, StoreError, db::on_db, group::on_tx};

/// An account, as an identity provider knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredIdentity {
    /// The provider.
    pub issuer: String,
    /// Whom it means. It never means another by it.
    pub subject: String,
    /// The account.
    pub administrator: AdministratorId,
    /// Since when they are one.
    pub created_at: Instant,
}

pub(crate) const IDENTITY: &str = "SELECT a.installation_id, a.id FROM administrator_identity i \
     JOIN administrator a ON a.id = i.administrator_id WHERE i.issuer = $1 AND i.subject = $2";
pub(crate) const IDENTITIES_OF: &str =
    "SELECT COUNT(*) FROM administrator_identity WHERE issuer = $1 AND administrator_id = $2";
pub(crate) const INSERT_IDENTITY: &str =
    "INSERT INTO administrator_identity (issuer, subject, administrator_id, created_at) VALUES ($1, $2, $3, $4)";
pub(crate) const ANY_ADMINISTRATOR: &str =
    "SELECT COUNT(*) FROM (SELECT 1 AS one FROM administrator LIMIT 1) AS any_one";

impl Change {
    /// The account that this provider means by this subject, and where it is.
    pub async fn identity(
        &mut self,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<(InstallationId, AdministratorId)>, StoreError> {
        let row: Option<(Uuid, Uuid)> = on_tx!(self, connection => {
            sqlx::query_as(IDENTITY).bind(issuer).bind(subject).fetch_optional(connection).await?
        });
        Ok(row.map(|(installation, id)| (InstallationId(installation), AdministratorId(id))))
    }

    /// Whether an account is known to this provider by whatever subject.
    pub async fn has_identity(&mut self, issuer: &str, id: AdministratorId) -> Result<bool, StoreError> {
        let found: i64 = on_tx!(self, connection => {
            sqlx::query_scalar(IDENTITIES_OF).bind(issuer).bind(id.0).fetch_one(connection).await?
        });
        Ok(found > 0)
    }

    /// Notes whom a provider means by a subject.
    pub async fn insert_identity(&mut self, new: &StoredIdentity) -> Result<(), StoreError> {
        on_tx!(self, connection => {
            sqlx::query(INSERT_IDENTITY)
                .bind(&new.issuer)
                .bind(&new.subject)
                .bind(new.administrator.0)
                .bind(new.created_at.as_millis())
                .execute(connection)
                .await?;
        });
        Ok(())
    }
}

impl Store {
    /// Whether there is an administrator, of whichever installation.
    pub async fn has_administrators(&self) -> Result<bool, StoreError> {
        let found: i64 = on_db!(self, pool => sqlx::query_scalar(ANY_ADMINISTRATOR).fetch_one(pool).await?);
        Ok(found > 0)
    }
}
