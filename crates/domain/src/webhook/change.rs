use model::{KeyError, Permission, WebhookId};
use store::{Change, StoredWebhook, Turn};

use crate::{Caller, Keydesk, failure};

/// A receiver of the caller's installation that the caller sees, in the version that was asked for.
pub(super) async fn found(
    change: &mut Change,
    caller: &Caller,
    id: WebhookId,
    if_version: Option<i64>,
) -> Result<StoredWebhook, KeyError> {
    let found = change.webhook(caller.installation, id).await.map_err(failure::public)?;
    let found = found.filter(|found| caller.sees(found.webhook.environment)).ok_or(KeyError::NotFound)?;
    match if_version {
        Some(version) if version != found.webhook.version => {
            Err(KeyError::VersionMoved { current: found.webhook.version })
        }
        _ => Ok(found),
    }
}

impl Keydesk {
    /// Makes a change of receivers for a caller who may.
    pub(super) async fn change_webhooks<T, F>(
        &self,
        caller: &Caller,
        turn: Turn,
        work: impl FnOnce(Self, Caller, Change) -> F + Send + 'static,
    ) -> Result<T, KeyError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, KeyError>> + Send + 'static,
    {
        caller.require(Permission::ManageWebhooks)?;
        self.change_in_turn_as(caller, turn, |this, caller, change| async move {
            caller.require(Permission::ManageWebhooks)?;
            work(this, caller, change).await
        })
        .await
    }
}
