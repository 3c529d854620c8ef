use model::{AccountLink, AccountLinkKind, Action, AdminError, Administrator, RESET_LIFE_MS};
use serde_json::json;
use store::LetterKind;

use crate::{
    Authority, Caller, Keydesk, NewAccountLink,
    account::{person, public},
    letters::Says,
    link_token,
    turn::ONE,
};

impl Keydesk {
    /// Makes a link by which an administrator sets a new password, once, within an hour. It takes the place of an older
    /// link. Until it is used, the old password works and sessions go on: a link that nobody asked for locks nobody out.
    ///
    /// Where nobody signs in with a password, the operator alone makes one: it lets somebody in whom their organisation does not.
    pub async fn reset_password(&self, caller: &Caller, email: &str) -> Result<NewAccountLink, AdminError> {
        if !matches!(caller.authority, Authority::Operator) {
            self.require_passwords()?;
        }
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
            let says = Says::Reset {
                to: email.clone(),
                name: name.clone(),
                token: token.expose().to_owned(),
                ends: expires_at,
            };
            let of = (caller.installation, LetterKind::Reset, id.0);
            let mailed = this.write_letter(&mut change, of, &says, expires_at).await.map_err(public)?;
            change.commit().await.map_err(public)?;
            this.letter_written();
            let link = AccountLink { kind: AccountLinkKind::Reset, email, name };
            Ok(NewAccountLink { link, token, expires_at, mailed })
        })
        .await
    }
}
