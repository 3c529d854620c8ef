//! Secrets that rest on an older key of the keyring get the digest and the sealed copy of a newer one. That is no change of truth:
//! nothing that anybody reads is altered. It moves the epoch of their keys all the same, since memory finds them by their digests.

use model::{InstallationId, KeyId, SecretId};
use uuid::Uuid;

use crate::{
    Change, Digest, SealedCopy, SealedSecret, Store, StoreError,
    db::on_db,
    group::on_tx,
    sql::{CHUNK, Sql, Value, query},
};

/// The digest of a secret under another pepper.
#[derive(Clone, Debug)]
pub struct NewDigest {
    /// Whose.
    pub installation: InstallationId,
    /// The key.
    pub key: KeyId,
    /// The secret.
    pub secret: SecretId,
    /// The digest that it has. If it has another meanwhile, it is left alone.
    pub was: Digest,
    /// The digest that it gets.
    pub digest: Digest,
    /// Under which pepper.
    pub pepper_id: String,
    /// Digests of its SHA-256 and of its SHA-512 under the same: by these it is known again if it was imported.
    pub forms: [Digest; 2],
}

/// The sealed copy of a secret under another master key.
#[derive(Clone, Debug)]
pub struct NewCopy {
    /// The secret.
    pub secret: SecretId,
    /// The wrapped data key that it has. If it has another meanwhile, it is left alone.
    pub was: Vec<u8>,
    /// The copy that it gets.
    pub copy: SealedCopy,
}

type Row = (Uuid, Uuid, Uuid, Vec<u8>, String, String, Vec<u8>, Vec<u8>);

impl Store {
    /// Secrets with a sealed copy that rest on other peppers or other master keys than these, in the order of their ids, after
    /// the given one; each with its pepper's id. A row that can't be read is left out.
    pub async fn secrets_to_renew(
        &self,
        peppers: &[String],
        masters: &[String],
        after: SecretId,
        limit: i64,
    ) -> Result<Vec<(SealedSecret, String)>, StoreError> {
        let mut sql = Sql::new(
            "SELECT installation_id, key_id, id, digest, pepper_id, master_key_id, wrapped_key, sealed_secret \
             FROM api_key_secret WHERE id > ",
        );
        let text = |sql: &mut Sql, id: &String| {
            sql.text(id);
        };
        sql.id(after.0).push(" AND master_key_id IS NOT NULL AND (pepper_id NOT IN ").list(peppers, text);
        sql.push(" OR master_key_id NOT IN ").list(masters, text).push(") ORDER BY id LIMIT ").int(limit);
        let rows: Vec<Row> = on_db!(self, pool => query!(query_as, sql, pool).fetch_all(pool).await?);
        let read = |(installation, key, secret, digest, pepper_id, master_key_id, wrapped_key, sealed_secret): Row| {
            let sealed = SealedSecret {
                installation: InstallationId(installation),
                key: KeyId(key),
                secret: SecretId(secret),
                digest: digest.try_into().ok()?,
                copy: SealedCopy { master_key_id, wrapped_key, sealed_secret },
            };
            Some((sealed, pepper_id))
        };
        Ok(rows.into_iter().filter_map(read).collect())
    }
}

impl Change {
    /// Gives secrets other digests. Returns the keys of those that got them: their records have changed.
    pub async fn renew_digests(&mut self, new: &[NewDigest]) -> Result<Vec<KeyId>, StoreError> {
        let mut keys = Vec::with_capacity(new.len());
        for chunk in new.chunks(CHUNK) {
            let mut sql = Sql::new(
                "UPDATE api_key_secret SET former_digest = digest, digest = renewed.column3, pepper_id = renewed.column4 \
                 FROM (VALUES ",
            );
            for (index, new) in chunk.iter().enumerate() {
                sql.push(if index == 0 { "(" } else { ", (" }).id(new.secret.0);
                sql.push(", ").bind(Value::Bytes(new.was.to_vec())).push(", ").bind(Value::Bytes(new.digest.to_vec()));
                sql.push(", ").text(&new.pepper_id).push(")");
            }
            sql.push(
                ") AS renewed WHERE api_key_secret.id = renewed.column1 AND api_key_secret.digest = renewed.column2 \
                 RETURNING key_id",
            );
            let renewed: Vec<Uuid> =
                on_tx!(self, connection => query!(query_scalar, sql, connection).fetch_all(connection).await?);
            keys.extend(renewed.into_iter().map(KeyId));
        }
        self.know_by_themselves(new).await?;
        keys.sort_unstable();
        keys.dedup();
        for chunk in keys.chunks(CHUNK) {
            let mut sql = Sql::new("UPDATE api_key SET epoch = ");
            sql.int(self.epoch()).push(" WHERE id IN ").list(chunk, |sql, key| {
                sql.id(key.0);
            });
            self.execute(sql).await?;
        }
        Ok(keys)
    }

    /// Gives secrets other sealed copies. Returns how many got them.
    pub async fn renew_copies(&mut self, new: &[NewCopy]) -> Result<u64, StoreError> {
        let mut renewed = 0;
        for chunk in new.chunks(CHUNK) {
            let mut sql = Sql::new(
                "UPDATE api_key_secret SET master_key_id = renewed.column3, wrapped_key = renewed.column4, \
                 sealed_secret = renewed.column5 FROM (VALUES ",
            );
            for (index, NewCopy { secret, was, copy }) in chunk.iter().enumerate() {
                sql.push(if index == 0 { "(" } else { ", (" }).id(secret.0).push(", ").bind(Value::Bytes(was.clone()));
                sql.push(", ").text(&copy.master_key_id).push(", ").bind(Value::Bytes(copy.wrapped_key.clone()));
                sql.push(", ").bind(Value::Bytes(copy.sealed_secret.clone())).push(")");
            }
            sql.push(
                ") AS renewed WHERE api_key_secret.id = renewed.column1 AND api_key_secret.wrapped_key = renewed.column2",
            );
            renewed += on_tx!(self, connection => {
                query!(query, sql, connection).execute(connection).await?.rows_affected()
            });
        }
        Ok(renewed)
    }
}
