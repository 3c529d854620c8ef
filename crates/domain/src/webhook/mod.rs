//! Receivers of events: who gets them, and how they are delivered.
//!
//! Invariants:
//! - a receiver's secret is sealed like the copy of a key's secret, and leaves in [`WebhookSecret`] and in signatures alone;
//! - neither the audit log nor an event holds an address: its path may be a secret of the receiver's;
//! - a test key sees, makes and changes receivers of test events alone.

mod change;
mod counters;
mod create;
mod delete;
mod deliveries;
mod list;
mod outbox;
mod redeliver;
mod renew;
mod rotate;
mod secret;
mod send_test;
mod signed_with;
mod update;
mod vet;

pub use counters::WebhookCounters;
pub(crate) use create::BuiltWebhook;
pub use create::{NewWebhook, WebhookSecret};
pub use redeliver::Redelivery;
