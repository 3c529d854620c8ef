//! What has happened: the only thing that changes the contact centre.

mod actor;
mod body;
mod subject;
mod types;

pub use actor::{Actor, ActorKind};
pub use body::{Body, Ending, NewCall, TransferTarget};
pub use subject::{Subject, SubjectKind};
pub use types::EventType;

use model::Instant;
use serde::{Deserialize, Serialize};

use crate::millis;

/// One thing that has happened, as it is kept. Its id follows from subject, `subject_seq` and instant, and its full new state
/// from the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its place in the log, from 1.
    pub seq: u64,
    /// When it happened, by the clock of the world.
    #[serde(with = "millis")]
    pub at: Instant,
    /// To what.
    pub subject: Subject,
    /// Its place among the events about that, from 1 and without a gap.
    pub subject_seq: u32,
    /// Who caused it; none for the system itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Box<Actor>>,
    /// What.
    pub body: Body,
}

impl Event {
    /// Its published type, for example `call.answered`.
    pub fn kind(&self) -> EventType {
        EventType::of(&self.body)
    }
}
