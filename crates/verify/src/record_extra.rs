//! What a record says of its key besides: hardly any key has some of it.

use std::sync::Arc;

use model::WorldName;

use crate::{Record, extra::Centre, limits::Meters, trial::Tried};

impl Record {
    /// The restriction that is tried.
    pub(crate) fn trial(&self) -> Option<&Arc<Tried>> {
        self.extra()?.trial.as_ref()
    }

    /// The limits of its own; `None`: it has none.
    pub(crate) fn meters(&self) -> Option<&Arc<Meters>> {
        self.extra()?.meters.as_ref()
    }

    fn centre(&self) -> Option<&Centre> {
        self.extra()?.centre.as_deref()
    }

    /// The limit of bytes of recordings; `None`: it has none.
    pub(crate) fn recordings(&self) -> Option<&Arc<Meters>> {
        self.centre()?.recordings.as_ref()
    }

    /// What it may do in units of the contact centre, as the API behind is told it; `None`: nothing is limited.
    pub fn told_limits(&self) -> Option<&str> {
        self.centre()?.told.as_deref()
    }

    /// The world of the sandbox that it reaches; `None`: the one that all share.
    pub fn sandbox_world(&self) -> Option<&WorldName> {
        self.centre()?.world.as_ref()
    }

    /// How many streams it may have open at once, at all nodes; `None`: as many as there is room for.
    pub fn max_streams(&self) -> Option<u64> {
        self.centre()?.streams
    }

    /// Whether bytes of recordings are counted for it.
    pub fn counts_recordings(&self) -> bool {
        self.recordings().is_some()
    }
}
