use model::Instant;
use serde::Serialize;

use super::World;
use crate::log::{Cursor, Unreadable};

/// Up to where an answer is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct AsOf {
    /// The last event that it knows of.
    pub seq: u64,
    /// Up to when everything is in it.
    pub at: Instant,
}

impl World {
    /// Up to where what is asked now is true.
    pub fn as_of(&self) -> AsOf {
        AsOf { seq: self.state.seq(), at: self.now }
    }

    /// The place of the last event.
    pub fn cursor(&self) -> Cursor {
        Cursor { epoch: self.epoch.clone(), seq: self.state.seq() }
    }

    /// The `seq` after which a reader who comes back with a place goes on.
    ///
    /// # Errors
    /// [`Unreadable`]: the reader has to begin anew with what holds now.
    pub fn resume(&self, from: &Cursor) -> Result<u64, Unreadable> {
        if from.epoch != self.epoch {
            return Err(Unreadable::OtherEpoch);
        }
        self.window.after_seq(from.seq).map(|_| from.seq)
    }
}
