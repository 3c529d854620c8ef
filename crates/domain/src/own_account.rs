//! What people do to their own account, in their own session.

use model::{Action, Actor, AdminError, Administrator, ClientName, TimeZone};
use serde_json::json;
use store::{Change, StoredAdministrator, Turn};

use crate::{
    Keydesk, Session,
    account::public,
    audit::AuditEvent,
    turn::{ONE, REVOKES},
};

impl Keydesk {
    /// Gives the person whose session this is another name. Entries of the audit log go on naming them by their id.
    pub async fn rename_self(&self, session: &Session, name: &str) -> Result<(), AdminError> {
        let name = String::from(ClientName::parse(name).map_err(|_| AdminError::InvalidName)?);
        let via = session.via.clone();
        self.change_own(session, ONE, move |this, person, mut change| async move {
            let (installation, id) = (person.installation, person.administrator.id);
            if person.administrator.name == name {
                return Ok(());
            }
            change.set_name(installation, id, &name).await.map_err(public)?;
            // No name: the log names people by their ids.
            let renamed = Administrator { name, ..person.administrator };
            let event = AuditEvent::of(Action::AdministratorRename, json!({ "id": id }));
            let event = AuditEvent { person: Some(renamed), ..event };
            let by = (Actor::Administrator { id }, &via);
            let written = this.write_audit(&mut change, installation, by, this.now(), vec![event]).await;
            written.map_err(|_| AdminError::Unavailable)?;
            change.commit().await.map_err(public)
        })
        .await
    }

    /// Notes by whose clocks the person whose session this is reads times; `None`: by their browser's.
    pub async fn set_own_time_zone(&self, session: &Session, zone: Option<TimeZone>) -> Result<(), AdminError> {
        if session.time_zone == zone {
            return Ok(());
        }
        let via = session.via.clone();
        self.change_own(session, ONE, move |this, person, mut change| async move {
            let (installation, id) = (person.installation, person.administrator.id);
            let name = zone.as_ref().map(TimeZone::name);
            change.set_own_time_zone(installation, id, name).await.map_err(public)?;
            let by = (Actor::Administrator { id }, &via);
            let detail = json!({ "id": id, "time_zone": zone });
            let action = Action::AdministratorSetTimeZone;
            this.audit_account(&mut change, installation, by, action, detail).await?;
            change.commit().await.map_err(public)
        })
        .await
    }

    /// Ends all sessions of the person whose session this is, but this one. Returns how many there were.
    pub async fn end_other_sessions(&self, session: &Session) -> Result<u64, AdminError> {
        let (via, but) = (session.via.clone(), session.id);
        self.change_own(session, REVOKES, move |this, person, mut change| async move {
            let (installation, id) = (person.installation, person.administrator.id);
            let sessions = change.end_other_sessions(id, but).await.map_err(public)?;
            if sessions == 0 {
                return Ok(0);
            }
            let by = (Actor::Administrator { id }, &via);
            let detail = json!({ "id": id, "sessions_ended": sessions });
            let action = Action::AdministratorEndSessions;
            this.audit_account(&mut change, installation, by, action, detail).await?;
            change.commit().await.map_err(public)?;
            Ok(sessions)
        })
        .await
    }

    /// Changes the account of the person whose session this is. Who was signed out, disabled or removed while their call waited
    /// changes nothing.
    pub(crate) async fn change_own<T, F>(
        &self,
        session: &Session,
        turn: Turn,
        work: impl FnOnce(Self, StoredAdministrator, Change) -> F + Send + 'static,
    ) -> Result<T, AdminError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, AdminError>> + Send + 'static,
    {
        let (installation, person, id) = (session.installation.id, session.administrator.id, session.id);
        self.change_accounts(turn, move |this, mut change| async move {
            let living = change.session_of(person, id).await.map_err(public)?;
            let found = change.administrator(installation, person).await.map_err(public)?;
            let found = found.filter(|_| living.is_some()).ok_or(AdminError::SignedOut)?;
            work(this, found, change).await
        })
        .await
    }
}
