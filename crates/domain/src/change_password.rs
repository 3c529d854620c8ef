use model::{Action, Actor, AdminError, PlainSecret, fold_email};
use serde_json::json;

use crate::{
    Keydesk, Via, account::public, check_password::Checked, fingerprint, throttle::Source, turn::REVOKES,
    visitor::counted,
};

impl Keydesk {
    /// Changes the password of the person whose session this is, who proves the present one, and ends their other sessions.
    /// Guesses are slowed down as those of signing in are.
    pub async fn change_password(
        &self,
        token: &str,
        present: PlainSecret,
        new: PlainSecret,
        via: impl Into<Via> + Send,
    ) -> Result<(), AdminError> {
        self.require_passwords()?;
        let via = via.into();
        let hash = fingerprint(token.as_bytes());
        let session = self.living_session(&hash).await?.ok_or(AdminError::SignedOut)?;
        let (installation, id) = (session.installation, session.administrator.id);
        let account = fold_email(&session.administrator.email);
        let found = self.inner.store.administrator_by_email(&account).await.map_err(public)?;
        let before = found.ok_or(AdminError::SignedOut)?.password_hash;
        let source = Source::Address(counted(&via));
        let counted = self.inner.throttle.attempt(&account, source, self.inner.clock.elapsed())?;
        if self.check_password(present, Some(before.clone())).await? == Checked::Wrong {
            return Err(AdminError::WrongCredentials);
        }
        self.inner.throttle.succeeded(counted);
        let about = self.words_about(installation, &session.administrator.name, &session.administrator.email);
        let password_hash = self.hash_password(new, about).await?;
        self.change_accounts(REVOKES, move |this, mut change| async move {
            // Asked again inside: it may have ended, or the password been changed, while the new one was hashed.
            let session = change.session(&hash).await.map_err(public)?;
            let person = change.administrator(installation, id).await.map_err(public)?;
            if session.is_none() || person.is_none_or(|person| person.password_hash != before) {
                return Err(AdminError::SignedOut);
            }
            change.set_password(installation, id, &password_hash).await.map_err(public)?;
            change.withdraw_password_reset(id).await.map_err(public)?;
            let sessions = change.end_sessions(id, Some(&hash)).await.map_err(public)?;
            let detail = json!({ "id": id, "by": "self", "sessions_ended": sessions });
            let (by, action) = ((Actor::Administrator { id }, &via), Action::AdministratorChangePassword);
            this.audit_account(&mut change, installation, by, action, detail).await?;
            change.commit().await.map_err(public)
        })
        .await
    }
}
