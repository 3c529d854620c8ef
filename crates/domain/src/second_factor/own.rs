use model::{Actor, AdminError, SecondFactors};
use store::{Change, StoredAdministrator, Turn};

use crate::{Keydesk, Session, Via, account::public, proof_life::is_recent};

impl Keydesk {
    /// What the person whose session this is has beside their password.
    pub async fn second_factors(&self, session: &Session) -> Result<SecondFactors, AdminError> {
        let (store, id) = (&self.inner.store, session.administrator.id);
        let app = store.totp(id).await.map_err(public)?.map(|app| app.created_at);
        let passkeys = store.passkeys(id).await.map_err(public)?.into_iter().map(|of| of.passkey).collect();
        let codes = store.recovery_codes(id).await.map_err(public)?;
        Ok(SecondFactors { app, passkeys, recovery_codes: u32::try_from(codes).unwrap_or(u32::MAX) })
    }

    /// The same, as a change sees it. Recovery codes are not counted.
    pub(super) async fn factors_in(
        &self,
        change: &mut Change,
        person: &StoredAdministrator,
    ) -> Result<SecondFactors, AdminError> {
        let id = person.administrator.id;
        let app = change.totp(id).await.map_err(public)?.map(|app| app.created_at);
        let passkeys = change.passkeys(id).await.map_err(public)?.into_iter().map(|of| of.passkey).collect();
        Ok(SecondFactors { app, passkeys, recovery_codes: 0 })
    }

    /// Changes the second factors of the person whose session this is, who has proved lately who they are. Who was signed out while
    /// their call waited changes nothing.
    pub(super) async fn change_factors<T, F>(
        &self,
        session: &Session,
        turn: Turn,
        work: impl FnOnce(Self, StoredAdministrator, Change) -> F + Send + 'static,
    ) -> Result<T, AdminError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, AdminError>> + Send + 'static,
    {
        if !is_recent(session.proved_at, self.now()) {
            return Err(AdminError::StepUpNeeded);
        }
        self.change_own(session, turn, work).await
    }
}

/// A person as the one who does something to themselves.
pub(super) fn themselves<'a>(person: &StoredAdministrator, via: &'a Via) -> (Actor, &'a Via) {
    (Actor::Administrator { id: person.administrator.id }, via)
}
