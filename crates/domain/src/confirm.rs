use model::{Action, Actor, AdminError, PlainSecret, fold_email};
use serde_json::json;

use crate::{
    Keydesk, Proof, Session,
    account::public,
    check_password,
    proof::Way,
    second_factor::{Ceremony, Checked},
    throttle::Source,
    turn::ONE,
    visitor::counted,
};

impl Keydesk {
    /// Proves that it is still the person whose session this is: by their password, a code or a passkey. It counts for 10 minutes, in
    /// this session.
    pub async fn confirm(&self, session: &Session, proof: Proof) -> Result<(), AdminError> {
        let password = match &proof {
            Proof::Password(typed) => Some(self.own_password(session, typed.clone()).await?),
            Proof::Code(_) | Proof::Passkey(_) => None,
        };
        let (via, id) = (session.via.clone(), session.id);
        let confirmed = self
            .change_own(session, ONE, move |this, person, mut change| async move {
                let ceremony = Ceremony::Confirm(id);
                let checked = match &proof {
                    Proof::Code(code) => this.check_code(&mut change, &person, code).await?,
                    Proof::Passkey(answer) => {
                        this.check_passkey(&mut change, person.administrator.id, answer, ceremony).await?
                    }
                    // Asked again inside: it may have been changed while it was checked.
                    Proof::Password(_) if password.as_ref() == Some(&person.password_hash) => {
                        Checked::Right(Way::Password)
                    }
                    Proof::Password(_) => Checked::Wrong(AdminError::WrongCredentials),
                };
                let way = match checked {
                    Checked::Right(way) => way,
                    Checked::Wrong(error) => {
                        change.commit().await.map_err(public)?;
                        return Err(error);
                    }
                };
                let who = person.administrator.id;
                if !change.prove_session(who, id, this.now()).await.map_err(public)? {
                    return Err(AdminError::SignedOut);
                }
                let by = (Actor::Administrator { id: who }, &via);
                let detail = json!({ "by": way.as_str() });
                this.audit_account(&mut change, person.installation, by, Action::Confirm, detail).await?;
                change.commit().await.map_err(public)
            })
            .await;
        confirmed.inspect_err(|error| {
            let who = Actor::Administrator { id: session.administrator.id };
            self.tell_wrong(error, Some(who), &session.via);
        })
    }

    /// The hash that the typed password is right for. Guesses are slowed down as those of signing in are.
    async fn own_password(&self, session: &Session, typed: PlainSecret) -> Result<String, AdminError> {
        self.require_passwords()?;
        let account = fold_email(&session.administrator.email);
        let found = self.inner.store.administrator_by_email(&account).await.map_err(public)?;
        let found = found.filter(|found| found.administrator.id == session.administrator.id);
        let hash = found.ok_or(AdminError::SignedOut)?.password_hash;
        let source = Source::Address(counted(&session.via));
        let counted = self.inner.throttle.attempt(&account, source, self.inner.clock.elapsed())?;
        if self.check_password(typed, Some(hash.clone())).await? == check_password::Checked::Wrong {
            return Err(AdminError::WrongCredentials);
        }
        self.inner.throttle.succeeded(counted);
        Ok(hash)
    }
}
