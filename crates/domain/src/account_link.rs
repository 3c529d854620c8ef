//! Links by which a person sets a password: those who were invited, and those who forgot theirs.

use model::{AccountLink, AccountLinkKind, Action, Actor, AdminError, Administrator, ClientName, Instant, PlainSecret};
use serde_json::json;
use store::{Change, StoredAdministrator, StoredInvitation, StoredReset, TokenHash};

use crate::{Keydesk, SigningIn, Via, account::public, fingerprint, how::How, link_token, proof::Way, turn::ONE};

/// A link that was just made, with the token that it carries. The token is kept nowhere.
#[derive(Clone, Debug)]
pub struct NewAccountLink {
    /// What it is for, and for whom.
    pub link: AccountLink,
    /// 256 bits, in base64url. Whoever has it can set the password, once.
    pub token: PlainSecret,
    /// From when on it can't be used.
    pub expires_at: Instant,
    /// Whether it is sent to the person; else whoever made it passes it on.
    pub mailed: bool,
}

enum Found {
    Invitation(StoredInvitation),
    Reset(StoredReset),
}

impl Keydesk {
    /// What the link with this token is for; `None`: it has been used, has expired, was withdrawn, or never existed. Asking
    /// does not use the link up, so previews of links may ask.
    pub async fn account_link(
        &self,
        token: &str,
        via: impl Into<Via> + Send,
    ) -> Result<Option<AccountLink>, AdminError> {
        let Some(hash) = link_token::hash(token) else { return Ok(None) };
        let found = self.find_link(&hash, &via.into()).await?;
        Ok(found.map(|found| match found {
            Found::Invitation(StoredInvitation { email, name, .. }) => {
                AccountLink { kind: AccountLinkKind::Invitation, email, name }
            }
            Found::Reset(StoredReset { administrator: Administrator { email, name, .. }, .. }) => {
                AccountLink { kind: AccountLinkKind::Reset, email, name }
            }
        }))
    }

    /// Uses the link with this token up: sets the password, ends all sessions of its person and the one whose token the browser
    /// brought, and signs them in, or asks them for their second factor: a link takes the place of the password alone. Whoever was
    /// invited becomes an administrator, by the name that is given or that they were invited by; where nobody signs in with a password,
    /// they sign in with their organisation's account instead.
    pub async fn accept_account_link(
        &self,
        token: PlainSecret,
        name: Option<String>,
        password: PlainSecret,
        brought: Option<&str>,
        via: impl Into<Via> + Send,
    ) -> Result<SigningIn, AdminError> {
        let via = via.into();
        let brought = brought.map(|token| fingerprint(token.as_bytes()));
        let hash = link_token::hash(token.expose()).ok_or(AdminError::LinkOver)?;
        let found = self.find_link(&hash, &via).await?.ok_or(AdminError::LinkOver)?;
        let (name, about) = match &found {
            Found::Invitation(invited) => {
                self.require_passwords()?;
                let name = name.as_deref().unwrap_or(&invited.name);
                let name = String::from(ClientName::parse(name).map_err(|_| AdminError::InvalidName)?);
                let about = self.words_about(invited.installation, &name, &invited.email);
                (name, about)
            }
            Found::Reset(StoredReset { installation, administrator: Administrator { email, name, .. } }) => {
                (name.clone(), self.words_about(*installation, name, email))
            }
        };
        // Slow, so it is done before the change, for which others wait.
        let password_hash = self.hash_password(password, about).await?;
        self.change_accounts(ONE, move |this, mut change| async move {
            let person = match found {
                Found::Invitation(_) => this.accept_invitation(&mut change, &hash, name, password_hash, &via).await?,
                Found::Reset(_) => this.use_reset(&mut change, &hash, &password_hash, &via).await?,
            };
            let how = How::by(Way::Password, this.now());
            let entered = this.enter(&mut change, &person, brought.as_ref(), how, &via).await?;
            change.commit().await.map_err(public)?;
            Ok(entered)
        })
        .await
    }

    /// Looks on a reader, and counts who finds nothing: anybody may ask.
    async fn find_link(&self, hash: &TokenHash, via: &Via) -> Result<Option<Found>, AdminError> {
        self.require_links(via)?;
        let found = self.read_link(hash).await?;
        self.link_looked_for(found.is_some(), via);
        Ok(found)
    }

    async fn read_link(&self, hash: &TokenHash) -> Result<Option<Found>, AdminError> {
        let (store, now) = (&self.inner.store, self.now());
        if let Some(invitation) = store.invitation_by_token(hash, now).await.map_err(public)? {
            return Ok(Some(Found::Invitation(invitation)));
        }
        Ok(store.password_reset_by_token(hash, now).await.map_err(public)?.map(Found::Reset))
    }

    async fn accept_invitation(
        &self,
        change: &mut Change,
        hash: &TokenHash,
        name: String,
        password_hash: String,
        via: &Via,
    ) -> Result<StoredAdministrator, AdminError> {
        let now = self.now();
        // Asked again inside: of two people with the link, only one becomes an administrator.
        let accepted = change.accept_invitation(hash, now).await.map_err(public)?.ok_or(AdminError::LinkOver)?;
        let StoredInvitation { id, installation, email, email_folded, role, .. } = accepted;
        let administrator = Administrator { id, email, name, role };
        let new = StoredAdministrator {
            installation,
            administrator,
            email_folded,
            password_hash,
            created_at: now,
            disabled_at: None,
        };
        self.put_administrator(change, (Actor::Bearer, &via.request_alone()), &new).await?;
        Ok(new)
    }

    async fn use_reset(
        &self,
        change: &mut Change,
        hash: &TokenHash,
        password_hash: &str,
        via: &Via,
    ) -> Result<StoredAdministrator, AdminError> {
        let found = change.password_reset_by_token(hash, self.now()).await.map_err(public)?;
        let StoredReset { installation, administrator } = found.ok_or(AdminError::LinkOver)?;
        let id = administrator.id;
        change.withdraw_password_reset(id).await.map_err(public)?;
        change.set_password(installation, id, password_hash).await.map_err(public)?;
        let sessions = change.end_sessions(id, None).await.map_err(public)?;
        let detail = json!({ "id": id, "by": "link", "sessions_ended": sessions });
        let action = Action::AdministratorChangePassword;
        self.audit_account(change, installation, (Actor::Bearer, &via.request_alone()), action, detail).await?;
        change.administrator(installation, id).await.map_err(public)?.ok_or(AdminError::LinkOver)
    }
}
