//! Recordings of calls.

use serde::Deserialize;
use uuid::Uuid;

use super::agents::AgentName;

/// What is known of a recording.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Recording {
    /// Its id.
    pub id: Uuid,
    /// The leg.
    pub call_id: Uuid,
    /// The agent.
    pub agent: Option<AgentName>,
    /// `recording`, `processing`, `available` or `deleted`.
    pub status: String,
    /// The connected time, in milliseconds.
    pub duration_ms: Option<u64>,
    /// How long the file is.
    pub size_bytes: Option<u64>,
    /// Its digest, in hexadecimal; none in lists, where nobody has asked for it yet.
    pub sha256: Option<String>,
}
