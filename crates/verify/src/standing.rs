use model::{InstallationId, Instant, KeyId, KeyStatus, ScopeSet};
use store::StoredRecord;

use crate::{Unavailable, Verifier};

impl Verifier {
    /// The scopes of a key that works at `now`, whichever of its secrets is sent; `None`: it does not. That is no call: nothing is
    /// counted, and nothing gets into memory.
    pub async fn scopes_now(
        &self,
        installation: InstallationId,
        key: KeyId,
        now: Instant,
    ) -> Result<Option<ScopeSet>, Unavailable> {
        let records = self.inner.store.records_of_key(installation, key).await.map_err(|error| {
            tracing::error!(%error, "a key could not be looked up");
            Unavailable
        })?;
        let works = |stored: &StoredRecord| {
            stored.life.status(now) == KeyStatus::Active && stored.secret_expires_at.is_none_or(|end| end > now)
        };
        Ok(records.into_iter().find(works).map(|stored| stored.scopes))
    }
}
