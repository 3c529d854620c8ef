use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use delivery::{Client, InvalidRoots, Policy, Resolver, Signals, SystemResolver};
use model::WebhookId;

use crate::{EventLog, Keydesk};

/// How events are sent out.
#[derive(Clone)]
pub struct EventOptions {
    /// Where receivers may be.
    pub policy: Policy,
    /// What finds their addresses.
    pub resolver: Arc<dyn Resolver>,
    /// Authorities that are trusted besides those of browsers, in PEM.
    pub roots: Vec<u8>,
    /// Where events are written besides.
    pub log: Option<EventLog>,
}

impl Default for EventOptions {
    fn default() -> Self {
        Self { policy: Policy::default(), resolver: Arc::new(SystemResolver), roots: Vec::new(), log: None }
    }
}

impl fmt::Debug for EventOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventOptions").field("policy", &self.policy).field("log", &self.log).finish_non_exhaustive()
    }
}

/// What became of events, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WebhookCounters {
    /// Deliveries that were accepted.
    pub delivered: u64,
    /// Tries that failed, after which it is tried again.
    pub failed: u64,
    /// Deliveries that were parked after 3 days.
    pub parked: u64,
    /// Deliveries that were given up after 30 days.
    pub given_up: u64,
    /// Looks at which too many receivers were delivered to already.
    pub crowded: u64,
    /// Deliveries that are still tried, as they were counted last.
    pub pending_now: u64,
    /// Deliveries that are parked, as they were counted last.
    pub parked_now: u64,
}

/// What sends events out.
#[derive(Debug)]
pub(crate) struct Out {
    pub(crate) client: Client,
    pub(crate) signals: Arc<Signals>,
    pub(crate) log: Option<EventLog>,
    /// Up to where events were looked at for receivers that wanted none of them, where that is not written down.
    pub(crate) looked_at: Mutex<HashMap<WebhookId, i64>>,
    pub(crate) pending: AtomicU64,
    pub(crate) parked: AtomicU64,
    given_up: AtomicU64,
}

impl Out {
    pub(crate) fn new(options: EventOptions) -> Result<Self, InvalidRoots> {
        Ok(Self {
            client: Client::new(options.policy, options.resolver, &options.roots)?,
            signals: Arc::default(),
            log: options.log,
            looked_at: Mutex::default(),
            pending: AtomicU64::new(0),
            parked: AtomicU64::new(0),
            given_up: AtomicU64::new(0),
        })
    }

    pub(crate) fn gave_up(&self, deliveries: u64) {
        self.given_up.fetch_add(deliveries, Relaxed);
    }
}

impl Keydesk {
    /// What became of events.
    pub fn webhook_counters(&self) -> WebhookCounters {
        let out = &self.inner.out;
        let ended = out.signals.counters();
        WebhookCounters {
            delivered: ended.delivered,
            failed: ended.failed,
            parked: ended.parked,
            given_up: out.given_up.load(Relaxed),
            crowded: ended.crowded,
            pending_now: out.pending.load(Relaxed),
            parked_now: out.parked.load(Relaxed),
        }
    }
}
