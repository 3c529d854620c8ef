use model::{Action, Actor, AdminError, Administrator, AdministratorId, ClientName, InstallationId, PlainSecret, Role};
use serde_json::json;
use store::{Change, StoredAdministrator};

use crate::{
    Keydesk,
    account::{email, public},
    audit::{AuditEvent, By},
    turn::ONE,
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
    /// Creates an administrator.
    pub async fn create_administrator(
        &self,
        actor: Actor,
        installation: InstallationId,
        new: NewAdministrator,
    ) -> Result<Administrator, AdminError> {
        let draft = self.draft(installation, new).await?;
        self.change_accounts(ONE, move |this, mut change| async move {
            this.put_administrator(&mut change, actor, &draft).await?;
            change.commit().await.map_err(public)?;
            Ok(draft.administrator)
        })
        .await
    }

    pub(crate) async fn draft(
        &self,
        installation: InstallationId,
        new: NewAdministrator,
    ) -> Result<StoredAdministrator, AdminError> {
        let (email, email_folded) = email(&new.email)?;
        let name = ClientName::parse(&new.name).map_err(|_| AdminError::InvalidName)?;
        let password_hash =
            self.hash_password(new.password, self.words_about(installation, name.as_str(), &email)).await?;
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
        by: impl Into<By> + Send,
        draft: &StoredAdministrator,
    ) -> Result<(), AdminError> {
        change.insert_administrator(draft).await.map_err(public)?;
        change.withdraw_invitation(draft.installation, &draft.email_folded).await.map_err(public)?;
        // No name and no address: the log names people by their ids.
        let Administrator { id, role, .. } = &draft.administrator;
        let detail = json!({ "id": id, "role": role });
        let person = Some(draft.administrator.clone());
        let event = AuditEvent { person, ..AuditEvent::of(Action::AdministratorCreate, detail) };
        let written = self.write_audit(change, draft.installation, by, self.now(), vec![event]).await;
        written.map_err(|_| AdminError::Unavailable)
    }
}
