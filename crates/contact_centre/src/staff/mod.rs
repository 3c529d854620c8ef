//! The state machine of an agent: what they want, what the system has them do, and what waits for the end of the call. Pure
//! functions.

mod activity;
mod apply;
mod status;

pub use activity::{Part, activity};
pub use apply::apply;
pub use status::{after_call, after_missed, wished, with_activity};
