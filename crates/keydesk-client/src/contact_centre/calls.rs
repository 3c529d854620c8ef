//! Legs of calls, and what was noted of them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    agents::{AgentName, QueueName},
    contacts::Number,
};

/// A leg: at most one visit to a queue, and one agent.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Call {
    /// Its id.
    pub id: Uuid,
    /// The first leg of the interaction.
    pub root_id: Uuid,
    /// `inbound`, `outbound` or `internal`.
    pub direction: String,
    /// Who called.
    pub from: Number,
    /// Who was called.
    pub to: Number,
    /// The queue.
    pub queue: Option<QueueName>,
    /// The agent.
    pub agent: Option<AgentName>,
    /// The customer.
    pub contact_id: Option<Uuid>,
    /// Such as `queued`, `offered`, `connected`, `wrapping`, `closed`.
    pub state: String,
    /// How it ended, such as `completed` or `abandoned`.
    pub outcome: Option<String>,
    /// When what happened.
    pub instants: Instants,
    /// Its recordings.
    #[serde(default)]
    pub recording_ids: Vec<Uuid>,
    /// What was noted; absent without `wraps:read`.
    pub wrap: Option<WrapNote>,
    /// Grows with each change.
    pub revision: u64,
    /// The event of the last change.
    pub seq: u64,
}

/// When what happened to a leg.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Instants {
    /// It began.
    pub started_at: Timestamp,
    /// It came to a queue.
    pub enqueued_at: Option<Timestamp>,
    /// It was offered to an agent.
    pub offered_at: Option<Timestamp>,
    /// It was answered.
    pub answered_at: Option<Timestamp>,
    /// Somebody hung up.
    pub disconnected_at: Option<Timestamp>,
    /// The agent was done with it.
    pub wrap_ended_at: Option<Timestamp>,
}

/// A call that was asked for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MadeCall {
    /// The leg.
    pub call: Call,
    /// Whether the same request had been made before: this is that call.
    pub replayed: bool,
}

/// A call to be made: by the agent with this id, extension or e-mail address.
#[derive(Clone, Debug, Default, Serialize)]
pub struct NewCall {
    /// Who is called, in any notation.
    pub to: String,
    /// The agent's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<Uuid>,
    /// The agent's extension.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_extension: Option<String>,
    /// The lead that is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lead_id: Option<Uuid>,
    /// The name of this call, so that a program that was started again makes no second one. When not said, one is made up.
    #[serde(skip)]
    pub named: Option<String>,
}

impl NewCall {
    pub(crate) fn idempotency_key(&self) -> Option<&str> {
        self.named.as_deref()
    }
}

/// What is noted of a leg.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrapNote {
    /// One of `GET /v1/wrap-codes`.
    pub code: String,
    /// In words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comments: Option<String>,
    /// Pairs of the writer's own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub data: BTreeMap<String, String>,
    /// When to call back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_at: Option<Timestamp>,
}

/// What was noted of a leg, by whom and when.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Wrap {
    /// The leg.
    pub call_id: Uuid,
    /// What was noted.
    #[serde(flatten)]
    pub note: WrapNote,
    /// Whether it was written last after the leg was closed.
    pub late: bool,
    /// Grows with each change.
    pub revision: u64,
    /// When it was last written.
    pub updated_at: Timestamp,
    /// The event of the last change.
    pub seq: u64,
}
