use super::Refusal;
use crate::{
    event::{Actor, Body, Subject},
    id::CallId,
    objects::{DisconnectedBy, LegState},
    world::World,
};

impl World {
    /// Hangs a leg up for its agent: one that is joined ends, one that nobody has answered yet is given up.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], and [`Refusal::WrongState`] of a leg that has no agent yet or is over.
    pub fn hang_up(&mut self, actor: &Actor, id: CallId) -> Result<(), Refusal> {
        let call = self.found(id)?;
        match call.state {
            LegState::Connected | LegState::Held => {
                self.act(actor, |world| world.hang_up_leg(&call, DisconnectedBy::Agent, Some(actor)))
            }
            LegState::Requested | LegState::Dialing | LegState::Alerting => {
                self.act(actor, |world| world.cancel(&call, Some(actor)))
            }
            state => Err(Refusal::WrongState(state)),
        }
    }

    /// Answers a leg that rings at an agent.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], and [`Refusal::WrongState`] of a leg that rings at no agent.
    pub fn answer_call(&mut self, actor: &Actor, id: CallId) -> Result<(), Refusal> {
        let call = self.found(id)?;
        if call.state != LegState::Offered {
            return Err(Refusal::WrongState(call.state));
        }
        self.act(actor, |world| world.answer(&call, Some(actor)))
    }

    /// Puts the customer on hold.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::WrongState`] of a leg that is not connected, [`Refusal::Full`] after forty times.
    pub fn hold(&mut self, actor: &Actor, id: CallId) -> Result<(), Refusal> {
        let call = self.found(id)?;
        if call.holds.len() >= crate::objects::Call::HOLDS_MAX {
            return Err(Refusal::Full("holds of this call"));
        }
        self.act(actor, |world| world.emit(Some(actor), Subject::Call(id), Body::Held))
    }

    /// Takes the customer off hold.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], and [`Refusal::WrongState`] of a leg that is not on hold or whose agent speaks with a colleague.
    pub fn resume_call(&mut self, actor: &Actor, id: CallId) -> Result<(), Refusal> {
        let call = self.found(id)?;
        if call.consult_id.is_some() {
            return Err(Refusal::WrongState(call.state));
        }
        self.act(actor, |world| world.emit(Some(actor), Subject::Call(id), Body::Resumed))
    }
}
