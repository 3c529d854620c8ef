use model::{InstallationId, Instant, KeyId, SecretId};
use uuid::Uuid;

use crate::{
    Digest, SealedCopy, Store, StoreError,
    db::{on_db, on_writer},
};

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

/// How many secrets rest on one key of the keyring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyringUse {
    /// `pepper` or `master`.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Secrets of keys that are not deleted.
    pub secrets: u64,
}

pub(crate) const KEYRING_PROOFS: &str = "SELECT proof FROM keyring_proof WHERE kind = $1 AND id = $2";
pub(crate) const INSERT_KEYRING_PROOF: &str =
    "INSERT INTO keyring_proof (kind, id, proof, since) VALUES ($1, $2, $3, $4) ON CONFLICT (kind, id) DO NOTHING";
pub(crate) const SEALED_UNDER_MASTER: &str = "SELECT installation_id, key_id, id, digest, master_key_id, wrapped_key, sealed_secret \
     FROM api_key_secret WHERE master_key_id = $1 LIMIT 1";
pub(crate) const SEALED_UNDER_PEPPER: &str = "SELECT installation_id, key_id, id, digest, master_key_id, wrapped_key, sealed_secret \
     FROM api_key_secret WHERE pepper_id = $1 AND master_key_id IS NOT NULL LIMIT 1";
pub(crate) const KEYRING_USES: &str = "SELECT kind, id, COUNT(*) AS secrets FROM \
     (SELECT 'pepper' AS kind, s.pepper_id AS id FROM api_key_secret s JOIN api_key k ON k.id = s.key_id WHERE k.deleted_at IS NULL \
     UNION ALL SELECT 'master', s.master_key_id FROM api_key_secret s JOIN api_key k ON k.id = s.key_id \
     WHERE k.deleted_at IS NULL AND s.master_key_id IS NOT NULL) AS uses GROUP BY kind, id ORDER BY kind, id";

type Sealed = (Uuid, Uuid, Uuid, Vec<u8>, String, Vec<u8>, Vec<u8>);

impl Store {
    /// The proof that is kept of a key of the keyring; `None`: it was never in use.
    pub async fn keyring_proof(&self, kind: &str, id: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(on_db!(self, pool => sqlx::query_scalar(KEYRING_PROOFS).bind(kind).bind(id).fetch_optional(pool).await?))
    }

    /// Keeps the proof of a key that is in use from now on. Another process may have been first.
    pub async fn insert_keyring_proof(&self, new: &KeyringProof, now: Instant) -> Result<(), StoreError> {
        on_writer!(self, pool => {
            sqlx::query(INSERT_KEYRING_PROOF)
                .bind(new.kind)
                .bind(&new.id)
                .bind(&new.proof)
                .bind(now.as_millis())
                .execute(pool)
                .await?;
        });
        Ok(())
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

    /// Which keys of the keyring are needed, and by how many secrets. Reads all secrets: for an operator who asks.
    pub async fn keyring_uses(&self) -> Result<Vec<KeyringUse>, StoreError> {
        let rows: Vec<(String, String, i64)> =
            on_db!(self, pool => sqlx::query_as(KEYRING_USES).fetch_all(pool).await?);
        Ok(rows
            .into_iter()
            .map(|(kind, id, secrets)| KeyringUse { kind, id, secrets: secrets.unsigned_abs() })
            .collect())
    }
}
