use model::{AccountLink, AccountLinkKind, Action, AdminError, Administrator, RESET_LIFE_MS};
use serde_json::json;

use crate::{
    Caller, Keydesk, NewAccountLink,
    account::{person, public},
    link_token,
    turn::ONE,
};

impl Keydesk {
    /// Makes a link by which an administrator sets a new password, once, within an hour. It takes the place of an older
    /// link. Until it is used, the old password works and sessions go on: a link that nobody asked for locks nobody out.
    pub async fn reset_password(&self, caller: &Caller, email: &str) -> Result<NewAccountLink, AdminError> {
        let email = email.to_owned();
        self.change_people(caller, ONE, move |this, caller, mut change| async move {
            let now = this.now();
            let found = person(&mut change, &caller, &email).await?;
            if found.disabled_at.is_some() {
                return Err(AdminError::AccountDisabled);
            }
            let Administrator { id, email, name, .. } = found.administrator;
            let token = link_token::new(&*this.inner.entropy);
            let hash = link_token::hash(token.expose()).ok_or(AdminError::Unavailable)?;
            let expires_at = now.plus_millis(RESET_LIFE_MS);
            change.put_password_reset(id, &hash, now, expires_at).await.map_err(public)?;
            let detail = json!({ "id": id, "expires_at": expires_at });
            let action = Action::AdministratorResetPassword;
            this.audit_account(&mut change, caller.installation, &caller, action, detail).await?;
            change.commit().await.map_err(public)?;
            Ok(NewAccountLink { link: AccountLink { kind: AccountLinkKind::Reset, email, name }, token, expires_at })
        })
        .await
    }
}
