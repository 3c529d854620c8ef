use std::collections::HashMap;

use model::{Administrator, AdministratorId, InstallationId, Instant};
use uuid::Uuid;

use crate::{
    Change, Store, StoreError,
    db::{on_db, on_writer},
    group::on_tx,
};

/// An administrator with the data for signing in.
#[derive(Clone)]
pub struct StoredAdministrator {
    /// Where they work.
    pub installation: InstallationId,
    /// The part that may be shown.
    pub administrator: Administrator,
    /// The e-mail address as it is compared.
    pub email_folded: String,
    /// Argon2id, in the PHC string format.
    pub password_hash: String,
    /// When they were made an administrator.
    pub created_at: Instant,
}

/// A session, by the hash of its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSession {
    /// Where its administrator works.
    pub installation: InstallationId,
    /// Whose it is.
    pub administrator: Administrator,
    /// When it began.
    pub created_at: Instant,
    /// When it was last used, to within a minute.
    pub last_seen_at: Instant,
}

#[derive(sqlx::FromRow)]
pub(crate) struct AdministratorRow {
    id: Uuid,
    installation_id: Uuid,
    email: String,
    email_folded: String,
    name: String,
    role: String,
    password_hash: String,
    created_at: i64,
}

#[derive(sqlx::FromRow)]
pub(crate) struct SessionRow {
    id: Uuid,
    installation_id: Uuid,
    email: String,
    name: String,
    role: String,
    created_at: i64,
    last_seen_at: i64,
}

fn administrator(id: Uuid, email: String, name: String, role: &str) -> Result<Administrator, StoreError> {
    let role = role.parse().map_err(|_| StoreError::Corrupt { column: "administrator.role" })?;
    Ok(Administrator { id: AdministratorId(id), email, name, role })
}

impl TryFrom<AdministratorRow> for StoredAdministrator {
    type Error = StoreError;

    fn try_from(row: AdministratorRow) -> Result<Self, StoreError> {
        Ok(Self {
            installation: InstallationId(row.installation_id),
            administrator: administrator(row.id, row.email, row.name, &row.role)?,
            email_folded: row.email_folded,
            password_hash: row.password_hash,
            created_at: Instant::from_millis(row.created_at),
        })
    }
}

pub(crate) const INSERT_ADMINISTRATOR: &str = "INSERT INTO administrator \
     (id, installation_id, email, email_folded, name, role, password_hash, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
pub(crate) const ADMINISTRATOR_BY_EMAIL: &str = "SELECT id, installation_id, email, email_folded, name, role, password_hash, created_at \
     FROM administrator WHERE email_folded = $1";
pub(crate) const COUNT_ADMINISTRATORS: &str = "SELECT COUNT(*) FROM administrator WHERE installation_id = $1";
pub(crate) const ADMINISTRATOR_NAMES: &str = "SELECT id, name FROM administrator WHERE installation_id = $1";
pub(crate) const INSERT_SESSION: &str =
    "INSERT INTO admin_session (token_hash, administrator_id, created_at, last_seen_at) VALUES ($1, $2, $3, $3)";
pub(crate) const SESSION: &str = "SELECT a.id, a.installation_id, a.email, a.name, a.role, s.created_at, s.last_seen_at \
     FROM admin_session s JOIN administrator a ON a.id = s.administrator_id WHERE s.token_hash = $1";
pub(crate) const TOUCH_SESSION: &str =
    "UPDATE admin_session SET last_seen_at = $2 WHERE token_hash = $1 AND last_seen_at < $2";
pub(crate) const END_SESSION: &str = "DELETE FROM admin_session WHERE token_hash = $1";
pub(crate) const END_ALL_SESSIONS: &str = "DELETE FROM admin_session";
pub(crate) const PURGE_SESSIONS: &str = "DELETE FROM admin_session WHERE last_seen_at <= $1 OR created_at <= $2";

