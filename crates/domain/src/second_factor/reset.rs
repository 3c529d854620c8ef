use model::{Action, AdminError};
use serde_json::json;

use crate::{
    Caller, Keydesk,
    account::{person, public},
    turn::REVOKES,
};

impl Keydesk {
    /// Takes all second factors of an administrator away, and their recovery codes, and ends their sessions: for whoever has lost
    /// them all. Their password alone signs them in from then on. False: they have none, and nothing is changed.
    pub async fn reset_second_factor(&self, caller: &Caller, email: &str) -> Result<bool, AdminError> {
        let email = email.to_owned();
        self.change_people(caller, REVOKES, move |this, caller, mut change| async move {
            let found = person(&mut change, &caller, &email).await?;
            let id = found.administrator.id;
            let app = change.delete_totp(id).await.map_err(public)?;
            let passkeys = change.delete_passkeys(id).await.map_err(public)?;
            if !app && passkeys == 0 {
                return Ok(false);
            }
            change.delete_recovery_codes(id).await.map_err(public)?;
            change.forget_code_guesses(id).await.map_err(public)?;
            let sessions = change.end_sessions(id, None).await.map_err(public)?;
            let detail = json!({ "id": id, "app": app, "passkeys": passkeys, "sessions_ended": sessions });
            let action = Action::SecondFactorReset;
            this.audit_account(&mut change, caller.installation, &caller, action, detail).await?;
            change.commit().await.map_err(public)?;
            Ok(true)
        })
        .await
    }
}
