use model::{InstallationId, Instant, KeyId};
use uuid::Uuid;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// How long usage is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsageRetention {
    /// Days after which quarters of an hour are rolled up into days: 31 at least, since the last 30 days are shown by the hour.
    pub quarter_days: u16,
    /// Months after which days go.
    pub day_months: u16,
}

/// What is recorded of calls, and for how long it is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UsageOptions {
    /// Which calls are recorded.
    pub recorded: RecordedCalls,
    /// How long they are kept.
    pub retention: UsageRetention,
}

/// Which calls are recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RecordedCalls {
    /// All of them.
    #[default]
    All,
    /// Refused ones alone: of what was allowed, neither number nor scopes, addresses nor last use are kept.
    Refused,
}

impl Default for UsageRetention {
    fn default() -> Self {
        Self { quarter_days: 90, day_months: 25 }
    }
}

impl UsageRetention {
    pub(crate) fn quarter_days(self) -> u16 {
        self.quarter_days.max(31)
    }

    pub(crate) fn quarters_until(self, now: Instant) -> Instant {
        now.plus_millis(-i64::from(self.quarter_days()) * DAY_MS)
    }

    pub(crate) fn days_until(self, now: Instant) -> Instant {
        // Never sooner than it says: no month is longer.
        let days = now.plus_millis(-i64::from(self.day_months.max(1)) * 31 * DAY_MS);
        days.min(self.quarters_until(now))
    }
}

/// Where the walk over all keys is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UsageWalk {
    pub(crate) installation: InstallationId,
    pub(crate) after: KeyId,
}

impl Default for UsageWalk {
    fn default() -> Self {
        Self { installation: InstallationId(Uuid::nil()), after: KeyId(Uuid::nil()) }
    }
}
