use std::future::Future;

use bytes::Bytes;
use model::{Instant, PlainSecret};
use uuid::Uuid;

use crate::{Answer, InvalidUrl, Lease, Next, WebhookUrl};

/// Why the outbox could not be asked. It has been logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the outbox can't be read or written")]
pub struct OutboxError;

/// A delivery that is due.
#[derive(Clone, Debug)]
pub struct Due {
    /// The place of its event in the outbox.
    pub position: i64,
    /// The event's id.
    pub event: Uuid,
    /// How often it was tried.
    pub attempts: u32,
    /// Since when it is tried.
    pub since: Instant,
    /// The event as it is sent.
    pub body: Bytes,
}

/// What is due at a receiver.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Where to; or why nothing may be sent there any more, which each try is told.
    pub url: Result<WebhookUrl, InvalidUrl>,
    /// With what it is signed: one secret, or two during a rotation. None: it can't be read.
    pub secrets: Vec<PlainSecret>,
    /// The deliveries, none of which must wait for another of them.
    pub due: Vec<Due>,
}

/// How a try has ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The place of the event in the outbox.
    pub position: i64,
    /// When it was tried.
    pub at: Instant,
    /// How the receiver has answered.
    pub answer: Answer,
    /// What becomes of the delivery.
    pub next: Next,
}

/// Where events, receivers and deliveries are kept: whoever has events says how.
pub trait Outbox: Send + Sync + 'static {
    /// The time, by which deliveries are due.
    fn now(&self) -> Instant;

    /// Turns new events into deliveries, and names the receivers at which any is due.
    fn receivers(&self) -> impl Future<Output = Result<Vec<Uuid>, OutboxError>> + Send;

    /// What is due at a receiver, `most` deliveries; `None`: there is no such receiver now.
    fn batch(&self, receiver: Uuid, most: usize) -> impl Future<Output = Result<Option<Batch>, OutboxError>> + Send;

    /// A delivery as it is now, just before it is sent: it has waited behind others since it was read. `None`: it goes no more.
    fn still(&self, _receiver: Uuid, due: Due) -> Option<Due> {
        Some(due)
    }

    /// Writes down how tries have ended.
    fn settle(&self, receiver: Uuid, outcomes: Vec<Outcome>) -> impl Future<Output = Result<(), OutboxError>> + Send;

    /// Who delivers to a receiver.
    fn lease(&self, receiver: Uuid) -> impl Future<Output = Result<Option<Lease>, OutboxError>> + Send;

    /// Takes the lease of a receiver, if it still is `from`. False: somebody was faster.
    fn take(
        &self,
        receiver: Uuid,
        holder: Uuid,
        from: Option<Lease>,
    ) -> impl Future<Output = Result<bool, OutboxError>> + Send;

    /// Moves all leases of a holder on, and names their receivers.
    fn renew(&self, holder: Uuid) -> impl Future<Output = Result<Vec<Uuid>, OutboxError>> + Send;

    /// Gives a lease back.
    fn release(&self, receiver: Uuid, holder: Uuid) -> impl Future<Output = Result<(), OutboxError>> + Send;
}
