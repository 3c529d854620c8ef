//! What a leg, an agent or a recording does next by itself, as things are. A change of any of them asks anew, so that a plan
//! needs no memory, and a world that was stopped makes the same plans as before.

mod agent;
mod call;
mod recording;
mod step;
mod talk;
mod wrap;

pub(crate) use agent::{callback_due, next_of_agent};
pub(crate) use call::next_of_call;
pub(crate) use recording::next_of_recording;
pub(crate) use step::{Step, Transfer};
pub(crate) use wrap::wrap_of;
