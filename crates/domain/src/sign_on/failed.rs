use model::{Actor, AdminError, SignOnProblem};
use oidc::Failed;

use crate::{Keydesk, Via, lines::Refused};

impl Keydesk {
    /// Why somebody is not signed in whose provider has failed. The operator reads of it in the log.
    pub(super) fn sign_on_failed(&self, failed: &Failed, via: &Via) -> AdminError {
        let problem = match failed {
            Failed::Provider(_) => SignOnProblem::Provider,
            Failed::Answer(_) => SignOnProblem::Again,
        };
        if let Some(left_out) = self.inner.lines.admit(Refused::SignOn, self.now()) {
            tracing::warn!(
                target: "keydesk::refused",
                error = %failed,
                address = via.address.map(tracing::field::display),
                request_id = via.request_id.map(tracing::field::display),
                left_out = (left_out > 0).then_some(left_out),
                "somebody was not signed in with their organisation's account"
            );
        }
        AdminError::SignOn { problem }
    }

    /// Refuses somebody of whom their provider has said who they are.
    pub(super) fn sign_on_refused(&self, problem: SignOnProblem, actor: Option<Actor>, via: &Via) -> AdminError {
        self.tell_refused(Refused::SignOn, actor, problem.as_str(), via);
        AdminError::SignOn { problem }
    }
}
