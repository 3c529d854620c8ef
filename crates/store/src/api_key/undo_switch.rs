use model::{InstallationId, Instant, KeyId};
use uuid::Uuid;

use crate::{Change, StoreError, group::on_tx};

/// A change that disabled a key set both instants to its own; one that found it disabled left the earlier of them.
pub(crate) const UNDO_DISABLE: &str = "UPDATE api_key SET disabled_at = NULL, updated_at = $3, version = version + 1, epoch = $4 \
     WHERE installation_id = $1 AND epoch = $2 AND kind = 'issued' AND deleted_at IS NULL AND disabled_at = updated_at RETURNING id";
/// A change that enabled keys touched no others.
pub(crate) const UNDO_ENABLE: &str = "UPDATE api_key SET disabled_at = $3, updated_at = $3, version = version + 1, epoch = $4 \
     WHERE installation_id = $1 AND epoch = $2 AND kind = 'issued' AND deleted_at IS NULL AND disabled_at IS NULL RETURNING id";

impl Change {
    /// Switches the keys back that the change of this epoch switched on (`enabled`) or off, unless they have been touched
    /// since. The change must have switched keys and nothing else.
    pub async fn undo_switch(
        &mut self,
        installation: InstallationId,
        epoch: i64,
        enabled: bool,
        now: Instant,
    ) -> Result<Vec<KeyId>, StoreError> {
        let own = self.epoch();
        let ids: Vec<Uuid> = on_tx!(self, connection => {
            sqlx::query_scalar(if enabled { UNDO_ENABLE } else { UNDO_DISABLE })
                .bind(installation.0)
                .bind(epoch)
                .bind(now.as_millis())
                .bind(own)
                .fetch_all(connection)
                .await?
        });
        Ok(ids.into_iter().map(KeyId).collect())
    }
}
