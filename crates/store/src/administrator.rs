use model::{Administrator, AdministratorId, InstallationId, Instant, Role};
use uuid::Uuid;

use crate::{Change, Store, StoreError, db::on_db, group::on_tx, row::row, sql::instant};

/// An administrator with the data for signing in.
#[derive(Clone)]
pub struct StoredAdministrator {
    /// Where they work.
    pub installation: InstallationId,
    /// The part that may be shown.
    pub administrator: Administrator,
    /// The email address as it is compared.
    pub email_folded: String,
    /// Argon2id, in the PHC string format.
    pub password_hash: String,
    /// When they were made an administrator.
    pub created_at: Instant,
    /// Since when they can't sign in; `None`: they can.
    pub disabled_at: Option<Instant>,
}

row! {
    struct AdministratorRow {
        id: Uuid,
        installation_id: Uuid,
        email: String,
        email_folded: String,
        name: String,
        role: String,
        password_hash: String,
        created_at: i64,
        disabled_at: Option<i64>,
    }
}

pub(crate) fn administrator(id: Uuid, email: String, name: String, role: &str) -> Result<Administrator, StoreError> {
    Ok(Administrator { id: AdministratorId(id), email, name, role: read_role(role)? })
}

pub(crate) fn read_role(role: &str) -> Result<Role, StoreError> {
    role.parse().map_err(|_| StoreError::Corrupt { column: "administrator.role" })
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
            disabled_at: instant(row.disabled_at),
        })
    }
}

pub(crate) const INSERT_ADMINISTRATOR: &str = "INSERT INTO administrator \
     (id, installation_id, email, email_folded, name, role, password_hash, created_at, disabled_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
pub(crate) const ADMINISTRATOR_BY_EMAIL: &str = "SELECT id, installation_id, email, email_folded, name, role, password_hash, created_at, disabled_at \
     FROM administrator WHERE email_folded = $1";
pub(crate) const ADMINISTRATOR: &str = "SELECT id, installation_id, email, email_folded, name, role, password_hash, created_at, disabled_at \
     FROM administrator WHERE installation_id = $1 AND id = $2";
pub(crate) const COUNT_ADMINISTRATORS: &str = "SELECT COUNT(*) FROM administrator WHERE installation_id = $1";
pub(crate) const COUNT_OTHER_OWNERS: &str = "SELECT COUNT(*) FROM administrator \
     WHERE installation_id = $1 AND id <> $2 AND role = 'owner' AND disabled_at IS NULL";
pub(crate) const SET_ROLE: &str = "UPDATE administrator SET role = $3 WHERE installation_id = $1 AND id = $2";
pub(crate) const SET_DISABLED: &str =
    "UPDATE administrator SET disabled_at = $3 WHERE installation_id = $1 AND id = $2";
pub(crate) const SET_PASSWORD: &str =
    "UPDATE administrator SET password_hash = $3 WHERE installation_id = $1 AND id = $2";
pub(crate) const SET_NAME: &str = "UPDATE administrator SET name = $3 WHERE installation_id = $1 AND id = $2";
pub(crate) const SET_OWN_TIME_ZONE: &str =
    "UPDATE administrator SET time_zone = $3 WHERE installation_id = $1 AND id = $2";
pub(crate) const DELETE_ADMINISTRATOR: &str = "DELETE FROM administrator WHERE installation_id = $1 AND id = $2";

