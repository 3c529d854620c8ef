use model::{AdministratorId, InstallationId, Instant};
use uuid::Uuid;

use crate::{
    Change, Store, StoreError, TokenHash, administrator::administrator, db::on_db, group::on_tx,
    letter::DROP_LETTERS_ABOUT, row::row,
};

/// A link for a new password that can be used, by its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredReset {
    /// Where its person works.
    pub installation: InstallationId,
    /// Whose password it sets.
    pub administrator: model::Administrator,
}

row! {
    struct ResetRow {
        id: Uuid,
        installation_id: Uuid,
        email: String,
        name: String,
        role: String,
    }
}

/// A person has one; the newest takes the place of those before.
pub(crate) const PUT_RESET: &str = "INSERT INTO password_reset (administrator_id, token_hash, created_at, expires_at) \
     VALUES ($1, $2, $3, $4) ON CONFLICT (administrator_id) DO UPDATE \
     SET token_hash = excluded.token_hash, created_at = excluded.created_at, expires_at = excluded.expires_at";
pub(crate) const RESET_BY_TOKEN: &str = "SELECT a.id, a.installation_id, a.email, a.name, a.role \
     FROM password_reset r JOIN administrator a ON a.id = r.administrator_id \
     WHERE r.token_hash = $1 AND r.expires_at > $2 AND a.disabled_at IS NULL";
pub(crate) const WITHDRAW_RESET: &str = "DELETE FROM password_reset WHERE administrator_id = $1";
pub(crate) const PURGE_RESETS: &str = "DELETE FROM password_reset WHERE expires_at <= $1";

fn reset(row: ResetRow) -> Result<StoredReset, StoreError> {
    Ok(StoredReset {
        installation: InstallationId(row.installation_id),
        administrator: administrator(row.id, row.email, row.name, &row.role)?,
    })
}

impl Change {
    /// Makes the link by which a person sets a new password, in the place of an older one and of a letter that waits with it.
    pub async fn put_password_reset(
        &mut self,
        person: AdministratorId,
        token_hash: &TokenHash,
        now: Instant,
        expires_at: Instant,
    ) -> Result<(), StoreError> {
        on_tx!(self, connection => {
            sqlx::query(DROP_LETTERS_ABOUT).bind(person.0).execute(&mut *connection).await?;
            sqlx::query(PUT_RESET)
                .bind(person.0)
                .bind(&token_hash[..])
                .bind(now.as_millis())
                .bind(expires_at.as_millis())
                .execute(connection)
                .await?;
        });
        Ok(())
    }

    /// The link for a new password with this token, if it can be used at `now`, as this change sees it.
    pub async fn password_reset_by_token(
        &mut self,
        token_hash: &TokenHash,
        now: Instant,
    ) -> Result<Option<StoredReset>, StoreError> {
        let row: Option<ResetRow> = on_tx!(self, connection => {
            sqlx::query_as(RESET_BY_TOKEN)
                .bind(&token_hash[..])
                .bind(now.as_millis())
                .fetch_optional(connection)
                .await?
        });
        row.map(reset).transpose()
    }

    /// Withdraws a person's link for a new password, if there is one, with a letter that waits with it.
    pub async fn withdraw_password_reset(&mut self, person: AdministratorId) -> Result<(), StoreError> {
        on_tx!(self, connection => {
            sqlx::query(DROP_LETTERS_ABOUT).bind(person.0).execute(&mut *connection).await?;
            sqlx::query(WITHDRAW_RESET).bind(person.0).execute(connection).await?;
        });
        Ok(())
    }
}

impl Store {
    /// The link for a new password with this token, if it can be used at `now`.
    pub async fn password_reset_by_token(
        &self,
        token_hash: &TokenHash,
        now: Instant,
    ) -> Result<Option<StoredReset>, StoreError> {
        let row: Option<ResetRow> = on_db!(self, pool => {
            sqlx::query_as(RESET_BY_TOKEN).bind(&token_hash[..]).bind(now.as_millis()).fetch_optional(pool).await?
        });
        row.map(reset).transpose()
    }
}
