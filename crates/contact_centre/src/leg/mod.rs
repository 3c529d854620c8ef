//! The state machine of a leg: which event may follow in which state, and what it makes of the leg. Pure functions.
//!
//! A leg ends with exactly one of `call.abandoned`, `call.flowed_out`, `call.failed` and `call.ended`, which sets its outcome, and
//! with `call.closed` after it, which comes once and last. Only a late wrap and its `call.corrected` come after that.

mod apply;
mod begin;
mod check;

pub use apply::apply;
pub use begin::begin;
pub use check::{WrongState, check};
