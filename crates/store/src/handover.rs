use model::{AdministratorId, Handover, HandoverId, InstallationId, Instant, KeyId};
use uuid::Uuid;

use crate::{
    Change, Store, StoreError,
    db::on_db,
    group::on_tx,
    row::row,
    sql::{CHUNK, Sql, instant},
    work::write_down,
};

/// SHA-256 of a hand-over's token.
pub type TokenHash = [u8; 32];

/// A hand-over about to be written.
#[derive(Clone, Debug)]
pub struct NewHandover {
    /// Its id.
    pub id: HandoverId,
    /// Whose key.
    pub installation: InstallationId,
    /// The key whose secret it hands over.
    pub key: KeyId,
    /// Who made it, where that was an administrator.
    pub administrator: Option<AdministratorId>,
    /// The hash by which it is looked up.
    pub token_hash: TokenHash,
    /// The master key that, with the token, opens it.
    pub master_key_id: String,
    /// The secret.
    pub sealed_secret: Vec<u8>,
    /// From when on it can't be opened.
    pub expires_at: Instant,
}

/// A hand-over that can be opened, by its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandoverSecret {
    /// Its id.
    pub id: HandoverId,
    /// Whose key.
    pub installation: InstallationId,
    /// The key.
    pub key: KeyId,
    /// Who made it, where that was an administrator and is known.
    pub administrator: Option<AdministratorId>,
    /// The master key that, with the token, opens it.
    pub master_key_id: String,
    /// The secret.
    pub sealed_secret: Vec<u8>,
}

pub(crate) const INSERT_HANDOVER: &str = "INSERT INTO handover \
     (id, installation_id, key_id, token_hash, master_key_id, sealed_secret, created_at, expires_at, administrator_id) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
/// The token alone says whose it is: whoever opens a link has no account.
pub(crate) const HANDOVER_BY_TOKEN: &str = "SELECT id, installation_id, key_id, administrator_id, master_key_id, sealed_secret \
     FROM handover WHERE token_hash = $1 AND sealed_secret IS NOT NULL AND expires_at > $2";
pub(crate) const OPEN_HANDOVER: &str = "UPDATE handover SET opened_at = $2, master_key_id = NULL, sealed_secret = NULL \
     WHERE id = $1 AND sealed_secret IS NOT NULL AND expires_at > $2";
pub(crate) const WITHDRAW_HANDOVER: &str = "UPDATE handover SET withdrawn_at = $4, master_key_id = NULL, sealed_secret = NULL \
     WHERE installation_id = $1 AND key_id = $2 AND id = $3 AND sealed_secret IS NOT NULL AND expires_at > $4";
/// Also those whose time is over: nobody need tell them apart.
pub(crate) const WITHDRAW_ALL: &str = "UPDATE handover SET withdrawn_at = $1, master_key_id = NULL, sealed_secret = NULL \
     WHERE sealed_secret IS NOT NULL";
/// The secrets of links that nobody opened in time. Other links lose theirs when they are opened or withdrawn.
pub(crate) const ERASE_EXPIRED: &str = "UPDATE handover SET master_key_id = NULL, sealed_secret = NULL \
     WHERE sealed_secret IS NOT NULL AND expires_at <= $1";
pub(crate) const PURGE_HANDOVERS: &str = "DELETE FROM handover WHERE key_id IN \
     (SELECT id FROM api_key WHERE deleted_at IS NOT NULL AND deleted_at <= $1)";
pub(crate) const HANDOVER: &str = "SELECT id, key_id, created_at, expires_at, opened_at, withdrawn_at FROM handover \
     WHERE installation_id = $1 AND key_id = $2 AND id = $3";
pub(crate) const HANDOVERS: &str = "SELECT id, key_id, created_at, expires_at, opened_at, withdrawn_at FROM handover \
     WHERE installation_id = $1 AND key_id = $2 ORDER BY created_at DESC, id DESC LIMIT $3";

row! {
    struct SecretRow {
        id: Uuid,
        installation_id: Uuid,
        key_id: Uuid,
        administrator_id: Option<Uuid>,
        master_key_id: String,
        sealed_secret: Vec<u8>,
    }
}

row! {
    struct HandoverRow {
        id: Uuid,
        key_id: Uuid,
        created_at: i64,
        expires_at: i64,
        opened_at: Option<i64>,
        withdrawn_at: Option<i64>,
    }
}

impl From<SecretRow> for HandoverSecret {
    fn from(row: SecretRow) -> Self {
        Self {
            id: HandoverId(row.id),
            installation: InstallationId(row.installation_id),
            key: KeyId(row.key_id),
            administrator: row.administrator_id.map(AdministratorId),
            master_key_id: row.master_key_id,
            sealed_secret: row.sealed_secret,
        }
    }
}

impl From<HandoverRow> for Handover {
    fn from(row: HandoverRow) -> Self {
        Self {
            id: HandoverId(row.id),
            key_id: KeyId(row.key_id),
            created_at: Instant::from_millis(row.created_at),
            expires_at: Instant::from_millis(row.expires_at),
            opened_at: instant(row.opened_at),
            withdrawn_at: instant(row.withdrawn_at),
        }
    }
}

