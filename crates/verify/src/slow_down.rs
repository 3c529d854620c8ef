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

    /// Takes out the bursts of failed keys that began since, and once a minute those that go on.
    pub fn take_guessing(&self) -> Vec<GuessingDetected> {
        self.inner.guessing.bursts.take((self.inner.ticks)())
    }
}
