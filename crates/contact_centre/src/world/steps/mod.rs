//! What the simulation does. Each step leaves the leg in another state, or closes it, so that nothing waits for ever.

mod begin;
mod end;
mod inbound;
mod outbound;
mod talk;
mod transfer;

use super::World;
use crate::{
    event::{Body, Subject},
    id::CallId,
    leg::WrongState,
    objects::{Call, DisconnectedBy, FlowedOutTo, OfferResult, Outcome},
    sim::{Step, Transfer},
};

impl World {
    /// Makes a step of a leg. Plans follow from the state, so none can be refused; one that is changes nothing.
    pub(super) fn step(&mut self, id: CallId, step: Step) {
        let Some(call) = self.state.call(id).cloned() else { return };
        let refused = self.make_step(&call, step);
        debug_assert!(refused.is_ok(), "{step:?} of {call:?}: {refused:?}");
    }

    fn make_step(&mut self, call: &Call, step: Step) -> Result<(), WrongState> {
        let id = call.id;
        let mut happens = |body| self.emit(None, Subject::Call(id), body);
        match step {
            Step::EndIvr => self.end_menu(call),
            Step::Abandon => self.abandon(call),
            Step::FlowOut(to) => self.flow_out(call, to),
            Step::Answer => self.answer(call, None),
            Step::Reject => self.miss(call, OfferResult::Rejected),
            Step::Miss => self.miss(call, OfferResult::NoAnswer),
            Step::Dial => happens(Body::Dialing),
            Step::Alert => happens(Body::Alerting),
            Step::Fail(outcome, by, cause) => self.fail(call, outcome, by, cause, None),
            Step::Hold => happens(Body::Held),
            Step::Resume => happens(Body::Resumed),
            Step::Consult => self.ask_somebody(call),
            Step::Transfer(Transfer::Blind) => self.pass_on_blindly(call),
            Step::Transfer(Transfer::Attended) => self.complete_transfer(call, None),
            Step::HangUp(by) => self.hang_up_leg(call, by, None),
            Step::EndWrap => self.end_wrap(call),
        }
    }

    /// The caller hangs up before anybody answered.
    fn abandon(&mut self, call: &Call) -> Result<(), WrongState> {
        self.withdraw(call)?;
        self.emit(None, Subject::Call(call.id), Body::Abandoned)?;
        self.emit(None, Subject::Call(call.id), Body::Closed)
    }

    /// The caller is sent elsewhere.
    fn flow_out(&mut self, call: &Call, to: FlowedOutTo) -> Result<(), WrongState> {
        self.withdraw(call)?;
        self.emit(None, Subject::Call(call.id), Body::FlowedOut(to))?;
        self.emit(None, Subject::Call(call.id), Body::Closed)
    }

    fn withdraw(&mut self, call: &Call) -> Result<(), WrongState> {
        if call.ringing().is_none() {
            return Ok(());
        }
        self.emit(None, Subject::Call(call.id), Body::OfferEnded(OfferResult::Withdrawn))
    }

    /// The agent hangs up an unanswered leg of their own.
    pub(super) fn cancel(&mut self, call: &Call, actor: Option<&crate::event::Actor>) -> Result<(), WrongState> {
        self.fail(call, Outcome::Cancelled, DisconnectedBy::Agent, 16, actor)
    }
}
