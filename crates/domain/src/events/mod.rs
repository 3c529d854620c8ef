//! Events out: what is told to receivers, written to the outbox by the change that does it.
//!
//! Invariants:
//! - an event commits with its change, and is made of the same audit event as its audit entry;
//! - no event holds a secret, nor a person's name or address;
//! - where nobody listens, nothing is written.

mod emit;
mod ending;
mod kind;
mod log;
mod purge;
mod tell;

pub use emit::Emitted;
