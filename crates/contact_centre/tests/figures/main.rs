//! What follows from legs and stays: figures by interval, the expected wait, recordings, and whose number it is.
//!
//! One program, because every further one would have to be linked too.
#![recursion_limit = "256"] // A row of figures has many fields, and `json!` goes one step deeper with each.
#![expect(clippy::unwrap_used, reason = "a test stops where it can't go on")]

mod agent_time;
mod daylight;
mod golden;
mod late;
mod look_up;
mod past;
mod recomputed;
mod recomputed_agents;
mod recordings;
mod script;
mod sums;
mod waits;
