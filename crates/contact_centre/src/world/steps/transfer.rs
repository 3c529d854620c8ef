use crate::{
    event::{Actor, Body, Ending, NewCall, Subject, TransferTarget},
    id::{AgentId, CallId, QueueId},
    leg::WrongState,
    objects::{Call, Direction, DisconnectedBy, LegState, Outcome, Relation},
    sim::Draws,
    world::World,
};

impl World {
    /// Passes the customer on without a word: to a colleague who is free, or to another queue that is open.
    pub(super) fn pass_on_blindly(&mut self, call: &Call) -> Result<(), WrongState> {
        let mut draws = Draws::of(self.seed(), "passes_on", call.id.0);
        let colleague = self.free_colleague(call).filter(|_| draws.chance(0.5)).map(TransferTarget::Agent);
        let open: Vec<QueueId> = self
            .state
            .queues()
            .filter(|queue| queue.open && Some(queue.id) != call.queue_id)
            .map(|queue| queue.id)
            .collect();
        let queue = open.get(draws.below(open.len())).copied().map(TransferTarget::Queue);
        match colleague.or(queue).filter(|_| self.has_room()) {
            Some(to) => self.pass_on(call, to, None).map(|_| ()),
            None => self.hang_up_leg(call, DisconnectedBy::Agent, None),
        }
    }

    /// Passes the customer on: this leg ends and another begins, as one.
    pub(in crate::world) fn pass_on(
        &mut self,
        call: &Call,
        to: TransferTarget,
        actor: Option<&Actor>,
    ) -> Result<CallId, WrongState> {
        let child = self.begin_child(call, to, LegState::Ivr, actor)?;
        match to {
            TransferTarget::Agent(agent) => self.emit(actor, Subject::Call(child), Body::Offered(agent))?,
            TransferTarget::Queue(queue) => self.emit(actor, Subject::Call(child), Body::Queued(queue))?,
        }
        self.end_leg(call, Outcome::Transferred, DisconnectedBy::Agent, actor)?;
        Ok(child)
    }

    /// Joins the customer with the colleague who was asked. The consultation is over, and the colleague has a leg with the customer.
    pub(in crate::world) fn complete_transfer(&mut self, call: &Call, actor: Option<&Actor>) -> Result<(), WrongState> {
        let consult = call.consult_id.and_then(|id| self.state.call(id)).filter(|consult| consult.state.is_joined());
        let Some((consult, colleague)) =
            consult.cloned().and_then(|consult| Some((consult.clone(), consult.agent_id?)))
        else {
            return Err(WrongState(call.state));
        };
        // The customer is not given back in between.
        let over = Ending { outcome: Outcome::Completed, by: DisconnectedBy::Agent, cause: 16 };
        self.emit(actor, Subject::Call(consult.id), Body::Ended(over))?;
        self.emit(actor, Subject::Call(consult.id), Body::Closed)?;
        let child = self.begin_child(call, TransferTarget::Agent(colleague), LegState::Ivr, actor)?;
        if let Some(child) = self.state.call(child).cloned() {
            self.answer(&child, actor)?;
        }
        self.end_leg(call, Outcome::Transferred, DisconnectedBy::Agent, actor)
    }

    fn begin_child(
        &mut self,
        call: &Call,
        to: TransferTarget,
        state: LegState,
        actor: Option<&Actor>,
    ) -> Result<CallId, WrongState> {
        let child_id = self.next_call_id();
        self.emit(actor, Subject::Call(call.id), Body::Transferred { to, child_id })?;
        let agent_id: Option<AgentId> = match to {
            TransferTarget::Agent(agent) => Some(agent),
            TransferTarget::Queue(_) => None,
        };
        let queue_id = match to {
            TransferTarget::Queue(queue) => Some(queue),
            // A direct transfer visits no queue, and counts in none.
            TransferTarget::Agent(_) => None,
        };
        let new = NewCall {
            root_id: call.root_id,
            parent_id: Some(call.id),
            relation: Relation::Transfer,
            // The customer is on the calling side from here on.
            direction: Direction::Inbound,
            from: call.customer_number().clone(),
            to: if call.direction == Direction::Outbound { call.from.clone() } else { call.to.clone() },
            queue_id,
            agent_id,
            contact_id: call.contact_id,
            campaign_id: call.campaign_id,
            lead_id: call.lead_id,
            state,
            patience_ms: None,
            led: false,
        };
        Ok(self.begin_leg(new, actor))
    }
}
