//! What happens by itself: pure functions of the seed, the state and the time. Who calls, who works, and what a leg does next.

mod arrivals;
mod config;
mod dialling;
mod draws;
mod genesis;
mod plan;
mod roster;

pub use config::{Bounds, Config};
pub use dialling::next_in_all;
pub use genesis::{WRAP_CODES, genesis};

pub(crate) use genesis::stranger;

pub(crate) use arrivals::{Arrival, Caller, arrivals_in, next_minute};
pub(crate) use dialling::{Dial, candidate, next_dial, rests_until, status_at, zones_of_callee};
pub(crate) use draws::Draws;
pub(crate) use plan::{Step, Transfer, callback_due, next_of_agent, next_of_call, next_of_recording, wrap_of};
pub(crate) use roster::{next_wish, opening};
