use std::collections::BTreeMap;

use model::Instant;

use crate::event::Subject;

/// How often legs that count in an interval of 15 minutes were corrected after they were closed, by its queue or agent and its start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revisions(BTreeMap<(Subject, Instant), Revised>);

/// The last revision of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Revised {
    /// How often it was revised.
    pub revision: u32,
    /// The `seq` of the last change.
    pub seq: u64,
    /// When that was.
    #[serde(with = "crate::millis")]
    pub at: Instant,
}

impl Revisions {
    /// Intervals that are remembered.
    pub const MAX: usize = 100_000;
    /// Milliseconds of an interval.
    pub const INTERVAL_MS: i64 = 900_000;

    /// The start of the interval in which an instant lies. Quarter hours of every time zone that is in use begin at those of UTC.
    pub fn start_of(at: Instant) -> Instant {
        Instant::from_millis(at.as_millis() - at.as_millis().rem_euclid(Self::INTERVAL_MS))
    }

    /// The last revision of an interval; none if it was never revised.
    pub fn get(&self, subject: Subject, start: Instant) -> Option<Revised> {
        self.0.get(&(subject, start)).copied()
    }

    /// Every revised interval of a queue or agent that starts in `[from, to)`.
    pub fn between(&self, subject: Subject, from: Instant, to: Instant) -> impl Iterator<Item = (Instant, Revised)> {
        // A range whose end lies before its start would panic.
        let to = to.max(from);
        self.0.range((subject, from)..(subject, to)).map(|((_, start), revised)| (*start, *revised))
    }

    /// Every revised interval.
    pub fn all(&self) -> impl Iterator<Item = (Subject, Instant, Revised)> {
        self.0.iter().map(|((subject, start), revised)| (*subject, *start, *revised))
    }

    pub(crate) fn put(&mut self, subject: Subject, start: Instant, revised: Revised) {
        if self.0.len() >= Self::MAX && !self.0.contains_key(&(subject, start)) {
            self.0.pop_first();
        }
        self.0.insert((subject, start), revised);
    }

    pub(super) fn forget_before(&mut self, before: Instant) {
        self.0.retain(|(_, start), _| *start >= before);
    }
}
