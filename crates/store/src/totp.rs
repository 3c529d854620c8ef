use model::{AdministratorId, InstallationId, Instant};
use uuid::Uuid;

use crate::{Change, SealedCopy, Store, StoreError, db::on_db, group::on_tx, row::row};

/// The authenticator app of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTotp {
    /// Where they work.
    pub installation: InstallationId,
    /// Whose.
    pub administrator: AdministratorId,
    /// The secret that it makes codes with.
    pub secret: SealedCopy,
    /// When it was added.
    pub created_at: Instant,
    /// The time step of the last code that was accepted.
    pub last_step: i64,
}

row! {
    struct TotpRow {
        installation_id: Uuid,
        administrator_id: Uuid,
        master_key_id: String,
        wrapped_key: Vec<u8>,
        sealed_secret: Vec<u8>,
        created_at: i64,
        last_step: i64,
    }
}

impl From<TotpRow> for StoredTotp {
    fn from(row: TotpRow) -> Self {
        Self {
            installation: InstallationId(row.installation_id),
            administrator: AdministratorId(row.administrator_id),
            secret: SealedCopy {
                master_key_id: row.master_key_id,
                wrapped_key: row.wrapped_key,
                sealed_secret: row.sealed_secret,
            },
            created_at: Instant::from_millis(row.created_at),
            last_step: row.last_step,
        }
    }
}

macro_rules! totp_select {
    ($rest:literal) => {
        concat!(
            "SELECT a.installation_id, t.administrator_id, t.master_key_id, t.wrapped_key, t.sealed_secret, t.created_at, \
             t.last_step FROM totp t JOIN administrator a ON a.id = t.administrator_id ",
            $rest
        )
    };
}

pub(crate) const TOTP: &str = totp_select!("WHERE t.administrator_id = $1");
pub(crate) const ALL_TOTP: &str = totp_select!("ORDER BY t.administrator_id");
pub(crate) const INSERT_TOTP: &str = "INSERT INTO totp \
     (administrator_id, master_key_id, wrapped_key, sealed_secret, created_at, last_step) \
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (administrator_id) DO NOTHING";
/// A code is used once: of two that are shown at once, on whichever nodes, one finds the step moved.
pub(crate) const USE_TOTP: &str = "UPDATE totp SET last_step = $2 WHERE administrator_id = $1 AND last_step < $2";
pub(crate) const RESEAL_TOTP: &str = "UPDATE totp SET master_key_id = $3, wrapped_key = $4, sealed_secret = $5 \
     WHERE administrator_id = $1 AND wrapped_key = $2";
pub(crate) const DELETE_TOTP: &str = "DELETE FROM totp WHERE administrator_id = $1";

impl Store {
    /// The authenticator app of a person.
    pub async fn totp(&self, person: AdministratorId) -> Result<Option<StoredTotp>, StoreError> {
        let row: Option<TotpRow> =
            on_db!(self, pool => sqlx::query_as(TOTP).bind(person.0).fetch_optional(pool).await?);
        Ok(row.map(StoredTotp::from))
    }

    /// Every authenticator app of the deployment.
    pub async fn all_totp(&self) -> Result<Vec<StoredTotp>, StoreError> {
        let rows: Vec<TotpRow> = on_db!(self, pool => sqlx::query_as(ALL_TOTP).fetch_all(pool).await?);
        Ok(rows.into_iter().map(StoredTotp::from).collect())
    }
}

impl Change {
    /// The authenticator app of a person, as this change sees it.
    pub async fn totp(&mut self, person: AdministratorId) -> Result<Option<StoredTotp>, StoreError> {
        let row: Option<TotpRow> = on_tx!(self, connection => {
            sqlx::query_as(TOTP).bind(person.0).fetch_optional(connection).await?
        });
        Ok(row.map(StoredTotp::from))
    }

    /// Gives a person an authenticator app. False: they have one.
    pub async fn insert_totp(&mut self, new: &StoredTotp) -> Result<bool, StoreError> {
        let done = on_tx!(self, connection => {
            sqlx::query(INSERT_TOTP)
                .bind(new.administrator.0)
                .bind(&new.secret.master_key_id)
                .bind(&new.secret.wrapped_key)
                .bind(&new.secret.sealed_secret)
                .bind(new.created_at.as_millis())
                .bind(new.last_step)
                .execute(connection)
                .await?
                .rows_affected()
        });
        Ok(done == 1)
    }

    /// Uses up the codes of a time step and of those before. False: they are used already.
    pub async fn use_totp(&mut self, person: AdministratorId, step: i64) -> Result<bool, StoreError> {
        let done = on_tx!(self, connection => {
            sqlx::query(USE_TOTP).bind(person.0).bind(step).execute(connection).await?.rows_affected()
        });
        Ok(done == 1)
    }

    /// Seals a person's secret anew. False: it is another, or was sealed anew by somebody else.
    pub async fn reseal_totp(
        &mut self,
        person: AdministratorId,
        was: &[u8],
        copy: &SealedCopy,
    ) -> Result<bool, StoreError> {
        let done = on_tx!(self, connection => {
            sqlx::query(RESEAL_TOTP)
                .bind(person.0)
                .bind(was)
                .bind(&copy.master_key_id)
                .bind(&copy.wrapped_key)
                .bind(&copy.sealed_secret)
                .execute(connection)
                .await?
                .rows_affected()
        });
        Ok(done == 1)
    }

    /// Takes a person's authenticator app away. False: they have none.
    pub async fn delete_totp(&mut self, person: AdministratorId) -> Result<bool, StoreError> {
        let done = on_tx!(self, connection => {
            sqlx::query(DELETE_TOTP).bind(person.0).execute(connection).await?.rows_affected()
        });
        Ok(done == 1)
    }
}
