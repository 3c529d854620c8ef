//! Who answers, and where callers wait.

use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use super::page::AsOf;

/// An agent.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Agent {
    /// Its id.
    pub id: Uuid,
    /// The name that is shown.
    pub display_name: String,
    /// Where they are called inside.
    pub extension: String,
    /// The team.
    pub team: String,
    /// What people see: `offline`, `ready`, `talking` and so on.
    pub state: String,
    /// What the agent wants: `offline`, `not_ready` or `ready`.
    pub routing_state: String,
    /// Why they are not ready.
    pub reason: Option<String>,
    /// What the agent does: `idle`, `talking` and so on.
    pub activity: String,
    /// Since when `state` and `reason` are what they are.
    pub state_since: Timestamp,
    /// The event of the last change.
    pub seq: u64,
}

/// An agent, where something else is told.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct AgentName {
    /// Its id.
    pub id: Uuid,
    /// The name that is shown.
    pub display_name: String,
}

/// A queue.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Queue {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Whether it takes calls now.
    pub open: bool,
    /// Within how many milliseconds calls are to be answered.
    pub service_level_target_ms: u64,
}

/// A queue, where something else is told.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct QueueName {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
}

/// How long a caller is going to wait.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct ExpectedWait {
    /// In milliseconds; none where nobody is going to answer.
    pub expected_wait_ms: Option<u64>,
    /// One of ten waits no longer.
    pub low_ms: Option<u64>,
    /// Nine of ten wait no longer.
    pub high_ms: Option<u64>,
    /// Why there is none: `closed` or `no_agents`.
    pub reason: Option<String>,
    /// How many wait now.
    pub waiting_count: u64,
    /// Until when it may be shown.
    pub valid_until: Timestamp,
    /// Up to which event it is true.
    pub as_of: AsOf,
}
