use std::{
    collections::BTreeMap,
    sync::{Arc, Weak},
};

use model::{DeliveryState, Instant, WebhookHealth, WebhookOrder, WebhookSignature};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{sending::Delivery, trial::Trial};
use crate::{
    id::QueueId,
    log::Epoch,
    millis,
    push::{Audience, Feed, Kinds},
    shared::Shared,
    view::Rights,
};

/// After so long of nothing but failures a receiver is switched off: 3 days.
pub const HEALTH_WINDOW_MS: i64 = 3 * 86_400_000;
/// For how long both secrets sign after a new one was made: 24 hours.
pub(super) const BOTH_MS: i64 = 86_400_000;
/// Events that wait for one receiver. Beyond that its events stay in the log.
pub(super) const WAITING_MAX: usize = 1_000;
/// Events that were given up, of one receiver. Beyond that its events stay in the log.
pub(super) const PARKED_MAX: usize = 2_000;
/// Deliveries that were accepted and are remembered.
pub(super) const ACCEPTED_MAX: usize = 500;

/// Events that one delivery can have.
pub const BATCH_MAX: usize = 100;

/// Whose a receiver is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The key. It ends with it.
    pub key_id: Uuid,
    /// What it may see of the feed.
    pub wraps: bool,
    /// Whether it sees whole numbers.
    pub contacts: bool,
    /// Whether it may know of recordings.
    pub recordings: bool,
    /// The only queues that it may know of.
    pub queues: Option<Vec<QueueId>>,
}

/// What somebody wants sent where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// What is followed.
    pub feed: Feed,
    /// Where to.
    pub url: String,
    /// Which types; patterns such as `call.*`.
    pub types: Vec<String>,
    /// In which order.
    pub order: WebhookOrder,
    /// How it is signed.
    pub signature: WebhookSignature,
    /// How many events come in one delivery, at most; 1: each comes by itself.
    pub batch: usize,
}

/// What goes wrong with deliveries, so that a receiver can be tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// So many deliveries come once more though they were accepted.
    pub duplicates: u32,
    /// Each event comes so much later, in milliseconds.
    pub delay_ms: i64,
}

/// What to change; `None` leaves it as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patch {
    /// Where to.
    pub url: Option<String>,
    /// Which types.
    pub types: Option<Vec<String>>,
    /// In which order.
    pub order: Option<WebhookOrder>,
    /// Whether anything is sent.
    pub enabled: Option<bool>,
    /// How many events come in one delivery, at most.
    pub batch: Option<usize>,
}

/// A receiver, and what is on its way to it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Hook {
    pub(super) id: Uuid,
    pub(super) owner: Owner,
    /// None for the shared world.
    pub(super) world_name: Option<Box<str>>,
    #[serde(skip)]
    pub(super) world: Weak<Shared>,
    pub(super) feed: Feed,
    pub(super) url: String,
    pub(super) types: Vec<String>,
    pub(super) order: WebhookOrder,
    pub(super) signature: WebhookSignature,
    #[serde(default = "alone")]
    pub(super) batch: usize,
    pub(super) enabled: bool,
    /// Why it was switched off, where nobody did.
    pub(super) disabled_by: Option<Box<str>>,
    pub(super) generation: u32,
    #[serde(with = "millis::optional")]
    pub(super) former_ends_at: Option<Instant>,
    pub(super) epoch: Epoch,
    /// Up to which event of the log everything has been looked at.
    pub(super) seen: u64,
    /// By their places, in the order in which they go.
    pub(super) deliveries: BTreeMap<i64, Delivery>,
    pub(super) places: i64,
    #[serde(with = "millis::optional")]
    pub(super) failing_since: Option<Instant>,
    /// What goes wrong because somebody wants to see what comes of it.
    #[serde(skip)]
    pub(super) faults: Faults,
    /// What is seen of it while it is tried.
    #[serde(skip)]
    pub(super) trial: Option<Trial>,
    pub(super) last_delivered_at: Option<Instant>,
    pub(super) last_failed_at: Option<Instant>,
    #[serde(with = "millis")]
    pub(super) created_at: Instant,
    #[serde(with = "millis")]
    pub(super) updated_at: Instant,
    pub(super) version: u64,
}

