use std::{collections::BTreeSet, ops::Range};

use model::{Instant, PeriodBounds};
use serde::ser::SerializeMap;

use super::{intervals::place, leg::Leg};
use crate::{event::Subject, id::AgentId, state::Revisions};

/// Whether a row can still change, and how often it did after it could not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Finality {
    /// The interval is over and no leg is open that counts in it, by either basis.
    pub is_final: bool,
    /// How often a leg that counts in it as handled, by either basis, was corrected after it was closed. A late wrap is a correction.
    pub revision: u64,
    /// When a leg that counts in it changed last; none where none counts.
    pub changed_at: Option<Instant>,
    /// `seq` of its last correction; 0 if there was none.
    pub revised_seq: u64,
    /// How many legs are open that count in it.
    pub open_calls: u64,
}

impl Finality {
    /// Notes a leg that counts in the row, and whether it does so as handled: that is what a correction changes.
    fn note(&mut self, leg: &Leg<'_>, as_handled: bool) {
        let call = leg.call();
        self.open_calls += u64::from(leg.is_open());
        self.changed_at = self.changed_at.max(Some(call.updated_at));
        if as_handled && call.revision > 0 {
            self.revision += u64::from(call.revision);
            self.revised_seq = self.revised_seq.max(call.seq);
        }
    }

    /// Adds what was noted in another row.
    pub(super) fn add(&mut self, other: &Self) {
        self.open_calls += other.open_calls;
        self.changed_at = self.changed_at.max(other.changed_at);
        self.revision += other.revision;
        self.revised_seq = self.revised_seq.max(other.revised_seq);
    }

    /// Decides, once all legs are noted.
    pub(super) fn decide(&mut self, interval: PeriodBounds, now: Instant) {
        self.is_final = interval.end <= now && self.open_calls == 0;
    }

    pub(super) fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry("final", &self.is_final)?;
        map.serialize_entry("revision", &self.revision)?;
        map.serialize_entry("changed_at", &self.changed_at)?;
        map.serialize_entry("open_calls", &self.open_calls)
    }
}

/// When a leg counts as handled, by one basis and by the other. A row has one revision, whatever the basis it is asked by.
fn handled_at(leg: &Leg<'_>) -> impl Iterator<Item = Instant> {
    leg.handled().into_iter().flat_map(|handled| [handled.at, leg.visit_at()])
}

/// The quarter hours whose figures a correction of a leg changes, by their queue or agent and their start.
pub fn revised_by(leg: &Leg<'_>) -> BTreeSet<(Subject, Instant)> {
    let call = leg.call();
    let subjects = [leg.queue_id().map(Subject::Queue), call.agent_id.map(Subject::Agent)];
    let of = |subject| handled_at(leg).map(move |at| (subject, Revisions::start_of(at)));
    subjects.into_iter().flatten().flat_map(of).collect()
}

/// Notes a leg in each interval that it counts in, for its queue or for `agent`.
pub(super) fn note(
    leg: &Leg<'_>,
    agent: Option<AgentId>,
    intervals: &[PeriodBounds],
    now: Instant,
    mut of: impl FnMut(usize, &dyn Fn(&mut Finality)),
) {
    let call = leg.call();
    let instants = &call.instants;
    // Whoever only missed it has nothing to do with its wrap.
    let theirs = agent.is_none() || agent == call.agent_id;
    let handled = handled_at(leg).filter(|_| theirs).map(|at| (at, true));
    let events = [instants.enqueued_at, instants.dequeued_at, instants.answered_at, instants.wrap_ended_at];
    let offers = call.offers.iter().filter_map(|offer| offer.ended_at);
    let others = events.into_iter().flatten().chain(offers).chain([leg.visit_at()]).map(|at| (at, false));
    let placed = handled.chain(others).filter_map(|(at, as_handled)| Some((place(intervals, at)?, as_handled)));
    // That a caller waited is nobody's but the queue's.
    let waits = waiting(leg, intervals, now).filter(|_| agent.is_none()).map(|place| (place, false));
    let mut counted: Vec<_> = placed.chain(waits).collect();
    // Of the same place first the one that is handled, which stays.
    counted.sort_unstable_by_key(|(place, as_handled)| (*place, !as_handled));
    counted.dedup_by_key(|(place, _)| *place);
    for (place, as_handled) in counted {
        of(place, &|finality: &mut Finality| finality.note(leg, as_handled));
    }
}

/// The intervals during which the caller waits, as far as they have begun.
pub(super) fn waiting(leg: &Leg<'_>, intervals: &[PeriodBounds], now: Instant) -> Range<usize> {
    let Some(visit) = leg.visit() else { return 0..0 };
    let until = visit.left_at.unwrap_or(now);
    let first = intervals.partition_point(|interval| interval.end <= visit.enqueued_at);
    let end = intervals.partition_point(|interval| interval.start <= until);
    first..end.max(first)
}
