use model::{InstallationId, Instant, KeyId, SecretId};
use uuid::Uuid;

use crate::{Change, Digest, SealedCopy, Store, StoreError, db::on_db, group::on_tx, sql::instant};

/// Proves a key of the keyring, without revealing anything of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyringProof {
    /// `pepper` or `master`.
    pub kind: &'static str,
    /// The key's id in the keyring.
    pub id: String,
    /// What only this key gives.
    pub proof: Vec<u8>,
}

/// A secret with its sealed copy: what a pepper and a master key can be tried on.
#[derive(Clone, Debug)]
pub struct SealedSecret {
    /// Whose.
    pub installation: InstallationId,
    /// The key.
    pub key: KeyId,
    /// The secret.
    pub secret: SecretId,
    /// Its digest.
    pub digest: Digest,
    /// Its sealed copy.
    pub copy: SealedCopy,
}

/// A pepper or a master key that was in use, on whichever node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownKey {
    /// `pepper` or `master`.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Since when. Of two keys of a kind the later takes the place of the earlier.
    pub since: Instant,
    /// When the operator gave it up.
    pub retired_at: Option<Instant>,
}

/// How much rests on one key of the keyring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyringUse {
    /// `pepper` or `master`.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// `secrets` that have not ended, those of deleted keys among them, since they can be restored; `hand-over links`; `webhooks`, by
    /// their secrets; `authenticator apps`, likewise; `letters` that wait to be sent; or `kept answers`.
    pub what: String,
    /// How many.
    pub count: u64,
}

/// An API key with a secret that rests on a key of the keyring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestingKey {
    /// Whose: the id and the name of the installation.
    pub installation: (InstallationId, String),
    /// The key.
    pub key: KeyId,
    /// Whom it was generated for, as the database has it.
    pub client_name: String,
    /// Whether it is deleted, and can be restored.
    pub deleted: bool,
}

pub(crate) const KEYRING_PROOFS: &str = "SELECT proof FROM keyring_proof WHERE kind = $1 AND id = $2";
pub(crate) const KNOWN_KEYS: &str = "SELECT kind, id, since, retired_at FROM keyring_proof ORDER BY kind, since, id";
pub(crate) const INSERT_KEYRING_PROOF: &str =
    "INSERT INTO keyring_proof (kind, id, proof, since) VALUES ($1, $2, $3, $4) ON CONFLICT (kind, id) DO NOTHING";
pub(crate) const RETIRE_KEYRING_KEY: &str =
    "UPDATE keyring_proof SET retired_at = $3 WHERE kind = $1 AND id = $2 AND retired_at IS NULL";
pub(crate) const SEALED_UNDER_MASTER: &str = "SELECT installation_id, key_id, id, digest, master_key_id, wrapped_key, sealed_secret \
     FROM api_key_secret WHERE master_key_id = $1 LIMIT 1";
pub(crate) const SEALED_UNDER_PEPPER: &str = "SELECT installation_id, key_id, id, digest, master_key_id, wrapped_key, sealed_secret \
     FROM api_key_secret WHERE pepper_id = $1 AND master_key_id IS NOT NULL LIMIT 1";
pub(crate) const RESTS_ON_MASTER: &str = "SELECT COUNT(*) FROM \
     (SELECT 1 AS one FROM api_key_secret WHERE master_key_id = $1 LIMIT 1) AS resting";
pub(crate) const RESTS_ON_PEPPER: &str = "SELECT COUNT(*) FROM \
     (SELECT 1 AS one FROM api_key_secret WHERE pepper_id = $1 LIMIT 1) AS resting";
pub(crate) const KEYRING_USES: &str = "SELECT kind, id, what, COUNT(*) AS uses FROM \
     (SELECT 'pepper' AS kind, pepper_id AS id, 'secrets' AS what FROM api_key_secret WHERE expires_at IS NULL OR expires_at > $1 \
     UNION ALL SELECT 'master', master_key_id, 'secrets' FROM api_key_secret \
     WHERE master_key_id IS NOT NULL AND (expires_at IS NULL OR expires_at > $1) \
     UNION ALL SELECT 'master', master_key_id, 'hand-over links' FROM handover WHERE master_key_id IS NOT NULL AND expires_at > $1 \
     UNION ALL SELECT 'master', master_key_id, 'webhooks' FROM webhook \
     UNION ALL SELECT 'master', master_key_id, 'authenticator apps' FROM totp \
     UNION ALL SELECT 'master', master_key_id, 'letters' FROM letter WHERE master_key_id IS NOT NULL AND expires_at > $1 \
     UNION ALL SELECT 'master', master_key_id, 'kept answers' FROM idempotency) AS uses \
     GROUP BY kind, id, what ORDER BY kind, id, what DESC";
macro_rules! keys_on {
    ($column:literal) => {
        concat!(
            "SELECT i.id, i.name, k.id, k.client_name, k.deleted_at FROM api_key k \
             JOIN installation i ON i.id = k.installation_id WHERE k.id IN (SELECT s.key_id FROM api_key_secret s WHERE s.",
            $column,
            " = $1 AND (s.expires_at IS NULL OR s.expires_at > $2)) ORDER BY i.name, k.id"
        )
    };
}

