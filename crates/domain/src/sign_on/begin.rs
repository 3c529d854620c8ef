use std::time::Duration;

use model::{AdminError, PROOF_LIFE_MS, PlainSecret, SignInWays, SignOnProblem};
use oidc::Asked;

use super::flow::Flow;
use crate::{Keydesk, Via, fingerprint, link_token, sign_on_options::ways};

/// Longest address of a page that a sign-in leads back to, in bytes: what is kept in a cookie is short.
const NEXT_MAX: usize = 1_000;

/// A sign-in that was begun.
#[derive(Clone, Debug)]
pub struct SignOnBegun {
    /// Where the person says who they are.
    pub address: String,
    /// What their browser keeps until they come back, in a cookie.
    pub cookie: PlainSecret,
}

impl Keydesk {
    /// How people can sign in.
    pub fn sign_in_ways(&self) -> SignInWays {
        ways(self.inner.sign_on.as_ref())
    }

    /// Refuses where nobody signs in with a password.
    pub(crate) fn require_passwords(&self) -> Result<(), AdminError> {
        if self.sign_in_ways().passwords { Ok(()) } else { Err(AdminError::PasswordsOff) }
    }

    /// Begins a sign-in with an account of somebody's organisation, which comes back to `redirect_uri` and leads to the page `next`.
    /// `brought` is the token of the session that their browser has. Who is to say it `again` proves that it is still them.
    pub async fn begin_sign_on(
        &self,
        redirect_uri: String,
        next: &str,
        again: bool,
        brought: Option<&str>,
        via: &Via,
    ) -> Result<SignOnBegun, AdminError> {
        let problem = |problem| AdminError::SignOn { problem };
        let sign_on = self.inner.sign_on.as_ref().ok_or_else(|| problem(SignOnProblem::Off))?;
        self.require_links(via)?;
        let random = || link_token::new(&*self.inner.entropy).expose().to_owned();
        let flow = Flow {
            issuer: sign_on.provider.issuer().to_owned(),
            state: random(),
            nonce: random(),
            verifier: random(),
            redirect_uri,
            next: if next.len() > NEXT_MAX { "/".to_owned() } else { next.to_owned() },
            brought: brought.map(|token| fingerprint(token.as_bytes())),
            begun_at: self.now(),
        };
        let asked = Asked {
            state: &flow.state,
            nonce: &flow.nonce,
            verifier: &flow.verifier,
            redirect_uri: &flow.redirect_uri,
        };
        let again = again.then(|| Duration::from_millis(PROOF_LIFE_MS.unsigned_abs()));
        let address =
            sign_on.provider.address(asked, again).await.map_err(|failed| self.sign_on_failed(&failed, via))?;
        let cookie = flow.sealed(&self.keyring(), &*self.inner.entropy).ok_or(AdminError::Unavailable)?;
        Ok(SignOnBegun { address, cookie })
    }
}
