//! What people and programs do. Each verb checks first and then makes it happen, as one.

mod agents;
mod bounds;
mod calls;
mod clock;
mod contacts;
mod leads;
mod make;
mod queues;
mod recordings;
mod refusal;
mod transfer;
mod wraps;

pub use contacts::ContactDraft;
pub use leads::LeadDraft;
pub use make::{Arriving, Dialled};
pub use refusal::Refusal;
pub use transfer::TransferMode;
pub use wraps::WrapDraft;

use super::World;
use crate::{event::Actor, id::CallId, leg::WrongState, objects::Call};

impl World {
    /// Makes something happen in somebody's name, and everything that follows from it at once, and writes it down.
    fn act<T>(
        &mut self,
        actor: &Actor,
        happens: impl FnOnce(&mut Self) -> Result<T, WrongState>,
    ) -> Result<T, Refusal> {
        let done = happens(self);
        self.settle(Some(actor));
        self.seal()?;
        self.flush()?;
        Ok(done?)
    }

    fn found(&self, id: CallId) -> Result<Call, Refusal> {
        self.state.call(id).cloned().ok_or(Refusal::NotFound("call"))
    }
}
