//! The common part of verbs on people and their accounts.

use model::{Action, AdminError, Email, InstallationId, KeyError, Permission, Role, fold_email};
use serde_json::Value;
use store::{Change, StoreError, StoredAdministrator, Turn};

use crate::{
    Caller, Keydesk,
    audit::{AuditEvent, By},
};

/// As [`crate::failure::public`], for administrators.
pub(crate) fn public(error: StoreError) -> AdminError {
    match error {
        StoreError::AdministratorEmailTaken => AdminError::EmailTaken,
        error => {
            tracing::error!(%error, "the store failed");
            AdminError::Unavailable
        }
    }
}

/// An email address as it is shown, and as accounts are compared.
pub(crate) fn email(text: &str) -> Result<(String, String), AdminError> {
    let email = Email::parse(text).map_err(|_| AdminError::InvalidEmail)?;
    let folded = fold_email(email.as_str());
    Ok((email.into(), folded))
}

/// The administrator of the caller's installation with this email address.
pub(crate) async fn person(
    change: &mut Change,
    caller: &Caller,
    typed: &str,
) -> Result<StoredAdministrator, AdminError> {
    let (_, folded) = email(typed)?;
    let found = change.administrator_by_email(&folded).await.map_err(public)?;
    found.filter(|found| found.installation == caller.installation).ok_or(AdminError::NoAdministrator)
}

/// Refuses to take the last owner who can sign in from an installation.
pub(crate) async fn keep_an_owner(change: &mut Change, person: &StoredAdministrator) -> Result<(), AdminError> {
    if person.administrator.role != Role::Owner || person.disabled_at.is_some() {
        return Ok(());
    }
    let others = change.count_other_owners(person.installation, person.administrator.id).await.map_err(public)?;
    if others == 0 { Err(AdminError::LastOwner) } else { Ok(()) }
}

impl Keydesk {
    /// As [`Keydesk::change`], for accounts.
    pub(crate) async fn change_accounts<T, F>(
        &self,
        turn: Turn,
        work: impl FnOnce(Self, Change) -> F + Send + 'static,
    ) -> Result<T, AdminError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, AdminError>> + Send + 'static,
    {
        let done = self.change(turn, |this, change| async move { Ok(work(this, change).await) }).await;
        done.unwrap_or(Err(AdminError::Unavailable))
    }

    /// Changes the people of the caller's installation, for an owner who has proved lately who they are. One who was signed out,
    /// demoted, disabled or removed while their call waited changes nothing.
    pub(crate) async fn change_people<T, F>(
        &self,
        caller: &Caller,
        turn: Turn,
        work: impl FnOnce(Self, Caller, Change) -> F + Send + 'static,
    ) -> Result<T, AdminError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, AdminError>> + Send + 'static,
    {
        require_people(caller)?;
        caller.require_proof(self.now()).map_err(|error| of_people(&error))?;
        let mut caller = caller.clone();
        self.change_accounts(turn, move |this, mut change| async move {
            this.ask_again(&mut caller, &mut change).await.map_err(|error| of_people(&error))?;
            require_people(&caller)?;
            work(this, caller, change).await
        })
        .await
    }

    /// Appends one entry to the audit log of an installation. Its details name people by their ids.
    pub(crate) async fn audit_account(
        &self,
        change: &mut Change,
        installation: InstallationId,
        by: impl Into<By> + Send,
        action: Action,
        detail: Value,
    ) -> Result<(), AdminError> {
        let event = AuditEvent::of(action, detail);
        let written = self.write_audit(change, installation, by, self.now(), vec![event]).await;
        written.map_err(|_| AdminError::Unavailable)
    }
}

/// Refuses a caller that does not manage people.
pub(crate) fn require_people(caller: &Caller) -> Result<(), AdminError> {
    caller.require(Permission::ManagePeople).map_err(|error| of_people(&error))
}

/// What a caller is told who may not change people.
fn of_people(error: &KeyError) -> AdminError {
    match error {
        KeyError::Forbidden => AdminError::Forbidden,
        KeyError::StepUpNeeded => AdminError::StepUpNeeded,
        KeyError::SecondFactorDue => AdminError::SecondFactorDue,
        _ => AdminError::Unavailable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_texts_are_email_addresses() {
        assert_eq!(email(" Ada@Example.com "), Ok(("Ada@Example.com".to_owned(), "ada@example.com".to_owned())));
        for bad in ["", "ada", "a@b@c.de"] {
            assert_eq!(email(bad), Err(AdminError::InvalidEmail), "{bad:?}");
        }
    }
}
