use std::sync::Arc;

use crate::{
    event::{Actor, Body, NewCall, Subject},
    id::{AgentId, CallId},
    leg::WrongState,
    objects::{Call, Direction, DisconnectedBy, LegState, PhoneNumber, Relation},
    world::World,
};

impl World {
    /// The agent asks a colleague. If nobody is free, the customer is put on hold once, and the talk ends when it has to.
    pub(super) fn ask_somebody(&mut self, call: &Call) -> Result<(), WrongState> {
        let Some(colleague) = self.free_colleague(call).filter(|_| self.has_room()) else {
            return if call.holds.is_empty() {
                self.emit(None, Subject::Call(call.id), Body::Held)
            } else {
                self.hang_up_leg(call, DisconnectedBy::Agent, None)
            };
        };
        self.consult(call, colleague, None).map(|_| ())
    }

    /// Puts the customer on hold and asks a colleague.
    pub(in crate::world) fn consult(
        &mut self,
        call: &Call,
        colleague: AgentId,
        actor: Option<&Actor>,
    ) -> Result<CallId, WrongState> {
        if call.state == LegState::Connected {
            self.emit(actor, Subject::Call(call.id), Body::Held)?;
        }
        let extension = |id: Option<AgentId>| {
            let agent = id.and_then(|id| self.state.agent(id));
            Arc::new(PhoneNumber::internal(agent.map(|agent| &*agent.extension).unwrap_or_default()))
        };
        let new = NewCall {
            root_id: call.root_id,
            parent_id: Some(call.id),
            relation: Relation::Consult,
            direction: Direction::Internal,
            from: extension(call.agent_id),
            to: extension(Some(colleague)),
            queue_id: None,
            agent_id: Some(colleague),
            contact_id: call.contact_id,
            campaign_id: None,
            lead_id: None,
            state: LegState::Alerting,
            patience_ms: None,
            led: false,
        };
        Ok(self.begin_leg(new, actor))
    }

    /// Who is free and knows the queue, or else anybody who is free; the one who has been idle longest.
    pub(super) fn free_colleague(&self, call: &Call) -> Option<AgentId> {
        let free = self.state.agents().filter(|agent| agent.status.is_free() && agent.calls.is_empty());
        let others = free.filter(|agent| Some(agent.id) != call.agent_id);
        let knows = |agent: &crate::objects::Agent| call.queue_id.is_some_and(|queue| agent.level(queue).is_some());
        others.min_by_key(|agent| (!knows(agent), agent.idle_since, agent.id)).map(|agent| agent.id)
    }
}
