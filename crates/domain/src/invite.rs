use model::{AccountLink, AccountLinkKind, Action, AdminError, AdministratorId, ClientName, INVITATION_LIFE_MS, Role};
use serde_json::json;
use store::{LetterKind, StoredInvitation};

use crate::{
    Caller, Keydesk, NewAccountLink,
    account::{email, public},
    letters::Says,
    link_token,
    turn::ONE,
};

/// Somebody to be invited.
#[derive(Clone, Debug)]
pub struct NewInvitation {
    /// As typed.
    pub email: String,
    /// As typed; whoever accepts may change it.
    pub name: String,
    /// What they may do.
    pub role: Role,
}

impl Keydesk {
    /// Invites somebody to be an administrator: makes a link by which they set a password, once, within 72 hours. Inviting
    /// them again withdraws the earlier link.
    pub async fn invite(&self, caller: &Caller, new: NewInvitation) -> Result<NewAccountLink, AdminError> {
        let (email, email_folded) = email(&new.email)?;
        let name = ClientName::parse(&new.name).map_err(|_| AdminError::InvalidName)?;
        self.change_people(caller, ONE, move |this, caller, mut change| async move {
            let (installation, now) = (caller.installation, this.now());
            if change.administrator_by_email(&email_folded).await.map_err(public)?.is_some() {
                return Err(AdminError::EmailTaken);
            }
            let before = change.withdraw_invitation(installation, &email_folded).await.map_err(public)?;
            let invitation = StoredInvitation {
                id: AdministratorId(this.new_id(now)),
                installation,
                email,
                email_folded,
                name: name.into(),
                role: new.role,
                created_at: now,
                expires_at: now.plus_millis(INVITATION_LIFE_MS),
            };
            let token = link_token::new(&*this.inner.entropy);
            let hash = link_token::hash(token.expose()).ok_or(AdminError::Unavailable)?;
            change.insert_invitation(&invitation, &hash).await.map_err(public)?;
            let StoredInvitation { id, email, name, role, expires_at, .. } = invitation;
            // No name and no address: the log names people by their ids.
            let replaces = before.map(|before| before.id);
            let detail = json!({ "id": id, "role": role, "expires_at": expires_at, "replaces": replaces });
            this.audit_account(&mut change, installation, &caller, Action::AdministratorInvite, detail).await?;
            let says = Says::Invitation {
                to: email.clone(),
                name: name.clone(),
                role,
                // Where nobody signs in with a password, the invitation is accepted by signing in.
                token: this.sign_in_ways().passwords.then(|| token.expose().to_owned()),
                ends: expires_at,
            };
            let of = (installation, LetterKind::Invitation, id.0);
            let mailed = this.write_letter(&mut change, of, &says, expires_at).await.map_err(public)?;
            change.commit().await.map_err(public)?;
            this.letter_written();
            let link = AccountLink { kind: AccountLinkKind::Invitation, email, name };
            Ok(NewAccountLink { link, token, expires_at, mailed })
        })
        .await
    }
}
