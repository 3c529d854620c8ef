use model::{Action, AdminError, Administrator};
use serde_json::json;

use crate::{
    Caller, Keydesk,
    account::{keep_an_owner, person, public},
    turn::turn,
};

impl Keydesk {
    /// Disables an administrator, who can't sign in from then on and whose sessions end, or enables them again.
    pub async fn set_administrator_enabled(
        &self,
        caller: &Caller,
        email: &str,
        enabled: bool,
    ) -> Result<Administrator, AdminError> {
        let email = email.to_owned();
        self.change_people(caller, turn(1, !enabled), move |this, caller, mut change| async move {
            let (installation, now) = (caller.installation, this.now());
            let found = person(&mut change, &caller, &email).await?;
            let id = found.administrator.id;
            if found.disabled_at.is_none() == enabled {
                return Ok(found.administrator);
            }
            let (action, detail) = if enabled {
                change.set_disabled(installation, id, None).await.map_err(public)?;
                (Action::AdministratorEnable, json!({ "id": id }))
            } else {
                keep_an_owner(&mut change, &found).await?;
                change.set_disabled(installation, id, Some(now)).await.map_err(public)?;
                change.withdraw_password_reset(id).await.map_err(public)?;
                let sessions = change.end_sessions(id, None).await.map_err(public)?;
                (Action::AdministratorDisable, json!({ "id": id, "sessions_ended": sessions }))
            };
            this.audit_account(&mut change, installation, &caller, action, detail).await?;
            change.commit().await.map_err(public)?;
            Ok(found.administrator)
        })
        .await
    }
}