pub(crate) const KEYS_ON_MASTER: &str = keys_on!("master_key_id");
pub(crate) const KEYS_ON_PEPPER: &str = keys_on!("pepper_id");

type Sealed = (Uuid, Uuid, Uuid, Vec<u8>, String, Vec<u8>, Vec<u8>);

impl Store {
    /// The proof that is kept of a key of the keyring; `None`: it was never in use.
    pub async fn keyring_proof(&self, kind: &str, id: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(on_db!(self, pool => sqlx::query_scalar(KEYRING_PROOFS).bind(kind).bind(id).fetch_optional(pool).await?))
    }

    /// Every pepper and master key that was in use; of each kind the earliest first.
    pub async fn known_keys(&self) -> Result<Vec<KnownKey>, StoreError> {
        let rows: Vec<(String, String, i64, Option<i64>)> =
            on_db!(self, pool => sqlx::query_as(KNOWN_KEYS).fetch_all(pool).await?);
        let known = |(kind, id, since, retired_at)| {
            let (since, retired_at) = (Instant::from_millis(since), instant(retired_at));
            KnownKey { kind, id, since, retired_at }
        };
        Ok(rows.into_iter().map(known).collect())
    }

    /// Whether there is a secret, of whatever key, that rests on a key of the keyring.
    pub async fn rests_on(&self, kind: &str, id: &str) -> Result<bool, StoreError> {
        let sql = if kind == "master" { RESTS_ON_MASTER } else { RESTS_ON_PEPPER };
        let found: i64 = on_db!(self, pool => sqlx::query_scalar(sql).bind(id).fetch_one(pool).await?);
        Ok(found > 0)
    }

    /// The API keys whose secrets rest on a key of the keyring and have not ended at `now`.
    pub async fn keys_resting_on(&self, kind: &str, id: &str, now: Instant) -> Result<Vec<RestingKey>, StoreError> {
        let sql = if kind == "master" { KEYS_ON_MASTER } else { KEYS_ON_PEPPER };
        let rows: Vec<(Uuid, String, Uuid, String, Option<i64>)> =
            on_db!(self, pool => sqlx::query_as(sql).bind(id).bind(now.as_millis()).fetch_all(pool).await?);
        let resting = |(installation, name, key, client_name, deleted_at): (_, _, _, _, Option<i64>)| RestingKey {
            installation: (InstallationId(installation), name),
            key: KeyId(key),
            client_name,
            deleted: deleted_at.is_some(),
        };
        Ok(rows.into_iter().map(resting).collect())
    }

    /// A secret that rests on a key of the keyring and has a sealed copy.
    pub async fn sealed_under(&self, kind: &str, id: &str) -> Result<Option<SealedSecret>, StoreError> {
        let sql = if kind == "master" { SEALED_UNDER_MASTER } else { SEALED_UNDER_PEPPER };
        let row: Option<Sealed> = on_db!(self, pool => sqlx::query_as(sql).bind(id).fetch_optional(pool).await?);
        row.map(|(installation, key, secret, digest, master_key_id, wrapped_key, sealed_secret)| {
            Ok(SealedSecret {
                installation: InstallationId(installation),
                key: KeyId(key),
                secret: SecretId(secret),
                digest: digest.try_into().map_err(|_| StoreError::Corrupt { column: "api_key_secret.digest" })?,
                copy: SealedCopy { master_key_id, wrapped_key, sealed_secret },
            })
        })
        .transpose()
    }

    /// Which keys of the keyring are needed, and by how much. Reads all secrets.
    pub async fn keyring_uses(&self, now: Instant) -> Result<Vec<KeyringUse>, StoreError> {
        let rows: Vec<(String, String, String, i64)> =
            on_db!(self, pool => sqlx::query_as(KEYRING_USES).bind(now.as_millis()).fetch_all(pool).await?);
        let uses = |(kind, id, what, count): (_, _, _, i64)| KeyringUse { kind, id, what, count: count.unsigned_abs() };
        Ok(rows.into_iter().map(uses).collect())
    }
}

impl Change {
    /// Keeps the proof of a key that is in use from now on. False: another process was first.
    pub async fn insert_keyring_proof(&mut self, new: &KeyringProof, since: Instant) -> Result<bool, StoreError> {
        let inserted = on_tx!(self, connection => {
            sqlx::query(INSERT_KEYRING_PROOF)
                .bind(new.kind)
                .bind(&new.id)
                .bind(&new.proof)
                .bind(since.as_millis())
                .execute(connection)
                .await?
                .rows_affected()
        });
        Ok(inserted > 0)
    }

    /// Notes that a pepper or a master key was given up. False: it is not known, or was given up before.
    pub async fn retire_keyring_key(&mut self, kind: &str, id: &str, now: Instant) -> Result<bool, StoreError> {
        let retired = on_tx!(self, connection => {
            sqlx::query(RETIRE_KEYRING_KEY)
                .bind(kind)
                .bind(id)
                .bind(now.as_millis())
                .execute(connection)
                .await?
                .rows_affected()
        });
        Ok(retired > 0)
    }
}
