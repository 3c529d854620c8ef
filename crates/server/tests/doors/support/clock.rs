use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering::SeqCst},
};

use domain::Clock;
use model::Instant;

/// A clock that stands still until a test moves it.
pub(crate) struct StoppedClock(AtomicI64);

impl Clock for StoppedClock {
    fn now(&self) -> Instant {
        Instant::from_millis(self.0.load(SeqCst))
    }

    fn of_database(&self, _said: Instant) -> Instant {
        self.now()
    }
}

impl StoppedClock {
    /// One that shows this instant.
    pub(crate) fn at(text: &str) -> Arc<Self> {
        let clock = Self(AtomicI64::new(0));
        clock.set(text);
        Arc::new(clock)
    }

    pub(crate) fn set(&self, text: &str) {
        self.0.store(text.parse::<Instant>().expect("an instant").as_millis(), SeqCst);
    }

    pub(crate) fn advance(&self, ms: i64) {
        self.0.fetch_add(ms, SeqCst);
    }
}
