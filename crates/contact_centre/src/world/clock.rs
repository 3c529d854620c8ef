use model::Instant;
use serde::{Deserialize, Serialize};

use crate::millis;

/// How the time of a world follows from the machine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// An instant of the machine,
    #[serde(with = "millis")]
    real: Instant,
    /// and what the clock of the world showed then.
    #[serde(with = "millis")]
    world: Instant,
    /// Thousandths of a second of the world for each of the machine; 0 while it stands.
    permille: u32,
    /// What it goes back to when it is no longer paused.
    resumes_at: u32,
}

/// The clock can't be set so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClockError {
    /// Slower or faster than it can run.
    #[error("the speed must be between 0.001 and 1000")]
    Speed,
    /// Time does not go back.
    #[error("the clock can't be set back")]
    Back,
    /// Everything until then would have to happen first.
    #[error("the clock can't be set on by more than 31 days at once")]
    TooFar,
}

impl Clock {
    /// The usual speed.
    pub const USUAL: u32 = 1000;
    /// The highest.
    pub const FASTEST: u32 = 1_000_000;
    /// How far it can be set on at once.
    pub const JUMP_MAX_MS: i64 = 31 * 86_400_000;

    /// Shows the machine's time.
    pub const fn real(now: Instant) -> Self {
        Self { real: now, world: now, permille: Self::USUAL, resumes_at: Self::USUAL }
    }

    /// What it shows. It never goes back, also when the machine's does.
    pub fn at(&self, real: Instant) -> Instant {
        let passed = i128::from((real.as_millis() - self.real.as_millis()).max(0)) * i128::from(self.permille) / 1000;
        self.world.plus_millis(i64::try_from(passed).unwrap_or(i64::MAX))
    }

    /// How fast it runs, in thousandths; 0 while it stands.
    pub const fn permille(&self) -> u32 {
        self.permille
    }

    /// Stands still.
    #[must_use]
    pub fn paused(&self, real: Instant) -> Self {
        Self { real, world: self.at(real), permille: 0, resumes_at: self.resumes_at }
    }

    /// Runs again.
    #[must_use]
    pub fn resumed(&self, real: Instant) -> Self {
        Self { real, world: self.at(real), permille: self.resumes_at, resumes_at: self.resumes_at }
    }

    /// Runs at another speed, in thousandths; a clock that stands does so when it runs again.
    ///
    /// # Errors
    /// [`ClockError::Speed`].
    pub fn at_speed(&self, real: Instant, permille: u32) -> Result<Self, ClockError> {
        if !(1..=Self::FASTEST).contains(&permille) {
            return Err(ClockError::Speed);
        }
        let runs = if self.permille == 0 { 0 } else { permille };
        Ok(Self { real, world: self.at(real), permille: runs, resumes_at: permille })
    }

    /// Set on to an instant.
    ///
    /// # Errors
    /// [`ClockError::Back`] and [`ClockError::TooFar`].
    pub fn set_on(&self, real: Instant, to: Instant) -> Result<Self, ClockError> {
        let now = self.at(real);
        if to < now {
            return Err(ClockError::Back);
        }
        if to.as_millis() - now.as_millis() > Self::JUMP_MAX_MS {
            return Err(ClockError::TooFar);
        }
        Ok(Self { real, world: to, ..*self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: i64) -> Instant {
        Instant::from_millis(ms)
    }

    #[test]
    fn it_runs_stands_steps_and_speeds_up() {
        let clock = Clock::real(ms(1000));
        assert_eq!(clock.at(ms(1500)), ms(1500));
        let stands = clock.paused(ms(1500));
        assert_eq!(stands.at(ms(9000)), ms(1500));
        let stepped = stands.set_on(ms(9000), ms(2000)).unwrap();
        assert_eq!(stepped.at(ms(10_000)), ms(2000));
        let fast = stepped.at_speed(ms(10_000), 60_000).unwrap();
        assert_eq!(fast.at(ms(11_000)), ms(2000), "it stands until it is told to run");
        assert_eq!(fast.resumed(ms(11_000)).at(ms(12_000)), ms(62_000));
    }

    #[test]
    fn it_never_goes_back() {
        let clock = Clock::real(ms(1000));
        assert_eq!(clock.at(ms(0)), ms(1000));
        assert_eq!(clock.set_on(ms(1000), ms(999)), Err(ClockError::Back));
        assert_eq!(clock.set_on(ms(1000), ms(1001 + Clock::JUMP_MAX_MS)), Err(ClockError::TooFar));
        assert_eq!(clock.at_speed(ms(1000), 0), Err(ClockError::Speed));
        assert_eq!(clock.at_speed(ms(1000), Clock::FASTEST + 1), Err(ClockError::Speed));
    }
}
