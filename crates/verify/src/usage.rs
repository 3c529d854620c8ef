use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};

use model::{Code, Environment, InstallationId, Occupancy, Scope};
use store::{AddressDelta, RefusedDelta, UsageDelta};
use tokio::sync::mpsc;

use crate::{
    Record,
    record::{quarter, start},
};

/// Keys that can wait in the queue to have their usage written down. Those beyond wait in a list behind a lock.
const QUEUE: usize = 65_536;

/// Counts that wait outside of their records because the database takes none: those of the minutes that are over since. Beyond,
/// allowed calls are given up and their number is told; of refused calls only the key is forgotten.
const ASIDE: usize = 1_000_000;

/// Addresses that wait because the database takes none. Beyond, they are given up and the number of their calls is told.
const ADDRESSES: usize = 100_000;

/// The keys whose usage is not written down yet. Each has its counts in its own record and is here once.
pub(crate) struct Usage {
    sender: mpsc::Sender<Arc<Record>>,
    receiver: Mutex<mpsc::Receiver<Arc<Record>>>,
    left: Mutex<Left>,
    deferred: AtomicU64,
    lost: AtomicU64,
    detail_lost: AtomicU64,
    refused_alone: AtomicBool,
}

/// Calls that were taken out of a record.
#[derive(Clone)]
pub(crate) struct Counted {
    pub(crate) record: Arc<Record>,
    pub(crate) minute: u32,
    pub(crate) scope: Option<Scope>,
    pub(crate) code: Code,
    pub(crate) calls: u32,
}

impl Counted {
    pub(crate) fn delta(&self) -> UsageDelta {
        UsageDelta {
            installation: self.record.installation(),
            key: self.record.key_id(),
            secret: self.record.secret(),
            client: self.record.client_name().clone(),
            environment: self.record.environment(),
            at: start(self.minute),
            scope: self.scope.clone(),
            code: self.code,
            calls: u64::from(self.calls),
        }
    }
}

/// Usage that waits outside the queue.
#[derive(Default)]
pub(crate) struct Left {
    /// Those that found the queue full, are not due, or could not be written down; those that wait longest first. A record that is no
    /// longer in memory, because its key has changed since, is kept from being forgotten here.
    pub(crate) records: Vec<Arc<Record>>,
    /// Calls of minutes that are over, and calls that could not be written down.
    pub(crate) counted: Vec<Counted>,
    pub(crate) addresses: Vec<AddressDelta>,
    /// Refused calls of which the key is forgotten, by their quarter of an hour: so many that they are few rows.
    pub(crate) refused: HashMap<(InstallationId, Environment, u32, Code), u64>,
}

impl Left {
    pub(crate) fn take_refused(&mut self) -> Vec<RefusedDelta> {
        let refused = std::mem::take(&mut self.refused).into_iter();
        refused
            .map(|((installation, environment, quarter, code), calls)| RefusedDelta {
                installation,
                environment,
                at: start(quarter * 15),
                code,
                calls,
            })
            .collect()
    }
}