/// Of receivers that were written down before there were batches.
const fn alone() -> usize {
    1
}

impl Hook {
    /// What its key may get.
    pub(super) fn audience(&self) -> Audience {
        Audience {
            feed: self.feed,
            rights: Rights { wraps: self.owner.wraps, contacts: self.owner.contacts },
            recordings: self.owner.recordings,
            queues: self.owner.queues.as_deref().map(Arc::from),
        }
    }

    /// Which types it wants. They were read when it was made.
    pub(super) fn kinds(&self) -> Kinds {
        Kinds::parse(self.types.iter().map(String::as_str)).unwrap_or(Kinds::ALL)
    }

    pub(super) fn count(&self, state: DeliveryState) -> usize {
        self.deliveries.values().filter(|delivery| delivery.is(state)).count()
    }

    /// How many events are on their way, or were, in deliveries that stand so.
    pub(super) fn events(&self, state: DeliveryState) -> usize {
        self.deliveries.values().filter(|delivery| delivery.is(state)).map(Delivery::events).sum()
    }

    /// Puts something on its way.
    pub(super) fn put(&mut self, mut delivery: Delivery) {
        delivery.next_at = delivery.next_at.plus_millis(self.faults.delay_ms);
        self.places += 1;
        self.deliveries.insert(self.places, delivery);
    }

    /// Forgets what was accepted long ago.
    pub(super) fn forget_accepted(&mut self) {
        let accepted = self.count(DeliveryState::Delivered);
        let mut over = accepted.saturating_sub(ACCEPTED_MAX);
        self.deliveries.retain(|_, delivery| {
            let goes = over > 0 && delivery.is(DeliveryState::Delivered);
            over -= usize::from(goes);
            !goes
        });
    }

    /// It was changed by somebody.
    pub(super) fn changed(&mut self, now: Instant) {
        self.updated_at = now;
        self.version += 1;
    }
}

/// A receiver, as programs see it.
#[derive(Clone, Debug, Serialize)]
pub struct HookView {
    id: Uuid,
    url: String,
    types: Vec<String>,
    order: WebhookOrder,
    signature: WebhookSignature,
    batch: usize,
    enabled: bool,
    disabled_by: Option<Box<str>>,
    /// With which deliveries are checked, where `signature` is `v1a`.
    public_key: Option<String>,
    former_secret_ends_at: Option<Instant>,
    /// The place of the log up to which everything is on its way or was delivered.
    cursor: String,
    health: WebhookHealth,
    created_at: Instant,
    updated_at: Instant,
    /// Grows with each change.
    pub version: u64,
}

impl HookView {
    pub(super) fn of(hook: &Hook, public_key: Option<String>, now: Instant) -> Self {
        let count = |state| hook.count(state) as u64;
        Self {
            id: hook.id,
            url: hook.url.clone(),
            types: hook.types.clone(),
            order: hook.order,
            signature: hook.signature,
            batch: hook.batch,
            enabled: hook.enabled,
            disabled_by: hook.disabled_by.clone(),
            public_key,
            former_secret_ends_at: hook.former_ends_at.filter(|ends_at| *ends_at > now),
            cursor: crate::log::Cursor { epoch: hook.epoch.clone(), seq: hook.seen }.to_string(),
            health: WebhookHealth {
                pending: count(DeliveryState::Pending),
                parked: count(DeliveryState::Parked),
                last_delivered_at: hook.last_delivered_at,
                last_failed_at: hook.last_failed_at,
            },
            created_at: hook.created_at,
            updated_at: hook.updated_at,
            version: hook.version,
        }
    }

    /// Its id.
    pub fn id(&self) -> Uuid {
        self.id
    }
}
