//! What holds now: the fold of the log over what was there at the beginning.

mod apply;
mod apply_call;
mod contacts;
mod forget;
mod leads;
mod read;
mod restore;
mod revisions;

pub use restore::Genesis;
pub use revisions::{Revised, Revisions};

use std::collections::{BTreeMap, BTreeSet};

use model::Instant;

use crate::{
    id::{AgentId, CallId, CampaignId, QueueId, RecordingId},
    objects::{Agent, Call, Campaign, Queue, Recording},
    state::{contacts::ContactIndex, leads::LeadIndex},
};

/// How much of the past is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Keep {
    /// Closed legs, at most.
    pub calls_max: usize,
    /// Closed legs, recordings and states of agents, for how long.
    pub history_ms: i64,
}

/// Everything that holds at one `seq`.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    keep: Keep,
    agents: BTreeMap<AgentId, Agent>,
    queues: BTreeMap<QueueId, Queue>,
    campaigns: BTreeMap<CampaignId, Campaign>,
    contacts: ContactIndex,
    leads: LeadIndex,
    /// Legs by id, and so by the instant at which they began.
    calls: BTreeMap<CallId, Call>,
    recordings: BTreeMap<RecordingId, Recording>,
    revisions: Revisions,
    /// Legs that are not closed.
    live: BTreeSet<CallId>,
    /// Legs that wait in a queue and ring nowhere, the oldest first.
    waiting: BTreeMap<QueueId, BTreeSet<(Instant, CallId)>>,
    /// Legs whose callers are to be called back, and since when.
    callbacks: BTreeMap<CallId, Instant>,
    /// Legs that have begun, forgotten ones included.
    calls_started: u64,
    /// Contacts that were entered, the first ones included.
    contacts_made: u64,
    seq: u64,
    at: Instant,
}
