use super::Refusal;
use crate::{
    event::{Actor, TransferTarget},
    id::{AgentId, CallId},
    objects::Call,
    words::words,
    world::World,
};

words! {
    /// How a customer is passed on.
    TransferMode {
        /// At once.
        Blind = "blind",
        /// The agent speaks with the colleague first.
        Attended = "attended",
    }
}

impl World {
    /// Passes a customer on. Answers the leg that begins: the customer's next, or the consultation, which
    /// [`Self::complete`] turns into that.
    ///
    /// # Errors
    /// [`Refusal`] if there is no such leg, agent or queue, if the leg is not joined or is a consultation, if a colleague is asked already,
    /// if the colleague is not free or the queue is closed, and if there are too many calls.
    pub fn transfer(
        &mut self,
        actor: &Actor,
        id: CallId,
        to: TransferTarget,
        mode: TransferMode,
    ) -> Result<CallId, Refusal> {
        let call = self.found(id)?;
        if !call.state.is_joined() || !call.has_wrap() {
            return Err(Refusal::WrongState(call.state));
        }
        match to {
            TransferTarget::Agent(agent) => self.may_take(&call, agent)?,
            TransferTarget::Queue(queue) => {
                if !self.state().queue(queue).ok_or(Refusal::NotFound("queue"))?.open {
                    return Err(Refusal::QueueClosed);
                }
            }
        }
        if !self.has_room() {
            return Err(Refusal::Full("calls"));
        }
        match (mode, to) {
            (TransferMode::Blind, _) => self.act(actor, |world| world.pass_on(&call, to, Some(actor))),
            (TransferMode::Attended, _) if call.consult_id.is_some() => Err(Refusal::AgentBusy),
            (TransferMode::Attended, TransferTarget::Agent(colleague)) => {
                self.act(actor, |world| world.consult(&call, colleague, Some(actor)))
            }
            (TransferMode::Attended, TransferTarget::Queue(_)) => {
                Err(Refusal::Invalid { field: "mode", problem: "must be blind where a queue is the target" })
            }
        }
    }

    /// Joins the customer with the colleague with whom the agent speaks.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], and [`Refusal::WrongState`] if no colleague has answered.
    pub fn complete(&mut self, actor: &Actor, id: CallId) -> Result<(), Refusal> {
        let call = self.found(id)?;
        self.act(actor, |world| world.complete_transfer(&call, Some(actor)))
    }

    fn may_take(&self, call: &Call, agent: AgentId) -> Result<(), Refusal> {
        let colleague = self.state().agent(agent).ok_or(Refusal::NotFound("agent"))?;
        if Some(agent) == call.agent_id {
            return Err(Refusal::Invalid { field: "agent_id", problem: "has the call already" });
        }
        if colleague.status.is_free() && colleague.calls.is_empty() {
            return Ok(());
        }
        let offline = colleague.status.state() == crate::objects::AgentState::Offline;
        Err(if offline { Refusal::AgentOffline } else { Refusal::AgentBusy })
    }
}
