use model::{Action, AdminError};
use serde_json::json;

use crate::{
    Caller, Keydesk,
    account::{person, public},
    turn::REVOKES,
};

impl Keydesk {
    /// Ends all sessions of an administrator, who can sign in again. Returns how many there were.
    pub async fn end_sessions(&self, caller: &Caller, email: &str) -> Result<u64, AdminError> {
        let email = email.to_owned();
        self.change_people(caller, REVOKES, move |this, caller, mut change| async move {
            let id = person(&mut change, &caller, &email).await?.administrator.id;
            let sessions = change.end_sessions(id, None).await.map_err(public)?;
            let detail = json!({ "id": id, "sessions_ended": sessions });
            let action = Action::AdministratorEndSessions;
            this.audit_account(&mut change, caller.installation, &caller, action, detail).await?;
            change.commit().await.map_err(public)?;
            Ok(sessions)
        })
        .await
    }
}
