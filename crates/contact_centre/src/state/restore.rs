use std::collections::{BTreeMap, BTreeSet};

use model::Instant;

use super::{Keep, Revisions, State, contacts::ContactIndex, leads::LeadIndex};
use crate::objects::{Agent, Call, Campaign, Contact, Lead, Queue, Recording, Relation};

/// What was there at a `seq`: at the beginning, or when a journal was written anew. Indexes follow from it.
#[derive(Clone, Debug, Default)]
pub struct Genesis {
    /// Agents, with what they did.
    pub agents: Vec<Agent>,
    /// Queues.
    pub queues: Vec<Queue>,
    /// Campaigns.
    pub campaigns: Vec<Campaign>,
    /// Contacts, in the order in which they were entered.
    pub contacts: Vec<Contact>,
    /// Leads.
    pub leads: Vec<Lead>,
    /// Legs.
    pub calls: Vec<Call>,
    /// Recordings.
    pub recordings: Vec<Recording>,
    /// Intervals that were revised.
    pub revisions: Revisions,
    /// Callbacks that wait.
    pub callbacks: Vec<(crate::id::CallId, i64)>,
    /// Legs that have begun, forgotten ones included.
    pub calls_started: u64,
    /// The `seq` of the last event; 0 at the beginning.
    pub seq: u64,
    /// When that was.
    pub at: Instant,
}

impl State {
    /// What holds where this was there.
    pub fn new(keep: Keep, genesis: Genesis) -> Self {
        let mut waiting: BTreeMap<_, BTreeSet<_>> =
            genesis.queues.iter().map(|queue| (queue.id, BTreeSet::new())).collect();
        for call in &genesis.calls {
            if let (crate::objects::LegState::Queued, Some(queue), Some(since)) =
                (call.state, call.queue_id, call.instants.enqueued_at)
            {
                waiting.entry(queue).or_default().insert((since, call.id));
            }
        }
        let live = genesis.calls.iter().filter(|call| call.closed_at.is_none()).map(|call| call.id).collect();
        let contacts_made = u64::try_from(genesis.contacts.len()).unwrap_or(u64::MAX);
        let mut agents: BTreeMap<_, _> = genesis.agents.into_iter().map(|agent| (agent.id, agent)).collect();
        for agent in agents.values_mut() {
            if agent.stays.is_empty() {
                agent.stays.push(crate::objects::Stay { since: agent.created_at, status: agent.status });
            }
        }
        let callbacks = genesis.callbacks.into_iter().map(|(id, since)| (id, Instant::from_millis(since))).collect();
        Self {
            keep,
            agents,
            queues: genesis.queues.into_iter().map(|queue| (queue.id, queue)).collect(),
            campaigns: genesis.campaigns.into_iter().map(|campaign| (campaign.id, campaign)).collect(),
            contacts: ContactIndex::of(genesis.contacts),
            leads: LeadIndex::of(genesis.leads),
            calls: genesis.calls.into_iter().map(|call| (call.id, call)).collect(),
            recordings: genesis.recordings.into_iter().map(|recording| (recording.id, recording)).collect(),
            revisions: genesis.revisions,
            live,
            waiting,
            callbacks,
            calls_started: genesis.calls_started,
            contacts_made,
            seq: genesis.seq,
            at: genesis.at,
        }
    }

    /// Whether a leg is the consultation of another.
    pub(super) fn is_consult(call: &Call) -> bool {
        call.relation == Relation::Consult
    }
}
