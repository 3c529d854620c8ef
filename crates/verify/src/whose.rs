use model::{InstallationId, KeyId, PlainSecret};

use crate::{Unavailable, Verifier};

impl Verifier {
    /// Whose key this secret is, whichever installation's, and whether or not it works. That is no call: nothing is counted and
    /// nothing gets into memory.
    pub async fn whose(&self, secret: &PlainSecret) -> Result<Option<(InstallationId, KeyId)>, Unavailable> {
        let inner = &self.inner;
        let peppers = inner.peppers.get();
        let digests = peppers.digests(secret.expose(), peppers.digest(secret.expose()));
        let _place = inner.lookups.enter().ok_or(Unavailable)?;
        let found = inner.store.record_by_digests(&digests).await.map_err(|error| {
            tracing::error!(%error, "a key could not be looked up");
            Unavailable
        })?;
        Ok(found.map(|record| (record.installation, record.key)))
    }
}
