use std::path::Path;

use model::Instant;

use super::{Clock, World};
use crate::{
    log::{Epoch, JournalError, Mark, Window},
    sim::{Config, genesis},
    state::State,
};

impl World {
    /// Begins a world without a file, with its history, and from now on by the machine's time.
    pub fn ephemeral(config: Config, real: Instant) -> Self {
        let begins_at = config.begins_at(real);
        let bounds = config.bounds;
        let state = State::new(bounds.keep, genesis(&config, begins_at));
        let window = Window::after(0, bounds.events_max, bounds.events_ms, bounds.events_bytes);
        let epoch = Epoch::beginning(config.seed, real);
        let mut world = Self::of(config, state, window, epoch, Clock::real(real));
        world.live_through_history(real);
        world
    }

    fn live_through_history(&mut self, real: Instant) {
        // Without a file nothing can fail.
        while !self.advance(real, usize::MAX).unwrap_or(true) {}
    }

    /// Is kept where another was, if that had a file.
    pub(crate) fn take_place_of(&mut self, other: &Self) -> Result<(), JournalError> {
        match other.journal.as_ref().map(|journal| journal.path().to_owned()) {
            Some(path) => self.keep_in(&path, super::load::boot()),
            None => Ok(()),
        }
    }

    /// Gives a world a file, and a mark beside it.
    pub(super) fn keep_in(&mut self, path: &Path, boot: Option<Box<str>>) -> Result<(), JournalError> {
        // What most likely fails comes first: until it is replaced, the file of before holds.
        self.mark = Some(Mark::beside(path)?);
        self.journal = Some(self.written_to(path, boot)?);
        // If the process is killed here, the mark is of another epoch; nobody was told anything of this one yet.
        self.mark_told(self.told)
    }
}
