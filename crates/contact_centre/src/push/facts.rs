use crate::{
    event::{Event, EventType, Subject},
    id::{AgentId, QueueId},
    objects::Call,
    state::State,
};

/// What decides who gets an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// What it is about.
    pub subject: Subject,
    /// Its type.
    pub kind: EventType,
    /// Agents whom it concerns. Of a leg: everybody at whom it rang or who speaks, so that from the first event on none is missing.
    pub agents: Vec<AgentId>,
    /// Queues that it concerns: of a leg the one that it visits, of an agent those that they serve.
    pub queues: Vec<QueueId>,
}

impl Facts {
    /// Of an event. `call` is its leg as it was after it, if it is about one.
    pub fn of(state: &State, event: &Event, call: Option<&Call>) -> Self {
        let mut facts = Self { subject: event.subject, kind: event.kind(), agents: Vec::new(), queues: Vec::new() };
        match event.subject {
            Subject::Agent(id) => facts.add_agent(state, id),
            Subject::Queue(id) => facts.queues.push(id),
            Subject::Call(_) => facts.agents_and_queue_of(call),
            Subject::Recording(id) => {
                let call = state.recording(id).and_then(|recording| state.call(recording.call_id));
                facts.agents_and_queue_of(call);
            }
            Subject::Contact(_) | Subject::Lead(_) => {}
        }
        facts
    }

    /// Of what is told of an agent without an event.
    pub(super) fn of_agent(state: &State, id: AgentId, kind: EventType) -> Self {
        let mut facts = Self { subject: Subject::Agent(id), kind, agents: Vec::new(), queues: Vec::new() };
        facts.add_agent(state, id);
        facts
    }

    /// Of what is told of a queue without an event.
    pub(super) fn of_queue(id: QueueId, kind: EventType) -> Self {
        Self { subject: Subject::Queue(id), kind, agents: Vec::new(), queues: vec![id] }
    }

    fn add_agent(&mut self, state: &State, id: AgentId) {
        self.agents.push(id);
        self.queues.extend(state.agent(id).into_iter().flat_map(|agent| &agent.skills).map(|skill| skill.queue_id));
    }

    fn agents_and_queue_of(&mut self, call: Option<&Call>) {
        let Some(call) = call else { return };
        self.queues.extend(call.queue_id);
        self.agents.extend(agents_of(call));
    }
}

/// Everybody at whom a leg rang, and who speaks.
pub(super) fn agents_of(call: &Call) -> impl Iterator<Item = AgentId> {
    call.offers.iter().map(|offer| offer.agent_id).chain(call.agent_id)
}