impl Change {
    /// Writes a new administrator, and which person their id in the audit log stands for.
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
                .bind(new.disabled_at.map(Instant::as_millis))
                .execute(connection)
                .await?;
        });
        self.insert_person(new.installation, &new.administrator, &new.email_folded).await
    }

    /// The administrator with this folded email address in any installation, as this change sees it.
    pub async fn administrator_by_email(
        &mut self,
        email_folded: &str,
    ) -> Result<Option<StoredAdministrator>, StoreError> {
        let row: Option<AdministratorRow> = on_tx!(self, connection => {
            sqlx::query_as(ADMINISTRATOR_BY_EMAIL).bind(email_folded).fetch_optional(connection).await?
        });
        row.map(StoredAdministrator::try_from).transpose()
    }

    /// An administrator of the installation, as this change sees it.
    pub async fn administrator(
        &mut self,
        installation: InstallationId,
        id: AdministratorId,
    ) -> Result<Option<StoredAdministrator>, StoreError> {
        let row: Option<AdministratorRow> = on_tx!(self, connection => {
            sqlx::query_as(ADMINISTRATOR).bind(installation.0).bind(id.0).fetch_optional(connection).await?
        });
        row.map(StoredAdministrator::try_from).transpose()
    }

    /// How many administrators the installation has, as this change sees it.
    pub async fn count_administrators(&mut self, installation: InstallationId) -> Result<i64, StoreError> {
        Ok(on_tx!(self, connection => {
            sqlx::query_scalar(COUNT_ADMINISTRATORS).bind(installation.0).fetch_one(connection).await?
        }))
    }

    /// How many owners beside this person can sign in, as this change sees it.
    pub async fn count_other_owners(
        &mut self,
        installation: InstallationId,
        id: AdministratorId,
    ) -> Result<i64, StoreError> {
        Ok(on_tx!(self, connection => {
            sqlx::query_scalar(COUNT_OTHER_OWNERS).bind(installation.0).bind(id.0).fetch_one(connection).await?
        }))
    }

    /// Gives an administrator another role. False: there is no such administrator.
    pub async fn set_role(
        &mut self,
        installation: InstallationId,
        id: AdministratorId,
        role: Role,
    ) -> Result<bool, StoreError> {
        let done = on_tx!(self, connection => {
            sqlx::query(SET_ROLE)
                .bind(installation.0)
                .bind(id.0)
                .bind(role.as_str())
                .execute(connection)
                .await?
                .rows_affected()
        });
        Ok(done == 1)
    }

    /// Disables an administrator as of an instant, or enables them again. False: there is no such administrator.
    pub async fn set_disabled(
        &mut self,
        installation: InstallationId,
        id: AdministratorId,
        disabled_at: Option<Instant>,
    ) -> Result<bool, StoreError> {
        let done = on_tx!(self, connection => {
            sqlx::query(SET_DISABLED)
                .bind(installation.0)
                .bind(id.0)
                .bind(disabled_at.map(Instant::as_millis))
                .execute(connection)
                .await?
                .rows_affected()
        });
        Ok(done == 1)
    }

    /// Gives an administrator another password. False: there is no such administrator.
    pub async fn set_password(
        &mut self,
        installation: InstallationId,
        id: AdministratorId,
        password_hash: &str,
    ) -> Result<bool, StoreError> {
        let done = on_tx!(self, connection => {
            sqlx::query(SET_PASSWORD)
                .bind(installation.0)
                .bind(id.0)
                .bind(password_hash)
                .execute(connection)
                .await?
                .rows_affected()
        });
        Ok(done == 1)
    }

    /// Gives an administrator another name, here and beside the audit log. False: there is no such administrator.
    pub async fn set_name(
        &mut self,
        installation: InstallationId,
        id: AdministratorId,
        name: &str,
    ) -> Result<bool, StoreError> {
        let done = on_tx!(self, connection => {
            sqlx::query(SET_NAME)
                .bind(installation.0)
                .bind(id.0)
                .bind(name)
                .execute(connection)
                .await?
                .rows_affected()
        });
        if done == 1 {
            self.rename_person(id, name).await?;
        }
        Ok(done == 1)
    }

    /// Notes by whose clocks an administrator reads times; `None`: by their browser's. False: there is no such administrator.
    pub async fn set_own_time_zone(
        &mut self,
        installation: InstallationId,
        id: AdministratorId,
        time_zone: Option<&str>,
    ) -> Result<bool, StoreError> {
        let done = on_tx!(self, connection => {
            sqlx::query(SET_OWN_TIME_ZONE)
                .bind(installation.0)
                .bind(id.0)
                .bind(time_zone)
                .execute(connection)
                .await?
                .rows_affected()
        });
        Ok(done == 1)
    }

    /// Removes an administrator with their sessions, their second factors and their link for a new password. False: there is no such administrator.
    pub async fn remove_administrator(
        &mut self,
        installation: InstallationId,
        id: AdministratorId,
    ) -> Result<bool, StoreError> {
        if self.administrator(installation, id).await?.is_none() {
            return Ok(false);
        }
        self.end_sessions(id, None).await?;
        self.withdraw_password_reset(id).await?;
        let done = on_tx!(self, connection => {
            sqlx::query(DELETE_ADMINISTRATOR).bind(installation.0).bind(id.0).execute(connection).await?.rows_affected()
        });
        Ok(done == 1)
    }
}

impl Store {
    /// An administrator of the installation.
    pub async fn administrator(
        &self,
        installation: InstallationId,
        id: AdministratorId,
    ) -> Result<Option<StoredAdministrator>, StoreError> {
        let row: Option<AdministratorRow> = on_db!(self, pool => {
            sqlx::query_as(ADMINISTRATOR).bind(installation.0).bind(id.0).fetch_optional(pool).await?
        });
        row.map(StoredAdministrator::try_from).transpose()
    }

    /// The administrator with this folded email address.
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
}
