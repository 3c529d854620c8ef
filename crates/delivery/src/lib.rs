//! Signed events out: one engine for whoever has events, as Standard Webhooks 1.0.0.
//!
//! Invariants:
//! - **nothing is dropped in silence**: what a receiver does not accept within 3 days is parked, and stays;
//! - **at least once**: an event counts as delivered when its acceptance is written down, and not before;
//! - **order**: of one subject one delivery is under way at a time, and the next waits until it is accepted or parked;
//! - **the address that was looked at is the one that is dialled** ([`Client`]), at every attempt;
//! - one node at a time delivers to a receiver; a node that dies is succeeded by another ([`Engine`]);
//! - whatever a receiver sends or withholds is bounded: time, bytes, connections.

mod client;
mod engine;
mod leases;
mod outbox;
mod policy;
mod resolve;
mod retry;
mod sign;
#[cfg(feature = "testing")]
pub mod testing;
mod url;

pub use client::{ANSWER_MAX, Answer, Client, InvalidRoots, Message};
pub use engine::{Engine, EngineCounters, Signals};
pub use leases::Lease;
pub use outbox::{Batch, Due, Outbox, OutboxError, Outcome};
pub use policy::Policy;
pub use resolve::{Resolver, SystemResolver};
pub use retry::{Next, PARKED_AFTER_MS, next};
pub use sign::{InvalidSecret, new_secret, public_key, sign};
pub use url::{InvalidUrl, WebhookUrl};
