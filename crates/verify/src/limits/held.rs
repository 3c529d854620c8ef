//! Parts of quotas that a call holds while its rate limits are asked for elsewhere: so whatever is granted there is refused by no quota
//! here, and nobody is refused there for the sake of a call that takes nothing in the end.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use model::{Instant, LimitName};
use tokio::sync::Notify;

use super::meters::Meters;

/// What one call holds. When it is dropped, whatever the call did not need is there for others.
#[derive(Debug)]
pub(crate) struct Held {
    parts: Vec<Part>,
    calls: u64,
    /// Told when it is known what became of them.
    settled: Arc<Notify>,
}

/// Of one quota.
#[derive(Debug)]
struct Part {
    meters: Arc<Meters>,
    name: LimitName,
    period_start: Instant,
    is_spent: AtomicBool,
}

impl Held {
    /// As many calls, of no quota yet.
    pub(crate) fn of(calls: u64, settled: &Arc<Notify>) -> Self {
        Self { parts: Vec::new(), calls, settled: Arc::clone(settled) }
    }

    /// Notes that they were taken out of a quota.
    pub(crate) fn note(&mut self, meters: &Arc<Meters>, name: &LimitName, period_start: Instant) {
        let (meters, name) = (Arc::clone(meters), name.clone());
        self.parts.push(Part { meters, name, period_start, is_spent: AtomicBool::new(false) });
    }

    /// Whether they are of this quota.
    pub(crate) fn has(&self, meters: &Arc<Meters>, name: &LimitName, period_start: Instant) -> bool {
        self.part(meters, name, period_start).is_some()
    }

    /// The call passes: nothing of this quota comes back. False: they are of none such.
    pub(crate) fn spend(&self, meters: &Arc<Meters>, name: &LimitName, period_start: Instant) -> bool {
        self.part(meters, name, period_start).is_some_and(|part| !part.is_spent.swap(true, Relaxed))
    }

    fn part(&self, meters: &Arc<Meters>, name: &LimitName, period_start: Instant) -> Option<&Part> {
        let is_it =
            |part: &&Part| Arc::ptr_eq(&part.meters, meters) && part.name == *name && part.period_start == period_start;
        self.parts.iter().find(is_it)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        for part in self.parts.iter().filter(|part| !part.is_spent.load(Relaxed)) {
            part.meters.lock().release(&part.name, part.period_start, self.calls);
        }
        if !self.parts.is_empty() {
            self.settled.notify_waiters();
        }
    }
}