impl Change {
    /// Writes a new administrator.
    pub async fn insert_administrator(&mut self, new: &StoredAdministrator) -> Result<(), StoreError> {
        on_tx!(self, connection => {
            sqlx::query(INSERT_ADMINISTRATOR)
                .bind(new.administrator.id.0)
                .bind(new.installation.0)
                .bind(&new.administrator.email)
                .bind(&new.email_folded)
                .bind(&new.administrator.name)
                .bind(new.administrator.role.as_str())
                .bind(&new.password_hash)
                .bind(new.created_at.as_millis())
                .execute(connection)
                .await?;
        });
        Ok(())
    }

    /// How many administrators the installation has, as this change sees it.
    pub async fn count_administrators(&mut self, installation: InstallationId) -> Result<i64, StoreError> {
        Ok(on_tx!(self, connection => {
            sqlx::query_scalar(COUNT_ADMINISTRATORS).bind(installation.0).fetch_one(connection).await?
        }))
    }

    /// Begins a session.
    pub async fn insert_session(
        &mut self,
        token_hash: &[u8; 32],
        administrator: AdministratorId,
        now: Instant,
    ) -> Result<(), StoreError> {
        on_tx!(self, connection => {
            sqlx::query(INSERT_SESSION)
                .bind(&token_hash[..])
                .bind(administrator.0)
                .bind(now.as_millis())
                .execute(connection)
                .await?;
        });
        Ok(())
    }

    /// Ends a session. False: there is none.
    pub async fn end_session(&mut self, token_hash: &[u8; 32]) -> Result<bool, StoreError> {
        let done = on_tx!(self, connection => {
            sqlx::query(END_SESSION).bind(&token_hash[..]).execute(connection).await?.rows_affected()
        });
        Ok(done == 1)
    }
}

impl Store {
    /// The administrators of an installation by name.
    pub async fn administrator_names(
        &self,
        installation: InstallationId,
    ) -> Result<HashMap<AdministratorId, String>, StoreError> {
        let rows: Vec<(Uuid, String)> =
            on_db!(self, pool => sqlx::query_as(ADMINISTRATOR_NAMES).bind(installation.0).fetch_all(pool).await?);
        Ok(rows.into_iter().map(|(id, name)| (AdministratorId(id), name)).collect())
    }

    /// The administrator with this folded e-mail address.
    pub async fn administrator_by_email(&self, email_folded: &str) -> Result<Option<StoredAdministrator>, StoreError> {
        let row: Option<AdministratorRow> = on_db!(self, pool => {
            sqlx::query_as(ADMINISTRATOR_BY_EMAIL).bind(email_folded).fetch_optional(pool).await?
        });
        row.map(StoredAdministrator::try_from).transpose()
    }

    /// How many administrators the installation has.
    pub async fn count_administrators(&self, installation: InstallationId) -> Result<i64, StoreError> {
        Ok(on_db!(self, pool => sqlx::query_scalar(COUNT_ADMINISTRATORS).bind(installation.0).fetch_one(pool).await?))
    }

    /// The session with this token's hash, ended by time or not.
    pub async fn session(&self, token_hash: &[u8; 32]) -> Result<Option<StoredSession>, StoreError> {
        let row: Option<SessionRow> =
            on_db!(self, pool => sqlx::query_as(SESSION).bind(&token_hash[..]).fetch_optional(pool).await?);
        row.map(|row| {
            Ok(StoredSession {
                installation: InstallationId(row.installation_id),
                administrator: administrator(row.id, row.email, row.name, &row.role)?,
                created_at: Instant::from_millis(row.created_at),
                last_seen_at: Instant::from_millis(row.last_seen_at),
            })
        })
        .transpose()
    }

    /// Moves a session's last use forward.
    pub async fn touch_session(&self, token_hash: &[u8; 32], now: Instant) -> Result<(), StoreError> {
        on_writer!(self, pool => {
            sqlx::query(TOUCH_SESSION).bind(&token_hash[..]).bind(now.as_millis()).execute(pool).await?;
        });
        Ok(())
    }

    /// Removes sessions last used up to `idle` or begun up to `oldest`.
    pub async fn purge_sessions(&self, idle: Instant, oldest: Instant) -> Result<(), StoreError> {
        on_writer!(self, pool => {
            sqlx::query(PURGE_SESSIONS).bind(idle.as_millis()).bind(oldest.as_millis()).execute(pool).await?;
        });
        Ok(())
    }
}
