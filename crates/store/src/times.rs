//! How long the database takes, for metrics and for whoever follows a request.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use model::Histogram;

/// Told of each thing that the database was asked and that is over: what kind it was, which module asked, and since when.
pub type Observer = fn(&'static str, &'static str, Instant);

static OBSERVER: OnceLock<Observer> = OnceLock::new();

/// Tells `observer` from now on. The first one stays.
pub fn observe(observer: Observer) {
    let _ = OBSERVER.set(observer);
}

/// Durations since the start.
#[derive(Debug, Default)]
pub(crate) struct Times {
    /// What people and pages read.
    pub(crate) reads: Histogram,
    /// Keys that memory does not know.
    pub(crate) lookups: Histogram,
    /// What proves that memory is fresh.
    pub(crate) polls: Histogram,
    /// How long changes wait for their turn.
    pub(crate) turns: Histogram,
    /// COMMITs.
    pub(crate) commits: Histogram,
    /// Changes that were committed.
    pub(crate) changes: AtomicU64,
}

impl Times {
    pub(crate) fn read(&self, place: &'static str) -> Timed<'_> {
        Timed::new(&self.reads, "read", place)
    }

    pub(crate) fn lookups(&self, place: &'static str) -> Timed<'_> {
        Timed::new(&self.lookups, "lookup", place)
    }

    pub(crate) fn poll(&self, place: &'static str) -> Timed<'_> {
        Timed::new(&self.polls, "poll", place)
    }

    pub(crate) fn turn(&self, place: &'static str) -> Timed<'_> {
        Timed::new(&self.turns, "turn", place)
    }

    pub(crate) fn commit(&self, place: &'static str) -> Timed<'_> {
        Timed::new(&self.commits, "commit", place)
    }

    /// Counts the changes of a group that is committed.
    pub(crate) fn committed(&self, changes: usize) {
        self.changes.fetch_add(changes as u64, Relaxed);
    }
}

/// Lives while the database is asked. An answer that fails, or that nobody waits for any more, took its time too.
pub(crate) struct Timed<'a> {
    histogram: &'a Histogram,
    observed: Observed,
}

impl<'a> Timed<'a> {
    fn new(histogram: &'a Histogram, of: &'static str, place: &'static str) -> Self {
        Self { histogram, observed: Observed { of, place, started: Instant::now() } }
    }
}

impl Drop for Timed<'_> {
    fn drop(&mut self) {
        self.histogram.record(self.observed.started.elapsed());
    }
}

/// The same for what is in no histogram of its own.
pub(crate) struct Observed {
    of: &'static str,
    place: &'static str,
    started: Instant,
}

/// `None`: nobody wants to know.
pub(crate) fn observed(of: &'static str, place: &'static str) -> Option<Observed> {
    OBSERVER.get().map(|_| Observed { of, place, started: Instant::now() })
}

impl Drop for Observed {
    fn drop(&mut self) {
        if let Some(observer) = OBSERVER.get() {
            observer(self.of, self.place, self.started);
        }
    }
}
