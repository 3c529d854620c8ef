//! Whose account it is.

use model::{
    Action, Actor, AdminError, Administrator, AdministratorId, ClientName, InstallationId, Role, SignOnProblem,
};
use oidc::Identity;
use serde_json::json;
use store::{Change, StoredAdministrator, StoredIdentity};

use crate::{
    Keydesk, Via,
    account::{email, keep_an_owner, public},
    password::DECOY,
};

impl Keydesk {
    /// The account of whom the provider means, with the role that it has now. One is found, or made, in `place`.
    pub(super) async fn account_of(
        &self,
        change: &mut Change,
        identity: &Identity,
        (place, role, trust_email): (InstallationId, Role, bool),
        via: &Via,
    ) -> Result<StoredAdministrator, AdminError> {
        let known = change.identity(&identity.issuer, &identity.subject).await.map_err(public)?;
        let found = match known {
            Some((installation, id)) => {
                let found = change.administrator(installation, id).await.map_err(public)?;
                found.ok_or(AdminError::Unavailable)?
            }
            None => self.account_by_email(change, identity, (place, role, trust_email), via).await?,
        };
        let refused = |problem| self.sign_on_refused(problem, Some(actor(found.administrator.id)), via);
        if found.installation != place {
            return Err(refused(SignOnProblem::Elsewhere));
        }
        if found.disabled_at.is_some() {
            return Err(AdminError::AccountDisabled);
        }
        self.as_they_are_now(change, found, role).await
    }

    /// The account that a confirmed address leads to. It is theirs from now on.
    async fn account_by_email(
        &self,
        change: &mut Change,
        identity: &Identity,
        (place, role, trust_email): (InstallationId, Role, bool),
        via: &Via,
    ) -> Result<StoredAdministrator, AdminError> {
        let refused = |problem, actor| self.sign_on_refused(problem, actor, via);
        let confirmed = identity.email_verified.unwrap_or(trust_email);
        let address = identity.email.as_deref().filter(|_| confirmed).and_then(|address| email(address).ok());
        let (address, folded) = address.ok_or_else(|| refused(SignOnProblem::EmailUnverified, None))?;
        let found = match change.administrator_by_email(&folded).await.map_err(public)? {
            Some(found) => {
                let id = found.administrator.id;
                // Another subject has it: the address may have been given to somebody else since.
                let taken = change.has_identity(&identity.issuer, id).await.map_err(public)?;
                if taken || found.installation != place {
                    return Err(refused(SignOnProblem::Elsewhere, Some(actor(id))));
                }
                if found.disabled_at.is_some() {
                    return Err(AdminError::AccountDisabled);
                }
                found
            }
            None => self.new_account(change, identity, (place, role), (address, folded), via).await?,
        };
        let id = found.administrator.id;
        let new = StoredIdentity {
            issuer: identity.issuer.clone(),
            subject: identity.subject.clone(),
            administrator: id,
            created_at: self.now(),
        };
        change.insert_identity(&new).await.map_err(public)?;
        // The subject may be a name or an address, so it is not in the log.
        let detail = json!({ "id": id, "issuer": identity.issuer });
        self.audit_account(
            change,
            place,
            (Actor::System, &via.request_alone()),
            Action::AdministratorLinkIdentity,
            detail,
        )
        .await?;
        Ok(found)
    }

    /// An account for somebody whom nobody knows, or who was invited. It has no password.
    async fn new_account(
        &self,
        change: &mut Change,
        identity: &Identity,
        (place, role): (InstallationId, Role),
        (address, folded): (String, String),
        via: &Via,
    ) -> Result<StoredAdministrator, AdminError> {
        let now = self.now();
        let invited = change.withdraw_invitation(place, &folded).await.map_err(public)?;
        let invited = invited.filter(|invited| invited.expires_at > now);
        let (id, name) = match invited {
            Some(invited) => (invited.id, invited.name),
            None => (AdministratorId(self.new_id(now)), name(identity, &address)),
        };
        let new = StoredAdministrator {
            installation: place,
            administrator: Administrator { id, email: address, name, role },
            email_folded: folded,
            password_hash: DECOY.to_owned(),
            created_at: now,
            disabled_at: None,
        };
        self.put_administrator(change, (Actor::System, &via.request_alone()), &new).await?;
        Ok(new)
    }

    /// Gives an account the role that its organisation says now.
    async fn as_they_are_now(
        &self,
        change: &mut Change,
        mut found: StoredAdministrator,
        role: Role,
    ) -> Result<StoredAdministrator, AdminError> {
        let (id, before) = (found.administrator.id, found.administrator.role);
        if before == role {
            return Ok(found);
        }
        keep_an_owner(change, &found).await?;
        change.set_role(found.installation, id, role).await.map_err(public)?;
        let detail = json!({ "id": id, "from": before, "to": role, "by": "oidc" });
        let action = Action::AdministratorSetRole;
        self.audit_account(change, found.installation, Actor::System, action, detail).await?;
        found.administrator.role = role;
        Ok(found)
    }
}

const fn actor(id: AdministratorId) -> Actor {
    Actor::Administrator { id }
}

/// The name by which they are shown: the one that their organisation says, else the first part of their address.
fn name(identity: &Identity, address: &str) -> String {
    let said = identity.name.as_deref().and_then(|name| ClientName::parse(name).ok());
    let own = || ClientName::parse(address.split('@').next().unwrap_or(address)).ok();
    said.or_else(own).map_or_else(|| address.to_owned(), String::from)
}
