use model::Instant;
use serde::{Deserialize, Serialize};

use crate::{
    id::{AgentId, CallId, RecordingId},
    millis,
    words::words,
};

words! {
    /// What can be had of a recording.
    RecordingStatus {
        /// The call goes on.
        Recording = "recording",
        /// The call is over and its recording is being made ready.
        Processing = "processing",
        /// It can be downloaded.
        Available = "available",
        /// It was removed when its time was over.
        Deleted = "deleted",
    }
}

/// A span that was not recorded. In the sound it is silence, so offsets are those of the call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Since when.
    #[serde(with = "millis")]
    pub from: Instant,
    /// Until when; none while it goes on.
    #[serde(with = "millis::optional")]
    pub to: Option<Instant>,
    /// Why, in a word, for example `payment`.
    pub reason: Box<str>,
}

/// The recording of the connected time of one leg.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recording {
    /// Its id.
    pub id: RecordingId,
    /// The leg.
    pub call_id: CallId,
    /// The interaction that the leg belongs to.
    pub root_id: CallId,
    /// Who spoke for the contact centre.
    pub agent_id: Option<AgentId>,
    /// What can be had of it.
    pub status: RecordingStatus,
    /// When the leg was answered.
    #[serde(with = "millis")]
    pub started_at: Instant,
    /// When the leg was disconnected.
    #[serde(with = "millis::optional")]
    pub ended_at: Option<Instant>,
    /// Spans that were not recorded, in order.
    pub pauses: Vec<Pause>,
    /// When it is deleted.
    #[serde(with = "millis::optional")]
    pub retain_until: Option<Instant>,
    /// `seq` of the last event that changed it: its own, or the one that ended its leg.
    pub seq: u64,
    /// Events about it so far.
    pub subject_seq: u32,
    /// When it last changed.
    #[serde(with = "millis")]
    pub updated_at: Instant,
}

impl Recording {
    /// Pauses of one recording.
    pub const PAUSES_MAX: usize = 100;

    /// How long the recorded time was, in milliseconds; none while it goes on.
    pub fn duration_ms(&self) -> Option<i64> {
        Some(self.ended_at?.as_millis() - self.started_at.as_millis())
    }

    /// Whether it is paused now.
    pub fn is_paused(&self) -> bool {
        self.pauses.last().is_some_and(|pause| pause.to.is_none())
    }

    /// Ends the pause that goes on, if one does.
    pub(crate) fn end_pause(&mut self, at: Instant) {
        if let Some(pause) = self.pauses.last_mut().filter(|pause| pause.to.is_none()) {
            pause.to = Some(at);
        }
    }
}