impl Store {
    /// Forgets the secrets of hand-overs that can't be opened any more at `now`. Returns how many there were.
    pub async fn erase_expired_handovers(&self, now: Instant) -> Result<u64, StoreError> {
        Ok(write_down!(self, connection => {
            sqlx::query(ERASE_EXPIRED).bind(now.as_millis()).execute(&mut *connection).await?.rows_affected()
        }))
    }

    /// The hand-over with this token, if it can be opened at `now`.
    pub async fn handover_by_token(
        &self,
        token: &TokenHash,
        now: Instant,
    ) -> Result<Option<HandoverSecret>, StoreError> {
        let row: Option<SecretRow> = on_db!(self, pool => {
            sqlx::query_as(HANDOVER_BY_TOKEN).bind(&token[..]).bind(now.as_millis()).fetch_optional(pool).await?
        });
        Ok(row.map(HandoverSecret::from))
    }

    /// The newest hand-overs of a key, the newest first.
    pub async fn handovers(
        &self,
        installation: InstallationId,
        key: KeyId,
        limit: i64,
    ) -> Result<Vec<Handover>, StoreError> {
        let rows: Vec<HandoverRow> = on_db!(self, pool => {
            sqlx::query_as(HANDOVERS).bind(installation.0).bind(key.0).bind(limit).fetch_all(pool).await?
        });
        Ok(rows.into_iter().map(Handover::from).collect())
    }
}

impl Change {
    /// Writes a new hand-over.
    pub async fn insert_handover(&mut self, new: &NewHandover, now: Instant) -> Result<(), StoreError> {
        on_tx!(self, connection => {
            sqlx::query(INSERT_HANDOVER)
                .bind(new.id.0)
                .bind(new.installation.0)
                .bind(new.key.0)
                .bind(&new.token_hash[..])
                .bind(&new.master_key_id)
                .bind(&new.sealed_secret)
                .bind(now.as_millis())
                .bind(new.expires_at.as_millis())
                .bind(new.administrator.map(|id| id.0))
                .execute(connection)
                .await?;
        });
        Ok(())
    }

    /// The hand-over with this token, if it can be opened at `now`, as this change sees it.
    pub async fn handover_by_token(
        &mut self,
        token: &TokenHash,
        now: Instant,
    ) -> Result<Option<HandoverSecret>, StoreError> {
        let row: Option<SecretRow> = on_tx!(self, connection => {
            sqlx::query_as(HANDOVER_BY_TOKEN).bind(&token[..]).bind(now.as_millis()).fetch_optional(connection).await?
        });
        Ok(row.map(HandoverSecret::from))
    }

    /// Marks a hand-over as opened and forgets its secret. False: it was over already.
    pub async fn open_handover(&mut self, id: HandoverId, now: Instant) -> Result<bool, StoreError> {
        let done = on_tx!(self, connection => {
            sqlx::query(OPEN_HANDOVER).bind(id.0).bind(now.as_millis()).execute(connection).await?.rows_affected()
        });
        Ok(done == 1)
    }

    /// A hand-over of a key, as this change sees it.
    pub async fn handover(
        &mut self,
        installation: InstallationId,
        key: KeyId,
        id: HandoverId,
    ) -> Result<Option<Handover>, StoreError> {
        let row: Option<HandoverRow> = on_tx!(self, connection => {
            sqlx::query_as(HANDOVER).bind(installation.0).bind(key.0).bind(id.0).fetch_optional(connection).await?
        });
        Ok(row.map(Handover::from))
    }

    /// Withdraws a hand-over that nobody has opened, and forgets its secret. False: it was over already, or never was.
    pub async fn withdraw_handover(
        &mut self,
        installation: InstallationId,
        key: KeyId,
        id: HandoverId,
        now: Instant,
    ) -> Result<bool, StoreError> {
        let done = on_tx!(self, connection => {
            sqlx::query(WITHDRAW_HANDOVER)
                .bind(installation.0)
                .bind(key.0)
                .bind(id.0)
                .bind(now.as_millis())
                .execute(connection)
                .await?
                .rows_affected()
        });
        Ok(done == 1)
    }

    /// Withdraws the hand-overs of these keys that nobody has opened, and forgets their secrets.
    pub async fn withdraw_handovers(
        &mut self,
        installation: InstallationId,
        keys: &[KeyId],
        now: Instant,
    ) -> Result<(), StoreError> {
        for chunk in keys.chunks(CHUNK) {
            let mut sql = Sql::new("UPDATE handover SET master_key_id = NULL, sealed_secret = NULL, withdrawn_at = ");
            sql.int(now.as_millis()).push(" WHERE sealed_secret IS NOT NULL AND expires_at > ").int(now.as_millis());
            sql.push(" AND installation_id = ").id(installation.0);
            sql.push(" AND key_id IN ").list(chunk, |sql, id| {
                sql.id(id.0);
            });
            self.execute(sql).await?;
        }
        Ok(())
    }
}
