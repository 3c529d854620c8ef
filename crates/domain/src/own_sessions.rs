use model::{Action, Actor, AdminError, OwnSession, SessionId};
use serde_json::json;

use crate::{Keydesk, Via, account::public, fingerprint, session_life::sessions_ended, turn::REVOKES};

impl Keydesk {
    /// The sessions of the person whose session this is, the newest first.
    pub async fn own_sessions(&self, token: &str) -> Result<Vec<OwnSession>, AdminError> {
        let session = self.living_session(&fingerprint(token.as_bytes())).await?.ok_or(AdminError::SignedOut)?;
        let over = sessions_ended(self.now());
        let found = self.inner.store.sessions_of(session.administrator.id, over).await.map_err(public)?;
        Ok(found
            .into_iter()
            .map(|found| OwnSession {
                id: found.id,
                created_at: found.created_at,
                last_seen_at: found.last_seen_at,
                current: found.id == session.id,
            })
            .collect())
    }

    /// Ends a session of the person whose session this is; it may be this one. False: they have no such session.
    pub async fn end_own_session(
        &self,
        token: &str,
        id: SessionId,
        via: impl Into<Via> + Send,
    ) -> Result<bool, AdminError> {
        let via = via.into();
        let hash = fingerprint(token.as_bytes());
        let session = self.living_session(&hash).await?.ok_or(AdminError::SignedOut)?;
        let (installation, person) = (session.installation, session.administrator.id);
        self.change_accounts(REVOKES, move |this, mut change| async move {
            // Asked again inside: who was signed out meanwhile ends nothing.
            if change.session(&hash).await.map_err(public)?.is_none() {
                return Err(AdminError::SignedOut);
            }
            let ended = change.end_session_of(person, id).await.map_err(public)?;
            if ended {
                let detail = json!({ "id": person, "session": id, "sessions_ended": 1 });
                let by = (Actor::Administrator { id: person }, &via);
                let action = Action::AdministratorEndSessions;
                this.audit_account(&mut change, installation, by, action, detail).await?;
            }
            change.commit().await.map_err(public)?;
            Ok(ended)
        })
        .await
    }
}
