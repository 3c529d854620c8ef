//! Up to when time has passed, as far as anybody can know: what is removed because it is old must not go because a clock jumped.

use std::{sync::PoisonError, time::Duration};

use model::Instant;
use store::StoreError;

use crate::Keydesk;

/// By how much two clocks may differ.
const DIFFER: i64 = 60_000;
/// From this lag on it is worth telling.
const LAG: i64 = 24 * 60 * 60 * 1000;
/// A step of the wall clock that is worth telling.
const STEP: i64 = 1_000;

/// Notices when somebody sets the wall clock.
#[derive(Debug, Default)]
pub(crate) struct WallClock {
    /// By how much it was ahead of the clock that nobody sets, in milliseconds.
    ahead: Option<i64>,
}

impl WallClock {
    /// By how many milliseconds it was set since it was last looked at, if by much.
    pub(crate) fn step(&mut self, now: Instant, elapsed: Duration) -> Option<i64> {
        let ahead = now.as_millis().saturating_sub(i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX));
        let before = self.ahead.replace(ahead)?;
        Some(ahead.saturating_sub(before)).filter(|step| step.saturating_abs() > STEP)
    }
}

impl Keydesk {
    /// The time by which what is old is removed: never later than now. `None`: nobody knows, and nothing is removed.
    ///
    /// PostgreSQL has a clock of its own, which must agree. Beside SQLite there is no other; there time goes on, also while
    /// Keydesk is stopped, at most twice as fast as it is seen to pass. What is removed later for that is refused in time all
    /// the same, since that is decided by `now`.
    pub(crate) async fn passed_time(&self) -> Result<Option<Instant>, StoreError> {
        let now = self.now();
        if let Some(said) = self.inner.store.clock().await? {
            let theirs = self.inner.clock.of_database(said);
            let differ = now.as_millis().saturating_sub(theirs.as_millis());
            if differ.saturating_abs() > DIFFER {
                tracing::error!(
                    seconds = differ / 1_000,
                    "this machine's clock is {} s ahead of the database's; what is old is not removed until they agree",
                    differ / 1_000
                );
                return Ok(None);
            }
            return Ok(Some(now));
        }
        let elapsed = self.inner.clock.elapsed();
        let since = {
            let mut looked_at = self.inner.time_looked_at.lock().unwrap_or_else(PoisonError::into_inner);
            elapsed.saturating_sub(std::mem::replace(&mut *looked_at, elapsed))
        };
        let seen = i64::try_from(since.as_millis()).unwrap_or(i64::MAX).saturating_mul(2);
        let known = self.inner.store.purge_clock().await?;
        let passed = known.map_or(now, |known| now.min(Instant::from_millis(known.as_millis().saturating_add(seen))));
        let lag = now.as_millis().saturating_sub(passed.as_millis());
        if lag > LAG {
            let hours = lag / (60 * 60 * 1000);
            tracing::warn!(
                hours,
                "the clock is {hours} h ahead of the time that is known to have passed; what is old is removed later"
            );
        } else if known.is_some_and(|known| known.as_millis() > now.as_millis().saturating_add(DIFFER)) {
            tracing::warn!("the clock is behind the time that has passed; was it set back?");
        }
        self.inner.store.move_purge_clock(passed).await?;
        Ok(Some(passed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_is_noticed_and_one_that_runs_is_not() {
        let mut wall = WallClock::default();
        let mut step = |now: i64, elapsed: u64| wall.step(Instant::from_millis(now), Duration::from_millis(elapsed));
        assert_eq!(step(1_000_000, 0), None);
        assert_eq!(step(1_000_250, 250), None);
        assert_eq!(step(1_001_400, 500), None, "it is slewed");
        assert_eq!(step(4_600_750, 750), Some(3_599_100));
        assert_eq!(step(4_601_000, 1_000), None, "once");
        assert_eq!(step(1_001_250, 1_250), Some(-3_600_000));
    }
}
