use std::{
    sync::OnceLock,
    time::{self, Duration, SystemTime, UNIX_EPOCH},
};

use model::Instant;

/// Where `now` comes from. A parameter, so that tests are exact.
pub trait Clock: Send + Sync {
    /// The time.
    fn now(&self) -> Instant;

    /// The time since a moment of this clock's choice, by which waiting is measured: nobody sets it. The clocks of tests have
    /// one time for both.
    fn elapsed(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.now().as_millis()).unwrap_or_default())
    }

    /// What the database's clock says, which is what it has said. The clocks of tests have one time for that, too.
    fn of_database(&self, said: Instant) -> Instant {
        said
    }
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    fn now(&self) -> Instant {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Instant::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    fn elapsed(&self) -> Duration {
        static STARTED: OnceLock<time::Instant> = OnceLock::new();
        STARTED.get_or_init(time::Instant::now).elapsed()
    }
}
