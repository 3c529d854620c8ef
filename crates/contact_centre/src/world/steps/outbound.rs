use model::Instant;

use crate::{
    event::{Actor, Body, Ending, NewCall, Subject},
    id::{AgentId, CallId, LeadId},
    leg::WrongState,
    objects::{Attempt, Call, Direction, DisconnectedBy, LeadStatus, LegState, Outcome, Relation},
    sim::{Dial, callback_due},
    world::{World, timers::What},
};

impl World {
    /// An agent of a campaign dials a lead.
    pub(in crate::world) fn dial_lead(&mut self, agent: AgentId, dial: &Dial) {
        if !self.has_room() {
            return;
        }
        let contact_id = self.state.lead(dial.lead).and_then(|lead| lead.contact_id);
        let new = NewCall {
            root_id: self.next_call_id(),
            parent_id: None,
            relation: Relation::None,
            direction: Direction::Outbound,
            from: dial.from.clone(),
            to: dial.to.clone(),
            queue_id: None,
            agent_id: Some(agent),
            contact_id,
            campaign_id: Some(dial.campaign),
            lead_id: Some(dial.lead),
            state: LegState::Requested,
            patience_ms: None,
            led: false,
        };
        let id = self.begin_leg(new, None);
        self.begin_attempt(dial.lead, id);
    }

    /// Notes that a lead is being called.
    pub(in crate::world) fn begin_attempt(&mut self, lead: LeadId, call_id: CallId) {
        let (Some(call), Some(lead)) = (self.state.call(call_id), self.state.lead(lead)) else { return };
        let mut lead = lead.clone();
        lead.status = LeadStatus::Dialling;
        lead.attempts.push(Attempt { at: self.now, phone: call.to.clone(), outcome: None, call_id });
        let _ = self.emit(None, Subject::Lead(lead.id), Body::LeadWritten(Box::new(lead)));
    }

    /// Notes what came of calling a lead, as soon as it is known whether anybody was reached.
    pub(super) fn end_attempt(&mut self, call_id: CallId) {
        let Some(call) = self.state.call(call_id) else { return };
        let Some(lead) = call.lead_id.and_then(|id| self.state.lead(id)) else { return };
        let Some(place) = lead.attempts.iter().position(|attempt| attempt.call_id == call_id) else { return };
        let reached = call.instants.answered_at.is_some();
        let outcome = if reached { Some(Outcome::Completed) } else { call.outcome };
        let tries = self.state.campaign(lead.campaign_id).map_or(1, |campaign| usize::from(campaign.max_attempts));
        let status = match outcome {
            _ if reached => LeadStatus::Reached,
            Some(Outcome::InvalidNumber) if lead.phones.len() == 1 => LeadStatus::Exhausted,
            _ if lead.attempts.len() >= tries => LeadStatus::Exhausted,
            _ => LeadStatus::Waiting,
        };
        let mut lead = lead.clone();
        lead.status = status;
        if let Some(attempt) = lead.attempts.get_mut(place) {
            attempt.outcome = outcome;
        }
        let _ = self.emit(None, Subject::Lead(lead.id), Body::LeadWritten(Box::new(lead)));
    }

    /// Nobody was reached. A consultation that fails gives the customer back.
    pub(in crate::world) fn fail(
        &mut self,
        call: &Call,
        outcome: Outcome,
        by: DisconnectedBy,
        cause: u8,
        actor: Option<&Actor>,
    ) -> Result<(), WrongState> {
        self.emit(actor, Subject::Call(call.id), Body::Failed(Ending { outcome, by, cause }))?;
        self.emit(actor, Subject::Call(call.id), Body::Closed)?;
        self.end_attempt(call.id);
        self.give_back(call, actor)
    }

    /// Calls somebody back who left a queue for that, if an agent of it is free; else a minute later.
    pub(in crate::world) fn call_back(&mut self, id: CallId, at: Instant) {
        let (Some(since), Some(call)) = (self.state.callback_since(id), self.state.call(id)) else { return };
        let queue = call.queue_id.and_then(|queue| self.state.queue(queue));
        let mut free = self.state.agents().filter(|agent| agent.status.is_free() && agent.calls.is_empty());
        let agent = free.find(|agent| call.queue_id.is_some_and(|queue| agent.level(queue).is_some()));
        let agent = agent.map(|agent| agent.id);
        drop(free);
        let callable = call.from.e164.is_some() && queue.is_some_and(|queue| queue.open) && self.has_room();
        let (Some(agent), Some(queue), true) = (agent, queue, callable) else {
            let next = callback_due(self.seed(), id, since, at);
            self.set(next, What::Callback(id));
            return;
        };
        let new = NewCall {
            root_id: call.root_id,
            parent_id: Some(id),
            relation: Relation::Callback,
            direction: Direction::Outbound,
            from: queue.number.clone(),
            to: call.from.clone(),
            queue_id: call.queue_id,
            agent_id: Some(agent),
            contact_id: call.contact_id,
            campaign_id: None,
            lead_id: None,
            state: LegState::Requested,
            patience_ms: None,
            led: false,
        };
        self.begin_leg(new, None);
    }
}
