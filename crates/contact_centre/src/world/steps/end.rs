use crate::{
    event::{Actor, Body, Ending, Subject},
    leg::WrongState,
    objects::{Call, DisconnectedBy, LegState, Outcome, Relation},
    sim::wrap_of,
    world::World,
};

impl World {
    /// One of them hangs up.
    pub(in crate::world) fn hang_up_leg(
        &mut self,
        call: &Call,
        by: DisconnectedBy,
        actor: Option<&Actor>,
    ) -> Result<(), WrongState> {
        self.end_leg(call, Outcome::Completed, by, actor)
    }

    /// Ends the talking. A consultation about it ends with it, and a consultation that ends gives the customer back.
    pub(super) fn end_leg(
        &mut self,
        call: &Call,
        outcome: Outcome,
        by: DisconnectedBy,
        actor: Option<&Actor>,
    ) -> Result<(), WrongState> {
        self.emit(actor, Subject::Call(call.id), Body::Ended(Ending { outcome, by, cause: 16 }))?;
        if !call.has_wrap() {
            self.emit(actor, Subject::Call(call.id), Body::Closed)?;
        }
        let consult = self.state.call(call.id).and_then(|call| call.consult_id);
        if let Some(consult) = consult.and_then(|id| self.state.call(id)).cloned() {
            return match consult.state {
                LegState::Alerting => self.cancel(&consult, actor),
                _ => self.end_leg(&consult, Outcome::Completed, DisconnectedBy::Agent, actor),
            };
        }
        // Whoever passes the customer on does not speak with them again.
        let passing_on = outcome == Outcome::Transferred;
        if passing_on { Ok(()) } else { self.give_back(call, actor) }
    }

    /// When a consultation is over, the agent speaks with the customer again, unless a program leads the call.
    pub(super) fn give_back(&mut self, consult: &Call, actor: Option<&Actor>) -> Result<(), WrongState> {
        let parent = consult.parent_id.filter(|_| consult.relation == Relation::Consult);
        let parent = parent.and_then(|id| self.state.call(id)).filter(|call| call.state == LegState::Held);
        match parent.filter(|parent| !parent.led) {
            Some(parent) => {
                let id = parent.id;
                self.emit(actor, Subject::Call(id), Body::Resumed)
            }
            None => Ok(()),
        }
    }

    /// The agent is done. The simulated one has noted what it came to; one whom a program leads, only if the program has.
    pub(super) fn end_wrap(&mut self, call: &Call) -> Result<(), WrongState> {
        if call.wrap.is_none() && !call.led {
            let wrap = wrap_of(self.seed(), call, self.now);
            let actor = call.agent_id.map(Actor::agent);
            self.emit(actor.as_ref(), Subject::Call(call.id), Body::WrapWritten(Box::new(wrap)))?;
        }
        self.finish_wrap(call, None)
    }

    /// Ends wrapping and closes the leg.
    pub(in crate::world) fn finish_wrap(&mut self, call: &Call, actor: Option<&Actor>) -> Result<(), WrongState> {
        self.emit(actor, Subject::Call(call.id), Body::Wrapped)?;
        self.emit(actor, Subject::Call(call.id), Body::Closed)
    }
}
