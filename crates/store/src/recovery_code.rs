use model::AdministratorId;

use crate::{Change, Store, StoreError, TokenHash, db::on_db, group::on_tx};

pub(crate) const COUNT_RECOVERY_CODES: &str = "SELECT COUNT(*) FROM recovery_code WHERE administrator_id = $1";
pub(crate) const INSERT_RECOVERY_CODE: &str = "INSERT INTO recovery_code (administrator_id, code_hash) VALUES ($1, $2)";
/// Whoever deletes it has used it.
pub(crate) const USE_RECOVERY_CODE: &str = "DELETE FROM recovery_code WHERE administrator_id = $1 AND code_hash = $2";
pub(crate) const DELETE_RECOVERY_CODES: &str = "DELETE FROM recovery_code WHERE administrator_id = $1";

impl Store {
    /// How many recovery codes a person has left.
    pub async fn recovery_codes(&self, person: AdministratorId) -> Result<u64, StoreError> {
        let count: i64 =
            on_db!(self, pool => sqlx::query_scalar(COUNT_RECOVERY_CODES).bind(person.0).fetch_one(pool).await?);
        Ok(count.unsigned_abs())
    }
}

impl Change {
    /// Gives a person recovery codes in the place of those that they have.
    pub async fn put_recovery_codes(
        &mut self,
        person: AdministratorId,
        hashes: &[TokenHash],
    ) -> Result<(), StoreError> {
        self.delete_recovery_codes(person).await?;
        for hash in hashes {
            on_tx!(self, connection => {
                sqlx::query(INSERT_RECOVERY_CODE).bind(person.0).bind(&hash[..]).execute(connection).await?;
            });
        }
        Ok(())
    }

    /// Uses a recovery code up. False: the person has no such code.
    pub async fn use_recovery_code(&mut self, person: AdministratorId, hash: &TokenHash) -> Result<bool, StoreError> {
        let done = on_tx!(self, connection => {
            sqlx::query(USE_RECOVERY_CODE).bind(person.0).bind(&hash[..]).execute(connection).await?.rows_affected()
        });
        Ok(done == 1)
    }

    /// Takes all recovery codes of a person away.
    pub async fn delete_recovery_codes(&mut self, person: AdministratorId) -> Result<(), StoreError> {
        on_tx!(self, connection => {
            sqlx::query(DELETE_RECOVERY_CODES).bind(person.0).execute(connection).await?;
        });
        Ok(())
    }
}
