//! What is open for longer than a moment. When its key may no longer do what it does, it is cut: nothing more goes through, and
//! nothing is put in.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{
            AtomicBool, AtomicUsize,
            Ordering::{Acquire, Relaxed, Release},
        },
    },
    task::{Context, Waker},
};

use model::{AcceptedEnvironment, CallFacts, CallOrigin, Instant, KeyId, Occupancy, Scope};
use verify::{Record, Verifier};

/// By what right a call goes on.
#[derive(Debug)]
pub(super) struct Grant {
    pub(super) record: Arc<Record>,
    pub(super) wanted: Arc<[Scope]>,
    pub(super) environment: AcceptedEnvironment,
    pub(super) ip: Option<IpAddr>,
    pub(super) origin: Origin,
}

/// [`CallOrigin`], to be kept.
#[derive(Debug)]
pub(super) enum Origin {
    Unknown,
    Named(Box<str>),
    SameAs(Box<str>),
}

impl From<CallOrigin<'_>> for Origin {
    fn from(origin: CallOrigin<'_>) -> Self {
        match origin {
            CallOrigin::Unknown => Self::Unknown,
            CallOrigin::Named(origin) => Self::Named(origin.into()),
            CallOrigin::SameAs(host) => Self::SameAs(host.into()),
        }
    }
}

impl Grant {
    fn facts(&self) -> CallFacts<'_> {
        let origin = match &self.origin {
            Origin::Unknown => CallOrigin::Unknown,
            Origin::Named(origin) => CallOrigin::Named(origin),
            Origin::SameAs(host) => CallOrigin::SameAs(host),
        };
        CallFacts { wanted: &self.wanted, environment: self.environment, ip: self.ip, origin }
    }
}

/// All that is open.
#[derive(Debug)]
pub(super) struct Streams {
    open: Mutex<Entries>,
    /// How many streams each key has.
    of_keys: Mutex<HashMap<KeyId, usize>>,
    streams: AtomicUsize,
    bounds: StreamBounds,
}

/// Most streams.
#[derive(Clone, Copy, Debug)]
pub(super) struct StreamBounds {
    pub(super) all: usize,
    pub(super) of_key: usize,
}

#[derive(Debug, Default)]
struct Entries {
    by_number: HashMap<u64, Arc<Entry>>,
    next: u64,
}

#[derive(Debug)]
struct Entry {
    grant: Grant,
    /// Whether it counts among the streams of its key.
    is_stream: bool,
    is_cut: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

/// A call in the list of what is open, for as long as it is.
#[derive(Debug)]
pub(super) struct Open {
    entry: Arc<Entry>,
    number: u64,
    streams: Arc<Streams>,
}

/// A stream in its place, of which a key has only so many.
#[derive(Debug)]
pub(super) struct Place {
    streams: Arc<Streams>,
    key: KeyId,
}

impl Streams {
    pub(super) fn new(bounds: StreamBounds) -> Self {
        Self { open: Mutex::default(), of_keys: Mutex::default(), streams: AtomicUsize::new(0), bounds }
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a stream of this key, which may have `most` here; `None`: there is none.
    pub(super) fn place(self: &Arc<Self>, key: KeyId, most: Option<usize>) -> Option<Place> {
        let mut of_keys = self.of_keys.lock().unwrap_or_else(PoisonError::into_inner);
        let has = of_keys.get(&key).copied().unwrap_or_default();
        let most = most.map_or(self.bounds.of_key, |most| most.min(self.bounds.of_key));
        if has >= most || self.streams.load(Relaxed) >= self.bounds.all {
            return None;
        }
        self.streams.fetch_add(1, Relaxed);
        of_keys.insert(key, has + 1);
        Some(Place { streams: Arc::clone(self), key })
    }

    /// Watches over a call that goes on; `place`: that of a stream.
    pub(super) fn open(self: &Arc<Self>, grant: Grant, place: Option<&Place>) -> Open {
        let (is_stream, is_cut) = (place.is_some(), AtomicBool::new(false));
        let entry = Arc::new(Entry { grant, is_stream, is_cut, waker: Mutex::default() });
        let mut entries = self.entries();
        entries.next += 1;
        let number = entries.next;
        entries.by_number.insert(number, Arc::clone(&entry));
        drop(entries);
        Open { entry, number, streams: Arc::clone(self) }
    }

    /// Cuts what its key may no longer do at `now`, and, of the streams of a key that may have fewer now, the newest.
    pub(super) async fn sweep(&self, verifier: &Verifier, now: Instant) {
        let mut open: Vec<_> =
            self.entries().by_number.iter().map(|(number, entry)| (*number, Arc::clone(entry))).collect();
        open.sort_unstable_by_key(|(number, _)| *number);
        let mut of_keys: HashMap<KeyId, usize> = HashMap::new();
        for (_, entry) in open {
            let Some(record) = verifier.still_allows(&entry.grant.record, entry.grant.facts(), now).await else {
                entry.cut();
                continue;
            };
            let Some(most) = share(&record, verifier.nodes()).filter(|_| entry.is_stream) else { continue };
            let has = of_keys.entry(record.key_id()).or_default();
            *has += 1;
            if *has > most {
                entry.cut();
            }
        }
    }

    /// Cuts all.
    pub(super) fn cut_all(&self) {
        for entry in self.entries().by_number.values() {
            entry.cut();
        }
    }

    /// How many streams have a place, of how many.
    pub(super) fn occupancy(&self) -> Occupancy {
        Occupancy::new("gateway_streams", self.streams.load(Relaxed), self.bounds.all)
    }
}

/// How many streams a key may have at this one of so many nodes: its part, and at least one, if it may have any.
pub(super) fn share(record: &Record, nodes: u64) -> Option<usize> {
    let most = record.max_streams()?;
    let part = (most / nodes.max(1)).max(most.min(1));
    Some(usize::try_from(part).unwrap_or(usize::MAX))
}

impl Entry {
    fn cut(&self) {
        self.is_cut.store(true, Release);
        let waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Open {
    /// Whether it is cut. If not, the task is woken when it is.
    pub(super) fn is_cut(&self, cx: &mut Context<'_>) -> bool {
        if self.entry.is_cut.load(Acquire) {
            return true;
        }
        let mut waker = self.entry.waker.lock().unwrap_or_else(PoisonError::into_inner);
        if !waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            *waker = Some(cx.waker().clone());
        }
        drop(waker);
        // It may have been cut in between.
        self.entry.is_cut.load(Acquire)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.streams.entries().by_number.remove(&self.number);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.streams.streams.fetch_sub(1, Relaxed);
        let mut of_keys = self.streams.of_keys.lock().unwrap_or_else(PoisonError::into_inner);
        match of_keys.get_mut(&self.key) {
            Some(has) if *has > 1 => *has -= 1,
            _ => drop(of_keys.remove(&self.key)),
        }
    }
}