impl Usage {
    pub(crate) fn new() -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        Self {
            sender,
            receiver: Mutex::new(receiver),
            left: Mutex::default(),
            deferred: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            detail_lost: AtomicU64::new(0),
            refused_alone: AtomicBool::new(false),
        }
    }

    /// From now on calls that are allowed are not recorded.
    pub(crate) fn record_refused_alone(&self) {
        self.refused_alone.store(true, Relaxed);
    }

    pub(crate) fn records(&self, code: Code) -> bool {
        code != Code::Valid || !self.refused_alone.load(Relaxed)
    }

    /// Never waits for the database.
    pub(crate) fn queue(&self, record: &Arc<Record>) {
        if self.sender.try_send(Arc::clone(record)).is_err() {
            self.deferred.fetch_add(1, Relaxed);
            self.left().records.push(Arc::clone(record));
        }
    }

    /// Puts the calls of a minute aside before those of another are counted. Most often that is one number, which the record keeps.
    pub(crate) fn turn(&self, record: &Arc<Record>, minute: u32) {
        let Some(detail) = record.detail() else { return };
        let allowed = record.take_allowed();
        if allowed > 0 && !detail.keep_past(minute, allowed) {
            self.put_aside([counted(record, minute, Code::Valid, allowed)]);
        }
        if detail.is_urgent() {
            self.put_aside(detail.take_refused().map(|(code, calls)| counted(record, minute, code, calls)));
        }
        if quarter(minute) != quarter(record.minute()) {
            self.put_aside(scopes(record, minute));
        }
    }

    /// Keeps counts until they are written down.
    pub(crate) fn put_aside(&self, counts: impl IntoIterator<Item = Counted>) {
        let mut left = None;
        for of in counts {
            let left = left.get_or_insert_with(|| self.left());
            if left.counted.len() < ASIDE {
                left.counted.push(of);
                continue;
            }
            let calls = u64::from(of.calls);
            if of.scope.is_some() {
                self.detail_lost.fetch_add(calls, Relaxed);
            } else if of.code == Code::Valid {
                self.lost.fetch_add(calls, Relaxed);
            } else {
                let row = (of.record.installation(), of.record.environment(), quarter(of.minute), of.code);
                *left.refused.entry(row).or_default() += calls;
            }
        }
    }

    pub(crate) fn put_addresses_aside(&self, addresses: Vec<AddressDelta>) {
        let mut left = self.left();
        let room = ADDRESSES.saturating_sub(left.addresses.len());
        let lost: u64 = addresses.iter().skip(room).map(|of| of.allowed + of.refused).sum();
        left.addresses.extend(addresses.into_iter().take(room));
        drop(left);
        self.lose_detail(lost);
    }

    pub(crate) fn lose_detail(&self, calls: u64) {
        self.detail_lost.fetch_add(calls, Relaxed);
    }

    pub(crate) fn deferred(&self) -> u64 {
        self.deferred.load(Relaxed)
    }

    /// Calls whose counts were given up.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Relaxed)
    }

    /// Calls that were counted, and whose scope or address was given up.
    pub(crate) fn detail_lost(&self) -> u64 {
        self.detail_lost.load(Relaxed)
    }

    /// Rows and keys that wait to be written down.
    pub(crate) fn waiting(&self) -> u64 {
        let left = self.left();
        (self.queued() + left.records.len() + left.counted.len() + left.addresses.len() + left.refused.len()) as u64
    }

    /// Keys in the queue.
    fn queued(&self) -> usize {
        self.sender.max_capacity() - self.sender.capacity()
    }

    /// How full each of its rooms is.
    pub(crate) fn occupancy(&self) -> [Occupancy; 3] {
        let left = self.left();
        [
            Occupancy::new("usage_keys", self.queued(), QUEUE),
            Occupancy::new("usage_rows", left.counted.len(), ASIDE),
            Occupancy::new("usage_addresses", left.addresses.len(), ADDRESSES),
        ]
    }

    pub(crate) fn left(&self) -> MutexGuard<'_, Left> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes out all usage that waits; what has waited longest first.
    pub(crate) fn drain(&self) -> Left {
        let mut left = std::mem::take(&mut *self.left());
        let mut receiver = self.receiver.lock().unwrap_or_else(PoisonError::into_inner);
        left.records.reserve(receiver.len());
        while let Ok(record) = receiver.try_recv() {
            left.records.push(record);
        }
        left
    }
}

fn counted(record: &Arc<Record>, minute: u32, code: Code, calls: u32) -> Counted {
    Counted { record: Arc::clone(record), minute, scope: None, code, calls }
}

fn scopes(record: &Arc<Record>, minute: u32) -> impl Iterator<Item = Counted> {
    let taken = record.detail().map(|detail| detail.take_scopes(record.scopes())).unwrap_or_default();
    taken
        .into_iter()
        .map(move |(scope, code, calls)| Counted { scope: Some(scope), ..counted(record, minute, code, calls) })
}

/// Takes out the calls that a record has counted.
pub(crate) fn take(record: &Arc<Record>, into: &mut Vec<Counted>) {
    let (minute, Some(detail)) = (record.minute(), record.detail()) else { return };
    if let Some((past, calls)) = detail.take_past() {
        into.push(counted(record, past, Code::Valid, calls));
    }
    let allowed = record.take_allowed();
    if allowed > 0 {
        into.push(counted(record, minute, Code::Valid, allowed));
    }
    into.extend(detail.take_refused().map(|(code, calls)| counted(record, minute, code, calls)));
    into.extend(scopes(record, minute));
}
