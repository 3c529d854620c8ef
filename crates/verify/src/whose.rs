use model::{InstallationId, KeyId, PlainSecret, may_be_token};
use store::StoreError;

use crate::{Unavailable, Verifier, candidate::digests};

impl Verifier {
    /// Whose key this secret is, or whose this derived token, whichever installation's, and whether or not it works. That is no call:
    /// nothing is counted and nothing gets into memory.
    pub async fn whose(&self, secret: &PlainSecret) -> Result<Option<(InstallationId, KeyId)>, Unavailable> {
        let inner = &self.inner;
        let failed = |error: StoreError| {
            tracing::error!(%error, "a key could not be looked up");
            Unavailable
        };
        if may_be_token(secret.expose()) {
            let Some((claims, _)) = inner.tokens.read(secret.expose()) else { return Ok(None) };
            let _place = inner.lookups.enter().ok_or(Unavailable)?;
            let found = inner.store.record_by_secret(claims.secret_id).await.map_err(failed)?;
            return Ok(found.map(|record| (record.installation, record.key)));
        }
        let peppers = inner.peppers.get();
        let digests = digests(&self.candidates(peppers, secret.expose(), peppers.digest(secret.expose())));
        let _place = inner.lookups.enter().ok_or(Unavailable)?;
        let found = inner.store.record_by_digests(&digests).await.map_err(failed)?;
        Ok(found.map(|record| (record.installation, record.key)))
    }
}
