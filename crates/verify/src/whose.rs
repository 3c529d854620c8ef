use model::{InstallationId, Instant, KeyId, PlainSecret, SecretId, may_be_token};
use store::{StoreError, StoredRecord};

use crate::{Unavailable, Verifier, candidate::digests};

/// Whose a secret is that somebody has, or a derived token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoundSecret {
    /// The key's installation.
    pub installation: InstallationId,
    /// The key.
    pub key: KeyId,
    /// The secret, or the one that the token was made with.
    pub secret: SecretId,
    /// When that ended or ends, since the key was rotated.
    pub secret_ends_at: Option<Instant>,
    /// When the token ended or ends; `None`: it is no token.
    pub token_ends_at: Option<Instant>,
}

impl FoundSecret {
    fn of(record: &StoredRecord, token_ends_at: Option<Instant>) -> Self {
        Self {
            installation: record.installation,
            key: record.key,
            secret: record.secret,
            secret_ends_at: record.secret_expires_at,
            token_ends_at,
        }
    }
}

impl Verifier {
    /// Whose key this secret is, or whose this derived token, whichever installation's, and whether or not it works. That is no call:
    /// nothing is counted and nothing gets into memory.
    pub async fn whose(&self, secret: &PlainSecret) -> Result<Option<FoundSecret>, Unavailable> {
        let inner = &self.inner;
        let failed = |error: StoreError| {
            tracing::error!(%error, "a key could not be looked up");
            Unavailable
        };
        if may_be_token(secret.expose()) {
            let Some((claims, _)) = inner.tokens.read(secret.expose()) else { return Ok(None) };
            let _place = inner.lookups.enter().ok_or(Unavailable)?;
            let found = inner.store.record_by_secret(claims.secret_id).await.map_err(failed)?;
            return Ok(found.map(|record| FoundSecret::of(&record, Some(claims.expires_at()))));
        }
        let peppers = inner.peppers.get();
        let digests = digests(&self.candidates(peppers, secret.expose(), peppers.digest(secret.expose())));
        let _place = inner.lookups.enter().ok_or(Unavailable)?;
        let found = inner.store.record_by_digests(&digests).await.map_err(failed)?;
        Ok(found.map(|record| FoundSecret::of(&record, None)))
    }
}
