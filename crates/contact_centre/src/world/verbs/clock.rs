use model::Instant;

use super::Refusal;
use crate::world::{Clock, ClockError, World, record::Record};

impl World {
    /// Stops the clock.
    ///
    /// # Errors
    /// [`Refusal::Journal`].
    pub fn pause_clock(&mut self, real: Instant) -> Result<(), Refusal> {
        self.set_clock(self.clock().paused(real))
    }

    /// Lets the clock run again.
    ///
    /// # Errors
    /// [`Refusal::Journal`].
    pub fn resume_clock(&mut self, real: Instant) -> Result<(), Refusal> {
        self.set_clock(self.clock().resumed(real))
    }

    /// Has the clock run slower or faster, in thousandths of the machine's.
    ///
    /// # Errors
    /// [`Refusal::Clock`] and [`Refusal::Journal`].
    pub fn set_speed(&mut self, real: Instant, permille: u32) -> Result<(), Refusal> {
        self.set_clock(self.clock().at_speed(real, permille)?)
    }

    /// Sets the clock on by some milliseconds. What falls into them happens with the next [`World::advance`].
    ///
    /// # Errors
    /// [`Refusal::Clock`] and [`Refusal::Journal`].
    pub fn step_clock(&mut self, real: Instant, ms: i64) -> Result<(), Refusal> {
        if !(0..=Clock::JUMP_MAX_MS).contains(&ms) {
            return Err(if ms < 0 { ClockError::Back } else { ClockError::TooFar }.into());
        }
        self.jump_clock(real, self.clock().at(real).plus_millis(ms))
    }

    /// Sets the clock on to an instant. What falls into the time between happens with the next [`World::advance`].
    ///
    /// # Errors
    /// [`Refusal::Clock`] and [`Refusal::Journal`].
    pub fn jump_clock(&mut self, real: Instant, to: Instant) -> Result<(), Refusal> {
        self.set_clock(self.clock().set_on(real, to)?)
    }

    fn set_clock(&mut self, clock: Clock) -> Result<(), Refusal> {
        self.clock = clock;
        if let Some(journal) = &mut self.journal {
            journal.add(&Record::Clock(clock))?;
        }
        self.flush()?;
        Ok(())
    }
}
