use model::{InstallationId, KeyId, PlainSecret, may_be_token};
use store::StoreError;

use crate::{Unavailable, Verifier};

impl Verifier {
    /// Whose key this secret is, or the secret of this derived token, whichever installation's, and whether or not it works. That is no call: nothing is counted and
    /// nothing gets into memory.
    pub async fn whose(&self, secret: &PlainSecret) -> Result<Option<(InstallationId, KeyId)>, Unavailable> {
        let inner = &self.inner;
        if may_be_token(secret.expose()) {
            let Some((claims, _)) = inner.tokens.read(secret.expose()) else { return Ok(None) };
            let _place = inner.lookups.enter().ok_or(Unavailable)?;
            let found = inner.store.record_by_secret(claims.secret_id).await.map_err(not_looked_up)?;
            return Ok(found.map(|record| (record.installation, record.key)));
        }
        let peppers = inner.peppers.get();
        let digests = peppers.digests(secret.expose(), peppers.digest(secret.expose()));
        let _place = inner.lookups.enter().ok_or(Unavailable)?;
        let found = inner.store.record_by_digests(&digests).await.map_err(not_looked_up)?;
        Ok(found.map(|record| (record.installation, record.key)))
    }
}

fn not_looked_up(error: StoreError) -> Unavailable {
    tracing::error!(%error, "a key could not be looked up");
    Unavailable
}
