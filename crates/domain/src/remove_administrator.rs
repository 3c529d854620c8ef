use model::{Action, AdminError};
use serde_json::json;

use crate::{
    Caller, Keydesk,
    account::{email, keep_an_owner, person, public},
    turn::REVOKES,
};

/// What was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    /// An administrator. What they did stays in the audit log.
    Administrator,
    /// An invitation that nobody had accepted.
    Invitation,
}

impl Keydesk {
    /// Removes an administrator, whose sessions end, or withdraws an invitation.
    pub async fn remove_administrator(&self, caller: &Caller, typed: &str) -> Result<Removed, AdminError> {
        let (_, folded) = email(typed)?;
        let typed = typed.to_owned();
        self.change_people(caller, REVOKES, move |this, caller, mut change| async move {
            let installation = caller.installation;
            let withdrawn = change.withdraw_invitation(installation, &folded).await.map_err(public)?;
            let (removed, action, detail) = match withdrawn {
                Some(invitation) => {
                    let detail = json!({ "id": invitation.id });
                    (Removed::Invitation, Action::AdministratorWithdrawInvitation, detail)
                }
                None => {
                    let found = person(&mut change, &caller, &typed).await?;
                    keep_an_owner(&mut change, &found).await?;
                    change.remove_administrator(installation, found.administrator.id).await.map_err(public)?;
                    let detail = json!({ "id": found.administrator.id });
                    (Removed::Administrator, Action::AdministratorRemove, detail)
                }
            };
            this.audit_account(&mut change, installation, &caller, action, detail).await?;
            change.commit().await.map_err(public)?;
            Ok(removed)
        })
        .await
    }
}
