use std::net::IpAddr;

use model::{InstallationId, Instant};

use crate::{GuessingDetected, Verifier};

impl Verifier {
    /// Counts a key that is not found: malformed, unknown or another installation's, which are treated alike. An address that is
    /// not known is not slowed.
    pub(crate) fn failed(
        &self,
        address: Option<IpAddr>,
        installation: Option<InstallationId>,
        now: Instant,
    ) -> Option<u32> {
        self.inner.guessing.failed(address?, installation, now, (self.inner.ticks)())
    }

    /// Whether a failed key from there would be one too many. An address that is not known is not slowed.
    pub(crate) fn is_slowed(&self, address: Option<IpAddr>) -> bool {
        address.is_some_and(|address| self.inner.guessing.is_slowed(address, (self.inner.ticks)()))
    }

    /// Takes out the bursts of failed keys that began since, and once a minute those that go on.
    pub fn take_guessing(&self) -> Vec<GuessingDetected> {
        self.inner.guessing.bursts.take((self.inner.ticks)())
    }
}
