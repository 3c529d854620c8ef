use bytes::Bytes;
use model::{Attempt, DeliveryState, Instant};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::millis;

/// An event on its way to a receiver, or that was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Delivery {
    pub(super) event_id: Uuid,
    pub(super) kind: Box<str>,
    /// What waits for each other.
    pub(super) subject: Uuid,
    /// Its place in the log; none for what is in no log. Of a batch that of its first event.
    pub(super) seq: Option<u64>,
    /// The places of the other events of a batch.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) others: Vec<u64>,
    #[serde(with = "millis")]
    pub(super) timestamp: Instant,
    /// What is sent, the same at every try. Of what was accepted nothing is kept.
    #[serde(with = "text")]
    pub(super) body: Bytes,
    pub(super) state: DeliveryState,
    pub(super) attempts: u32,
    #[serde(with = "millis")]
    pub(super) since: Instant,
    #[serde(with = "millis")]
    pub(super) next_at: Instant,
    pub(super) last: Option<Attempt>,
    /// Whether it was accepted before, and comes again because somebody wants to see what comes of it.
    #[serde(skip)]
    pub(super) again: bool,
    /// Whether it is signed wrongly, to see whether that is noticed.
    #[serde(skip)]
    pub(super) forged: bool,
}

/// A body is JSON, and so is text.
mod text {
    use bytes::Bytes;
    use serde::{Deserialize as _, Deserializer, Serializer, ser::Error as _};

    pub(super) fn serialize<S: Serializer>(body: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(std::str::from_utf8(body).map_err(S::Error::custom)?)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        String::deserialize(deserializer).map(Bytes::from)
    }
}

impl Delivery {
    /// One that is due now.
    pub(super) fn due(
        event_id: Uuid,
        kind: &str,
        subject: Uuid,
        timestamp: Instant,
        body: Bytes,
        now: Instant,
    ) -> Self {
        Self {
            event_id,
            kind: kind.into(),
            subject,
            seq: None,
            others: Vec::new(),
            timestamp,
            body,
            state: DeliveryState::Pending,
            attempts: 0,
            since: now,
            next_at: now,
            last: None,
            again: false,
            forged: false,
        }
    }

    /// The places of its events in the log.
    pub(super) fn seqs(&self) -> impl Iterator<Item = u64> {
        self.seq.into_iter().chain(self.others.iter().copied())
    }

    /// How many events it has.
    pub(super) fn events(&self) -> usize {
        1 + self.others.len()
    }

    pub(super) fn is(&self, state: DeliveryState) -> bool {
        self.state == state
    }

    /// Is tried again from now on, as if it were new.
    pub(super) fn again(&mut self, now: Instant) {
        self.state = DeliveryState::Pending;
        self.attempts = 0;
        (self.since, self.next_at) = (now, now);
    }
}

/// A delivery, as programs see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeliveryView {
    event_id: Uuid,
    r#type: Box<str>,
    seq: Option<u64>,
    /// How many events it has: more than one in a batch.
    events: usize,
    timestamp: Instant,
    state: DeliveryState,
    attempts: u32,
    next_attempt_at: Option<Instant>,
    last_attempt: Option<Attempt>,
}

impl DeliveryView {
    pub(super) fn of(delivery: &Delivery) -> Self {
        Self {
            event_id: delivery.event_id,
            r#type: delivery.kind.clone(),
            seq: delivery.seq,
            events: delivery.events(),
            timestamp: delivery.timestamp,
            state: delivery.state,
            attempts: delivery.attempts,
            next_attempt_at: delivery.is(DeliveryState::Pending).then_some(delivery.next_at),
            last_attempt: delivery.last.clone(),
        }
    }
}

/// A page of deliveries, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Delivered {
    /// The deliveries.
    pub items: Vec<DeliveryView>,
    /// Where the next page begins; null: this was the last.
    pub next_cursor: Option<String>,
}
