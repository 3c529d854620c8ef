//! The contact centre behind the gateway: one event log, a simulation that fills it, and what follows from it.
//!
//! Invariants:
//! - **everything is a fold over the log** ([`State`](state::State)): whatever changes does so by an [`Event`](event::Event);
//! - **the same seed and clock give the same bytes**: what looks random is a pure function of the seed and of what it is for
//!   ([`Seed`](seed::Seed)), so a world that was stopped goes on as if it had not been;
//! - no clock is read here: each verb is told the time;
//! - a duration is the difference of two instants that are published;
//! - what a stranger can fill is bounded.

pub mod conformance;
pub mod event;
pub mod id;
pub mod leg;
pub mod log;
pub mod metrics;
mod millis;
pub mod objects;
pub mod phone;
pub mod push;
pub mod recording;
pub mod reports;
pub mod seed;
pub mod shared;
pub mod sim;
pub mod staff;
pub mod state;
pub mod view;
pub mod webhooks;
mod words;
pub mod world;
pub mod worlds;
pub mod zones;
