use model::{Action, Actor, InstallationId, KeyError, KeyId};
use serde_json::json;
use uuid::Uuid;

use crate::{Keydesk, audit::AuditEvent, turn::ONE};

impl Keydesk {
    /// Tells whoever administers a key that a webhook which it has made in the contact centre was switched off, though nobody did it: in the
    /// audit log, and with that the receivers of events.
    pub async fn tell_webhook_off(
        &self,
        installation: InstallationId,
        key: KeyId,
        webhook: Uuid,
        why: &str,
    ) -> Result<(), KeyError> {
        let detail = json!({ "webhook": webhook, "by": why });
        self.change(ONE, move |this, mut change| async move {
            let now = this.now();
            let event = AuditEvent::on_key(Action::KeyWebhookDisable, key, detail);
            this.write_audit(&mut change, installation, Actor::System, now, vec![event]).await?;
            this.commit(change).await
        })
        .await
    }
}
