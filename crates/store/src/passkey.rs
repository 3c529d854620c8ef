use model::{AdministratorId, Instant, Passkey, PasskeyId};
use uuid::Uuid;

use crate::{Change, Store, StoreError, TokenHash, db::on_db, group::on_tx, row::row, sql::instant, work::on_writer};

/// A passkey with what its answers are checked with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPasskey {
    /// Whose.
    pub administrator: AdministratorId,
    /// The part that may be shown.
    pub passkey: Passkey,
    /// By which its authenticator knows it.
    pub credential_id: Vec<u8>,
    /// Its public key, in COSE's form.
    pub public_key: Vec<u8>,
    /// The counter of the last answer.
    pub sign_count: u32,
}

row! {
    struct PasskeyRow {
        id: Uuid,
        administrator_id: Uuid,
        credential_id: Vec<u8>,
        public_key: Vec<u8>,
        sign_count: i64,
        name: String,
        created_at: i64,
        last_used_at: Option<i64>,
    }
}

impl TryFrom<PasskeyRow> for StoredPasskey {
    type Error = StoreError;

    fn try_from(row: PasskeyRow) -> Result<Self, StoreError> {
        let corrupt = |_| StoreError::Corrupt { column: "passkey.sign_count" };
        Ok(Self {
            administrator: AdministratorId(row.administrator_id),
            passkey: Passkey {
                id: PasskeyId(row.id),
                name: row.name,
                created_at: Instant::from_millis(row.created_at),
                last_used_at: instant(row.last_used_at),
            },
            credential_id: row.credential_id,
            public_key: row.public_key,
            sign_count: u32::try_from(row.sign_count).map_err(corrupt)?,
        })
    }
}

pub(crate) const PASSKEYS: &str = "SELECT id, administrator_id, credential_id, public_key, sign_count, name, created_at, last_used_at \
     FROM passkey WHERE administrator_id = $1 ORDER BY created_at, id";
pub(crate) const INSERT_PASSKEY: &str = "INSERT INTO passkey \
     (id, administrator_id, credential_id, public_key, sign_count, name, created_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (credential_id) DO NOTHING";
pub(crate) const USE_PASSKEY: &str = "UPDATE passkey SET sign_count = $3, last_used_at = $4 \
     WHERE administrator_id = $1 AND id = $2 AND (sign_count < $3 OR (sign_count = 0 AND $3 = 0))";
pub(crate) const DELETE_PASSKEY: &str = "DELETE FROM passkey WHERE administrator_id = $1 AND id = $2";
pub(crate) const DELETE_PASSKEYS: &str = "DELETE FROM passkey WHERE administrator_id = $1";
pub(crate) const SPEND_CHALLENGE: &str =
    "INSERT INTO spent_challenge (challenge_hash, spent_at) VALUES ($1, $2) ON CONFLICT (challenge_hash) DO NOTHING";
pub(crate) const PURGE_CHALLENGES: &str = "DELETE FROM spent_challenge WHERE spent_at <= $1";

impl Store {
    /// The passkeys of a person, the oldest first.
    pub async fn passkeys(&self, person: AdministratorId) -> Result<Vec<StoredPasskey>, StoreError> {
        let rows: Vec<PasskeyRow> =
            on_db!(self, pool => sqlx::query_as(PASSKEYS).bind(person.0).fetch_all(pool).await?);
        rows.into_iter().map(StoredPasskey::try_from).collect()
    }

    /// Removes challenges that were answered up to then: they are too old to be answered again.
    pub async fn purge_challenges(&self, upto: Instant) -> Result<(), StoreError> {
        on_writer!(self, connection => {
            sqlx::query(PURGE_CHALLENGES).bind(upto.as_millis()).execute(connection).await?;
        });
        Ok(())
    }
}

impl Change {
    /// The passkeys of a person, as this change sees them.
    pub async fn passkeys(&mut self, person: AdministratorId) -> Result<Vec<StoredPasskey>, StoreError> {
        let rows: Vec<PasskeyRow> = on_tx!(self, connection => {
            sqlx::query_as(PASSKEYS).bind(person.0).fetch_all(connection).await?
        });
        rows.into_iter().map(StoredPasskey::try_from).collect()
    }

    /// Writes a new passkey. False: somebody has it already.
    pub async fn insert_passkey(&mut self, new: &StoredPasskey) -> Result<bool, StoreError> {
        let done = on_tx!(self, connection => {
            sqlx::query(INSERT_PASSKEY)
                .bind(new.passkey.id.0)
                .bind(new.administrator.0)
                .bind(&new.credential_id)
                .bind(&new.public_key)
                .bind(i64::from(new.sign_count))
                .bind(&new.passkey.name)
                .bind(new.passkey.created_at.as_millis())
                .execute(connection)
                .await?
                .rows_affected()
        });
        Ok(done == 1)
    }

    /// Notes the use of a passkey, with its authenticator's counter. False: there is no such passkey, or its counter has not
    /// moved, so that there are two of it.
    pub async fn use_passkey(
        &mut self,
        person: AdministratorId,
        id: PasskeyId,
        sign_count: u32,
        now: Instant,
    ) -> Result<bool, StoreError> {
        let done = on_tx!(self, connection => {
            sqlx::query(USE_PASSKEY)
                .bind(person.0)
                .bind(id.0)
                .bind(i64::from(sign_count))
                .bind(now.as_millis())
                .execute(connection)
                .await?
                .rows_affected()
        });
        Ok(done == 1)
    }

    /// Takes a passkey away from a person. False: they have no such passkey.
    pub async fn delete_passkey(&mut self, person: AdministratorId, id: PasskeyId) -> Result<bool, StoreError> {
        let done = on_tx!(self, connection => {
            sqlx::query(DELETE_PASSKEY).bind(person.0).bind(id.0).execute(connection).await?.rows_affected()
        });
        Ok(done == 1)
    }

    /// Takes all passkeys of a person away. Returns how many there were.
    pub async fn delete_passkeys(&mut self, person: AdministratorId) -> Result<u64, StoreError> {
        Ok(on_tx!(self, connection => {
            sqlx::query(DELETE_PASSKEYS).bind(person.0).execute(connection).await?.rows_affected()
        }))
    }

    /// Notes that a challenge was answered. False: it was answered before, on whichever node.
    pub async fn spend_challenge(&mut self, hash: &TokenHash, now: Instant) -> Result<bool, StoreError> {
        let done = on_tx!(self, connection => {
            sqlx::query(SPEND_CHALLENGE).bind(&hash[..]).bind(now.as_millis()).execute(connection).await?.rows_affected()
        });
        Ok(done == 1)
    }
}
