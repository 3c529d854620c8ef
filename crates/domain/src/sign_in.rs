use model::{Actor, AdminError, PlainSecret};

use crate::{
    Keydesk, Refused, SigningIn, Visitor,
    account::{email, public},
    check_password::Checked,
    fingerprint,
    how::How,
    proof::Way,
    throttle::Source,
    turn::ONE,
    visitor::counted,
};

impl Keydesk {
    /// Signs an administrator in by their password, and ends the session that their browser had, whose token this is; or asks them
    /// for their second factor. Neither the words nor the time of a refusal tell whether the email address or the password was wrong.
    pub async fn sign_in(
        &self,
        email_typed: &str,
        password: PlainSecret,
        from: impl Into<Visitor<'_>>,
        brought: Option<&str>,
    ) -> Result<SigningIn, AdminError> {
        self.require_passwords()?;
        let folded = email(email_typed).map(|(_, folded)| folded);
        let account = folded.as_deref().unwrap_or_default().to_owned();
        let Visitor { via, device } = from.into();
        let device = device.and_then(|token| self.device(token, &account));
        let source = device.map_or(Source::Address(counted(&via)), Source::Device);
        let attempt = self.inner.throttle.attempt(&account, source, self.inner.clock.elapsed());
        let counted =
            attempt.inspect_err(|_| self.tell_refused(Refused::Throttled, None, "too_many_attempts", &via))?;
        let found = match folded {
            Ok(folded) => self.inner.store.administrator_by_email(&folded).await.map_err(public)?,
            Err(_) => None,
        };
        let hash = found.as_ref().map(|found| found.password_hash.clone());
        let known = found.as_ref().map(|found| Actor::Administrator { id: found.administrator.id });
        let better = match self.check_password(password, hash).await? {
            Checked::Wrong => {
                // Not what was typed: it may be a password, in the wrong field.
                self.tell_refused(Refused::SignIn, known, "wrong_credentials", &via);
                return Err(AdminError::WrongCredentials);
            }
            Checked::Right => None,
            Checked::RightAsTyped { better } => Some(better),
        };
        let found = found.ok_or(AdminError::WrongCredentials)?;
        self.inner.throttle.succeeded(counted);
        let brought = brought.map(|token| fingerprint(token.as_bytes()));
        self.change_accounts(ONE, move |this, mut change| async move {
            let (installation, id) = (found.installation, found.administrator.id);
            // Asked again inside: while the password was checked, it may have been changed, or the person disabled or removed.
            let person = change.administrator(installation, id).await.map_err(public)?;
            let person = person.filter(|person| person.password_hash == found.password_hash);
            let mut person = person.ok_or(AdminError::WrongCredentials)?;
            if let Some(better) = better {
                change.set_password(installation, id, &better).await.map_err(public)?;
                person.password_hash = better;
            }
            let how = How::by(Way::Password, this.now());
            let entered = this.enter(&mut change, &person, brought.as_ref(), how, &via).await?;
            change.commit().await.map_err(public)?;
            Ok(entered)
        })
        .await
    }
}
