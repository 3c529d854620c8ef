use aws_lc_rs::constant_time::verify_slices_are_equal;
use model::{AdminError, Instant, SignOnProblem};
use oidc::{Asked, Identity};

use super::flow::Flow;
use crate::{Keydesk, SigningIn, Via, account::public, how::How, proof::Way, sign_on_options::SignOn, turn::ONE};

/// What a provider has sent somebody back with.
#[derive(Clone, Default)]
pub struct SignOnAnswer {
    /// What it was asked with.
    pub state: Option<String>,
    /// What proves who they are.
    pub code: Option<String>,
    /// Who answers.
    pub issuer: Option<String>,
    /// Why there is no code.
    pub error: Option<String>,
}

/// Somebody of whom their organisation has said who they are.
#[derive(Clone, Debug)]
pub struct SignOnDone {
    /// Whether they are signed in, or are asked for their second factor.
    pub signed_in: SigningIn,
    /// The page that they wanted.
    pub next: String,
}

impl Keydesk {
    /// The page that whoever brings this cookie wanted; `None`: they brought none of ours.
    pub fn sign_on_next(&self, cookie: Option<&str>) -> Option<String> {
        Flow::open(&self.keyring(), cookie?).map(|flow| flow.next)
    }

    /// Finishes a sign-in: `cookie` is what the browser was given when it began. Whoever has a second factor here is asked for it,
    /// whatever their organisation has asked for.
    pub async fn finish_sign_on(
        &self,
        cookie: Option<&str>,
        answer: SignOnAnswer,
        via: &Via,
    ) -> Result<SignOnDone, AdminError> {
        let sign_on = self.inner.sign_on.as_ref().ok_or(AdminError::SignOn { problem: SignOnProblem::Off })?;
        // Each answer costs the provider a question.
        self.require_links(via)?;
        let identified = self.identified(sign_on, cookie, answer, via).await;
        self.link_looked_for(identified.is_ok(), via);
        let (flow, identity) = identified?;
        let role = sign_on.role(&identity.roles);
        let role = role.ok_or_else(|| self.sign_on_refused(SignOnProblem::NoRole, None, via))?;
        let place = self.installation_in_memory(&sign_on.installation).ok_or(AdminError::Unavailable)?.id;
        let trust_email = sign_on.trust_email;
        let (brought, via) = (flow.brought, via.clone());
        let signed_in = self
            .change_accounts(ONE, move |this, mut change| async move {
                let of = (place, role, trust_email);
                let person = this.account_of(&mut change, &identity, of, &via).await?;
                let now = this.now();
                // A provider that says nothing of it is believed to have asked them.
                let said_at = identity.said_at.map(|seconds| Instant::from_millis(seconds.saturating_mul(1_000)));
                let how = How::by(Way::Organisation, said_at.map_or(now, |at| at.min(now)));
                let entered = this.enter(&mut change, &person, brought.as_ref(), how, &via).await?;
                change.commit().await.map_err(public)?;
                Ok(entered)
            })
            .await?;
        Ok(SignOnDone { signed_in, next: flow.next })
    }

    /// Who has come back, if it is who went.
    async fn identified(
        &self,
        sign_on: &SignOn,
        cookie: Option<&str>,
        answer: SignOnAnswer,
        via: &Via,
    ) -> Result<(Flow, Identity), AdminError> {
        let again = || self.sign_on_refused(SignOnProblem::Again, None, via);
        let flow = cookie.and_then(|cookie| Flow::open(&self.keyring(), cookie)).ok_or_else(again)?;
        let state = answer.state.unwrap_or_default();
        let same = verify_slices_are_equal(state.as_bytes(), flow.state.as_bytes()).is_ok();
        if !same || flow.is_over(self.now()) || flow.issuer != sign_on.provider.issuer() {
            return Err(again());
        }
        let failed = |failed| self.sign_on_failed(&failed, via);
        sign_on.provider.require_own(answer.issuer.as_deref()).await.map_err(failed)?;
        if answer.error.is_some() {
            return Err(self.sign_on_refused(SignOnProblem::Denied, None, via));
        }
        let code = answer.code.filter(|code| !code.is_empty()).ok_or_else(again)?;
        let asked = Asked {
            state: &flow.state,
            nonce: &flow.nonce,
            verifier: &flow.verifier,
            redirect_uri: &flow.redirect_uri,
        };
        let identity = sign_on.provider.identify(code, asked).await.map_err(failed)?;
        Ok((flow, identity))
    }
}
