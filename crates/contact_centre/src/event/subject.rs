use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    id::{AgentId, CallId, ContactId, LeadId, QueueId, RecordingId},
    words::words,
};

words! {
    /// Kinds of what an event can be about.
    SubjectKind {
        /// An agent.
        Agent = "agent",
        /// A leg.
        Call = "call",
        /// A queue.
        Queue = "queue",
        /// A recording.
        Recording = "recording",
        /// A contact.
        Contact = "contact",
        /// A lead.
        Lead = "lead",
    }
}

/// What an event is about. Events about the same are counted without a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Subject {
    /// An agent.
    Agent(AgentId),
    /// A leg.
    Call(CallId),
    /// A queue.
    Queue(QueueId),
    /// A recording.
    Recording(RecordingId),
    /// A contact.
    Contact(ContactId),
    /// A lead.
    Lead(LeadId),
}

impl Subject {
    /// What kind it is.
    pub const fn kind(self) -> SubjectKind {
        match self {
            Self::Agent(_) => SubjectKind::Agent,
            Self::Call(_) => SubjectKind::Call,
            Self::Queue(_) => SubjectKind::Queue,
            Self::Recording(_) => SubjectKind::Recording,
            Self::Contact(_) => SubjectKind::Contact,
            Self::Lead(_) => SubjectKind::Lead,
        }
    }

    /// Its id.
    pub const fn id(self) -> Uuid {
        match self {
            Self::Agent(id) => id.0,
            Self::Call(id) => id.0,
            Self::Queue(id) => id.0,
            Self::Recording(id) => id.0,
            Self::Contact(id) => id.0,
            Self::Lead(id) => id.0,
        }
    }
}
