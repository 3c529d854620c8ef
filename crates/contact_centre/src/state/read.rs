use std::ops::Bound;

use model::Instant;

use super::{Keep, Revisions, State};
use crate::{
    event::Subject,
    id::{AgentId, CallId, CampaignId, ContactId, LeadId, QueueId, RecordingId},
    objects::{Agent, Call, Campaign, Contact, Lead, Queue, Recording},
    staff::{self, Part},
};

impl State {
    /// The `seq` up to which this is true; 0 at the beginning.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// When the last event happened.
    pub fn at(&self) -> Instant {
        self.at
    }

    /// How much of the past is kept.
    pub fn keep(&self) -> Keep {
        self.keep
    }

    /// A leg.
    pub fn call(&self, id: CallId) -> Option<&Call> {
        self.calls.get(&id)
    }

    /// Every leg that is remembered, by the instant at which it began.
    pub fn calls(&self) -> impl DoubleEndedIterator<Item = &Call> {
        self.calls.values()
    }

    /// Legs that began in `[from, to)`.
    pub fn calls_started_between(&self, from: Instant, to: Instant) -> impl DoubleEndedIterator<Item = &Call> {
        let first = |at: Instant| CallId(crate::seed::first_at(at));
        let to = to.max(from);
        self.calls.range((Bound::Included(first(from)), Bound::Excluded(first(to)))).map(|(_, call)| call)
    }

    /// Legs that are not closed, by the instant at which they began.
    pub fn live_calls(&self) -> impl Iterator<Item = &Call> {
        self.live.iter().filter_map(|id| self.calls.get(id))
    }

    /// How many legs are not closed.
    pub fn live_count(&self) -> usize {
        self.live.len()
    }

    /// All legs of an interaction, the first first. They lie within the life of the interaction, so none before its root is one.
    pub fn calls_of_root(&self, root: CallId) -> impl Iterator<Item = &Call> {
        self.calls.range(root..).map(|(_, call)| call).filter(move |call| call.root_id == root)
    }

    /// Legs that wait in a queue and ring nowhere, the one that has waited longest first.
    pub fn waiting(&self, queue: QueueId) -> impl DoubleEndedIterator<Item = &Call> {
        self.waiting.get(&queue).into_iter().flatten().filter_map(|(_, id)| self.calls.get(id))
    }

    /// Legs whose callers are to be called back, and since when.
    pub fn callbacks(&self) -> impl Iterator<Item = (CallId, Instant)> {
        self.callbacks.iter().map(|(id, since)| (*id, *since))
    }

    /// Since when a caller waits to be called back.
    pub fn callback_since(&self, id: CallId) -> Option<Instant> {
        self.callbacks.get(&id).copied()
    }

    /// An agent.
    pub fn agent(&self, id: AgentId) -> Option<&Agent> {
        self.agents.get(&id)
    }

    /// Every agent, by id.
    pub fn agents(&self) -> impl Iterator<Item = &Agent> {
        self.agents.values()
    }

    /// What an agent's legs have them do.
    pub(crate) fn activity_of(&self, agent: &Agent) -> crate::objects::Activity {
        let legs = agent.calls.iter().filter_map(|id| self.calls.get(id)).map(|call| {
            let asks = Self::is_consult(call) && call.agent_id != Some(agent.id);
            (call, if asks { Part::Asks } else { Part::Own })
        });
        staff::activity(legs)
    }

    /// A queue.
    pub fn queue(&self, id: QueueId) -> Option<&Queue> {
        self.queues.get(&id)
    }

    /// Every queue, by id.
    pub fn queues(&self) -> impl Iterator<Item = &Queue> {
        self.queues.values()
    }

    /// A contact.
    pub fn contact(&self, id: ContactId) -> Option<&Contact> {
        self.contacts.get(id)
    }

    /// Every contact, in the order in which they were entered.
    pub fn contacts(&self) -> impl DoubleEndedIterator<Item = &Contact> {
        self.contacts.all()
    }

    /// Every contact, by id. Contacts of one instant are in no order of entering.
    pub fn contacts_by_id(&self) -> impl DoubleEndedIterator<Item = &Contact> {
        self.contacts.by_id()
    }

    /// The contact that was entered as the `n`th, from 0.
    pub fn nth_contact(&self, n: usize) -> Option<&Contact> {
        self.contacts.nth(n)
    }

    /// How many contacts there are.
    pub fn contact_count(&self) -> usize {
        self.contacts.len()
    }

    /// Contacts one of whose telephones has this number.
    pub fn contacts_with_number(&self, e164: &str) -> &[ContactId] {
        self.contacts.with_number(e164)
    }

    /// The contact that another system knows by this id.
    pub fn contact_with_external_id(&self, system: &str, id: &str) -> Option<ContactId> {
        self.contacts.with_external_id(system, id)
    }

    /// A campaign.
    pub fn campaign(&self, id: CampaignId) -> Option<&Campaign> {
        self.campaigns.get(&id)
    }

    /// Every campaign, by id.
    pub fn campaigns(&self) -> impl Iterator<Item = &Campaign> {
        self.campaigns.values()
    }

    /// A lead.
    pub fn lead(&self, id: LeadId) -> Option<&Lead> {
        self.leads.get(id)
    }

    /// The lead of a campaign that another system knows by this id.
    pub fn lead_with_external_id(&self, campaign: CampaignId, id: &str) -> Option<LeadId> {
        self.leads.with_external_id(campaign, id)
    }

    /// Every lead, by id.
    pub fn leads(&self) -> impl Iterator<Item = &Lead> {
        self.leads.all()
    }

    /// How many leads there are.
    pub fn lead_count(&self) -> usize {
        self.leads.len()
    }

    /// A recording.
    pub fn recording(&self, id: RecordingId) -> Option<&Recording> {
        self.recordings.get(&id)
    }

    /// Every recording that is remembered, by the instant at which its leg began.
    pub fn recordings(&self) -> impl DoubleEndedIterator<Item = &Recording> {
        self.recordings.values()
    }

    /// Intervals in which legs were corrected after they were closed.
    pub fn revisions(&self) -> &Revisions {
        &self.revisions
    }

    /// Legs that have begun, forgotten ones included.
    pub fn calls_started(&self) -> u64 {
        self.calls_started
    }

    /// Contacts that were entered, the first ones included.
    pub fn contacts_made(&self) -> u64 {
        self.contacts_made
    }

    /// How many events there were about something; none if it is not there.
    pub fn subject_seq(&self, subject: Subject) -> Option<u32> {
        match subject {
            Subject::Agent(id) => self.agents.get(&id).map(|agent| agent.subject_seq),
            Subject::Call(id) => self.calls.get(&id).map(|call| call.subject_seq),
            Subject::Queue(id) => self.queues.get(&id).map(|queue| queue.subject_seq),
            Subject::Recording(id) => self.recordings.get(&id).map(|recording| recording.subject_seq),
            Subject::Contact(id) => self.contacts.get(id).map(|contact| contact.subject_seq),
            Subject::Lead(id) => self.leads.get(id).map(|lead| lead.subject_seq),
        }
    }
}
