use model::{AddressUsage, Code, Instant, KeyError, KeyId};
use store::UsageSpan;

use crate::{Caller, Keydesk, failure};

const QUARTER_MS: i64 = 15 * 60 * 1000;

impl Keydesk {
    /// Whether allowed calls with these keys may have come from elsewhere since then. `addresses`: all that are kept of them, also
    /// those that called before.
    ///
    /// An address tells all of its calls, whenever they were made. So they are compared with all calls since the first of them, and
    /// not with those since then alone: a call from elsewhere is not hidden by an older one. Where days of that time are forgotten, it
    /// is not known.
    pub(crate) async fn called_from_elsewhere(
        &self,
        caller: &Caller,
        keys: &[KeyId],
        addresses: &[AddressUsage],
        since: Instant,
    ) -> Result<bool, KeyError> {
        let first = addresses.iter().filter(|of| of.allowed > 0).map(|of| of.first_seen).fold(since, Instant::min);
        // Calls are kept by quarters of an hour, and an address is first seen in the minute of the last call that was written down with
        // it: its first call may be of the quarter before.
        let from = Instant::from_millis((first.as_millis().div_euclid(QUARTER_MS) - 1) * QUARTER_MS);
        let now = self.now();
        if from < self.inner.usage.retention.days_until(now) {
            return Ok(true);
        }
        let span = UsageSpan {
            installation: caller.installation,
            from,
            to: now.plus_millis(1),
            code: Some(Code::Valid),
            scope: None,
            environment: None,
        };
        let calls = self.inner.store.calls_of_keys(&span, keys).await.map_err(failure::public)?;
        Ok(addresses.iter().map(|of| of.allowed).fold(0, u64::saturating_add) < calls)
    }
}
