use std::net::IpAddr;

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use model::{Action, Actor, AdminError, Administrator, AdministratorId, ClientName, InstallationId, PlainSecret, Role};
use serde_json::json;
use store::{Change, StoredAdministrator};

use crate::{
    Keydesk,
    account::{email, public},
    password_rules::words_about,
    session::SignedIn,
};

/// An administrator to be created.
#[derive(Clone, Debug)]
pub struct NewAdministrator {
    /// As typed.
    pub email: String,
    /// As typed.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// 12 to 256 characters.
    pub password: PlainSecret,
}

impl Keydesk {
    /// Whether the installation has no administrator yet.
    pub async fn needs_set_up(&self, installation: InstallationId) -> Result<bool, AdminError> {
        Ok(self.inner.store.count_administrators(installation).await.map_err(public)? == 0)
    }

    /// The token in the set-up link of an installation. Derived from the master key, so it is stored nowhere and can be
    /// shown again; valid until the first administrator exists.
    pub fn set_up_token(&self, installation: InstallationId) -> String {
        let tag = self.inner.keyring.derive(b"keydesk/set-up/1\0", installation.0.as_bytes());
        URL_SAFE_NO_PAD.encode(tag)
    }

    /// Creates the first administrator, an owner, of the installation whose set-up token this is, and signs them in.
    pub async fn set_up(&self, token: &str, new: NewAdministrator, address: IpAddr) -> Result<SignedIn, AdminError> {
        self.inner.throttle.attempt("set-up", address, self.now())?;
        let installation = self.set_up_of(token).await?.ok_or(AdminError::SetUpOver)?;
        self.inner.throttle.forget("set-up", address);
        let draft = self.draft(installation, NewAdministrator { role: Role::Owner, ..new }).await?;
        self.change_accounts(move |this, mut change| async move {
            // Asked again inside: of two people with the link, only one creates the owner.
            if change.count_administrators(installation).await.map_err(public)? != 0 {
                return Err(AdminError::SetUpOver);
            }
            this.put_administrator(&mut change, Actor::System, &draft).await?;
            let token = this.begin_session(&mut change, installation, draft.administrator.id, None).await?;
            change.commit().await.map_err(public)?;
            Ok(SignedIn { token, administrator: draft.administrator })
        })
        .await
    }

    /// The installation whose set-up token this is, while it needs one.
    pub async fn set_up_of(&self, token: &str) -> Result<Option<InstallationId>, AdminError> {
        for installation in self.inner.store.installations().await.map_err(public)? {
            let tag = URL_SAFE_NO_PAD.decode(token).unwrap_or_default();
            let ours = self.inner.keyring.derive(b"keydesk/set-up/1\0", installation.id.0.as_bytes());
            if aws_lc_rs::constant_time::verify_slices_are_equal(&tag, &ours).is_ok()
                && self.needs_set_up(installation.id).await?
            {
                return Ok(Some(installation.id));
            }
        }
        Ok(None)
    }

    /// Creates an administrator.
    pub async fn create_administrator(
        &self,
        actor: Actor,
        installation: InstallationId,
        new: NewAdministrator,
    ) -> Result<Administrator, AdminError> {
        let draft = self.draft(installation, new).await?;
        self.change_accounts(move |this, mut change| async move {
            this.put_administrator(&mut change, actor, &draft).await?;
            change.commit().await.map_err(public)?;
            Ok(draft.administrator)
        })
        .await
    }

    async fn draft(
        &self,
        installation: InstallationId,
        new: NewAdministrator,
    ) -> Result<StoredAdministrator, AdminError> {
        let (email, email_folded) = email(&new.email)?;
        let name = ClientName::parse(&new.name).map_err(|_| AdminError::InvalidName)?;
        let password_hash = self.hash_password(new.password, words_about(name.as_str(), &email)).await?;
        let now = self.now();
        let id = AdministratorId(self.new_id(now));
        let administrator = Administrator { id, email, name: name.into(), role: new.role };
        Ok(StoredAdministrator {
            installation,
            administrator,
            email_folded,
            password_hash,
            created_at: now,
            disabled_at: None,
        })
    }

    /// Writes a new administrator, in the place of an invitation that they may have.
    pub(crate) async fn put_administrator(
        &self,
        change: &mut Change,
        actor: Actor,
        draft: &StoredAdministrator,
    ) -> Result<(), AdminError> {
        change.insert_administrator(draft).await.map_err(public)?;
        change.withdraw_invitation(draft.installation, &draft.email_folded).await.map_err(public)?;
        let Administrator { id, email, name, role } = &draft.administrator;
        let detail = json!({ "id": id, "email": email, "name": name, "role": role });
        self.audit_account(change, draft.installation, actor, Action::AdministratorCreate, detail).await
    }
}

impl crate::Keyring {
    /// A value that only this keyring can derive.
    pub(crate) fn derive(&self, purpose: &[u8], of: &[u8]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(self.deriver());
        context.update(purpose);
        context.update(of);
        let mut value = [0; 32];
        value.copy_from_slice(context.sign().as_ref());
        value
    }
}
