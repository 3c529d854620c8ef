use model::{Action, AdminError, Administrator, Role};
use serde_json::json;

use crate::{
    Caller, Keydesk,
    account::{keep_an_owner, person, public},
    turn::REVOKES,
};

impl Keydesk {
    /// Gives an administrator another role. Their sessions go on, and their next request is made with the new role.
    pub async fn set_role(&self, caller: &Caller, email: &str, role: Role) -> Result<Administrator, AdminError> {
        let email = email.to_owned();
        self.change_people(caller, REVOKES, move |this, caller, mut change| async move {
            let found = person(&mut change, &caller, &email).await?;
            let (id, before) = (found.administrator.id, found.administrator.role);
            if before == role {
                return Ok(found.administrator);
            }
            keep_an_owner(&mut change, &found).await?;
            change.set_role(caller.installation, id, role).await.map_err(public)?;
            let detail = json!({ "id": id, "from": before, "to": role });
            let action = Action::AdministratorSetRole;
            this.audit_account(&mut change, caller.installation, &caller, action, detail).await?;
            change.commit().await.map_err(public)?;
            Ok(Administrator { role, ..found.administrator })
        })
        .await
    }
}
