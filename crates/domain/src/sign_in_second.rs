use model::{Actor, AdminError};

use crate::{
    Keydesk, Proof, Refused, SignedIn, Via,
    account::public,
    fingerprint,
    how::How,
    second_factor::{Ceremony, Checked},
    throttle::Source,
    turn::ONE,
    visitor::counted,
};

impl Keydesk {
    /// Takes the second step of a sign-in, with a code or a passkey, and begins the session. The session whose token the browser
    /// brought ends.
    pub async fn sign_in_second(
        &self,
        token: &str,
        proof: Proof,
        brought: Option<&str>,
        via: impl Into<Via> + Send,
    ) -> Result<SignedIn, AdminError> {
        let via = via.into();
        let step = self.second_step(token).ok_or(AdminError::SignInOver)?;
        let id = step.person;
        let known = Some(Actor::Administrator { id });
        // By themselves: a wrong code takes nobody's attempts at the password.
        let account = format!("second step of {id}");
        let attempt = self.inner.throttle.attempt(&account, Source::Address(counted(&via)), self.inner.clock.elapsed());
        let counted =
            attempt.inspect_err(|_| self.tell_refused(Refused::Throttled, known, "too_many_attempts", &via))?;
        let brought = brought.map(|token| fingerprint(token.as_bytes()));
        let from = via.clone();
        let signed_in = self
            .change_accounts(ONE, move |this, mut change| async move {
                let person = change.administrator(step.installation, id).await.map_err(public)?;
                let person = person.filter(|person| step.is_of(person)).ok_or(AdminError::SignInOver)?;
                if person.disabled_at.is_some() {
                    return Err(AdminError::AccountDisabled);
                }
                let checked = match &proof {
                    Proof::Code(code) => this.check_code(&mut change, &person, code).await?,
                    Proof::Passkey(answer) => this.check_passkey(&mut change, id, answer, Ceremony::SignIn(id)).await?,
                    Proof::Password(_) => return Err(AdminError::WrongCode),
                };
                let way = match checked {
                    Checked::Right(way) => way,
                    Checked::Wrong(error) => {
                        change.commit().await.map_err(public)?;
                        return Err(error);
                    }
                };
                let (of, administrator) = ((person.installation, id), person.administrator);
                let how = How { first: step.first, second: Some(way), proved_at: this.now() };
                let token = this.begin_session(&mut change, of, brought.as_ref(), how, &via).await?;
                change.commit().await.map_err(public)?;
                Ok(SignedIn { token, administrator })
            })
            .await;
        match &signed_in {
            Ok(_) => self.inner.throttle.succeeded(counted),
            Err(error) => self.tell_wrong(error, known, &from),
        }
        signed_in
    }

    /// Writes a line for the operator when a second factor was wrong.
    pub(crate) fn tell_wrong(&self, error: &AdminError, who: Option<Actor>, via: &Via) {
        let why = match error {
            AdminError::WrongCode => "wrong_code",
            AdminError::WrongPasskey => "wrong_passkey",
            AdminError::TooManyAttempts { .. } => "too_many_attempts",
            _ => return,
        };
        self.tell_refused(Refused::SecondFactor, who, why, via);
    }
}
