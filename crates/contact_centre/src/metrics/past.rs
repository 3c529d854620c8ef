use std::{
    cmp::Reverse,
    collections::{BTreeSet, BinaryHeap},
};

use model::Instant;

use super::{
    history::{ABANDONS_MS, History, LEGS},
    leg::{Fate, Leg},
};
use crate::objects::Queue;

/// [`History`] at one instant after the other, of the legs that were closed by then and not long before. Each leg is looked at when it comes in and
/// when it goes out, and not at each instant: a day of a queue costs what its legs cost, however many instants of it are asked for.
#[derive(Clone, Debug)]
pub struct Past {
    configured_ms: i64,
    kept_ms: i64,
    /// In the order in which they were closed. Those before `next` have come in, and those before `first` have gone out.
    legs: Vec<Closed>,
    first: usize,
    next: usize,
    handled: Newest,
    entered: Later,
    left: Later,
    hung_up: BinaryHeap<Reverse<Instant>>,
}

/// What of a leg counts.
#[derive(Clone, Copy, Debug)]
struct Closed {
    at: Instant,
    handled: Option<Once>,
    /// When the caller entered and left.
    waited: Option<(Instant, Instant)>,
    hung_up: bool,
}

/// When something was handled, how long it took in milliseconds, and a number that nothing else has.
type Once = (Instant, i64, usize);

impl Past {
    /// Of a queue and its legs, in any order, each for so long after it was closed, in milliseconds: no less than half an hour.
    pub fn new<'a>(queue: &Queue, legs: impl IntoIterator<Item = Leg<'a>>, kept_ms: i64) -> Self {
        let own = legs.into_iter().filter(|leg| leg.queue_id() == Some(queue.id)).enumerate();
        let closed = own.filter_map(|(number, leg)| {
            let visit = leg.visit();
            Some(Closed {
                at: leg.call().closed_at?,
                handled: leg.handled().map(|handled| (handled.at, handled.handle_ms, number)),
                waited: visit.and_then(|visit| Some((visit.enqueued_at, visit.left_at?))),
                hung_up: visit.is_some_and(|visit| visit.fate == Fate::Abandoned),
            })
        });
        let mut legs: Vec<_> = closed.collect();
        legs.sort_unstable_by_key(|leg| leg.at);
        Self {
            configured_ms: queue.current().expected_handle_ms,
            kept_ms: kept_ms.max(ABANDONS_MS),
            legs,
            first: 0,
            next: 0,
            handled: Newest::default(),
            entered: Later::default(),
            left: Later::default(),
            hung_up: BinaryHeap::new(),
        }
    }

    /// What [`History::of`] says of the legs that were closed until then. Each instant is no earlier than the one before.
    pub fn at(&mut self, now: Instant) -> History {
        while let Some(leg) = self.legs.get(self.next).filter(|leg| leg.at <= now) {
            if let Some(once) = leg.handled {
                self.handled.put(once);
            }
            if let Some((entered, left)) = leg.waited {
                self.entered.put(entered);
                self.left.put(left);
                self.hung_up.extend(leg.hung_up.then_some(Reverse(left)));
            }
            self.next += 1;
        }
        let oldest = now.plus_millis(-self.kept_ms);
        while let Some(leg) = self.legs.get(self.first).filter(|leg| self.first < self.next && leg.at < oldest) {
            if let Some(once) = leg.handled {
                self.handled.remove(once);
            }
            self.first += 1;
        }
        let since = now.plus_millis(-ABANDONS_MS);
        while self.hung_up.peek().is_some_and(|Reverse(left)| *left < since) {
            self.hung_up.pop();
        }
        History::from_sums(
            self.configured_ms,
            (self.handled.sum_ms, self.handled.last.len()),
            (self.hung_up.len() as u64, self.waited_ms(since)),
        )
    }

    /// How long callers waited since an instant, all together: what of each visit lies after it. That is the sum of when they left, or of the
    /// instant if that is later, without that of when they entered, or of the instant. Of those before it only their number matters, which
    /// both sums have alike.
    fn waited_ms(&mut self, since: Instant) -> i64 {
        let ((entered, entered_count), (left, left_count)) = (self.entered.after(since), self.left.after(since));
        left - entered - since.as_millis() * (left_count - entered_count)
    }
}

/// The last of what was handled, and how long that took together.
#[derive(Clone, Debug, Default)]
struct Newest {
    last: BTreeSet<Once>,
    /// Each earlier than any of `last`; none while there is room there.
    others: BTreeSet<Once>,
    sum_ms: i64,
}

impl Newest {
    fn put(&mut self, once: Once) {
        self.sum_ms += once.1;
        self.last.insert(once);
        if self.last.len() > LEGS
            && let Some(oldest) = self.last.pop_first()
        {
            self.sum_ms -= oldest.1;
            self.others.insert(oldest);
        }
    }

    fn remove(&mut self, once: Once) {
        if !self.last.remove(&once) {
            self.others.remove(&once);
            return;
        }
        self.sum_ms -= once.1;
        if let Some(next) = self.others.pop_last() {
            self.sum_ms += next.1;
            self.last.insert(next);
        }
    }
}

/// Instants after one that moves on, and their sum in milliseconds.
#[derive(Clone, Debug, Default)]
struct Later {
    instants: BinaryHeap<Reverse<Instant>>,
    sum_ms: i64,
}

impl Later {
    fn put(&mut self, at: Instant) {
        self.instants.push(Reverse(at));
        self.sum_ms += at.as_millis();
    }

    /// The sum, and how many.
    fn after(&mut self, since: Instant) -> (i64, i64) {
        while let Some(Reverse(at)) = self.instants.peek().copied().filter(|Reverse(at)| *at <= since) {
            self.instants.pop();
            self.sum_ms -= at.as_millis();
        }
        (self.sum_ms, i64::try_from(self.instants.len()).unwrap_or(i64::MAX))
    }
}
