use std::collections::BTreeMap;

use model::Instant;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{id::AgentId, millis};

/// What was noted of a call when it was over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wrap {
    /// One of the wrap codes.
    pub code: Box<str>,
    /// At most [`Wrap::COMMENTS_MAX`] characters.
    pub comments: Option<Box<str>>,
    /// Fields of the customer's own, at most [`Wrap::DATA_MAX`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub data: BTreeMap<Box<str>, Box<str>>,
    /// When the customer wants to be called again.
    #[serde(with = "millis::optional")]
    pub callback_at: Option<Instant>,
    /// Who wrote it last.
    pub by: WrittenBy,
    /// Whether it was written last after the call was closed.
    pub late: bool,
    /// 0 for the first writing, and one more for each that changes it.
    pub revision: u32,
    /// When it was written first.
    #[serde(with = "millis")]
    pub created_at: Instant,
    /// When it was written last.
    #[serde(with = "millis")]
    pub written_at: Instant,
}

impl Wrap {
    /// Characters of a comment.
    pub const COMMENTS_MAX: usize = 4000;
    /// Fields of a customer's own.
    pub const DATA_MAX: usize = 32;
    /// How often a wrap can be changed: the log keeps each writing.
    pub const REVISIONS_MAX: u32 = 100;
    /// Characters of the name of a field, and of its value.
    pub const FIELD_MAX: usize = 256;
    /// Bytes of all fields together, as JSON: they stand in events, which have at most 16 KiB.
    pub const DATA_BYTES_MAX: usize = 6 * 1024;
}

/// Who wrote a wrap: the agent, a program in its own name, or a program for the agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenBy {
    /// The agent who wrote it or for whom it was written.
    pub agent_id: Option<AgentId>,
    /// The key by which it was written.
    pub key_id: Option<Uuid>,
}

/// A word that an agent chooses to say what a call came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct WrapCode {
    /// What stands in a wrap.
    pub code: &'static str,
    /// What a person reads.
    pub label: &'static str,
    /// Whether it says that the customer's wish was met.
    pub resolved: bool,
}
