use model::AdminError;

use crate::{Keydesk, Via, visitor::counted};

impl Keydesk {
    /// How many seconds whoever comes from there has to wait before another link is looked for; `None`: it is.
    pub(crate) fn links_wait(&self, via: &Via) -> Option<u64> {
        self.inner.links.wait(counted(via), self.inner.clock.elapsed())
    }

    /// The same as a refusal.
    pub(crate) fn require_links(&self, via: &Via) -> Result<(), AdminError> {
        let wait = |retry_after_seconds| AdminError::TooManyAttempts { retry_after_seconds };
        self.links_wait(via).map_or(Ok(()), |seconds| Err(wait(seconds)))
    }

    /// A link was looked for, from there.
    pub(crate) fn link_looked_for(&self, found: bool, via: &Via) {
        if !found {
            self.inner.links.missed(counted(via), self.inner.clock.elapsed());
        }
    }
}
