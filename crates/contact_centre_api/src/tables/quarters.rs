//! The rows of quarter hours, an hour of them at a time: the world is held for no longer, and each leg is looked at only for the hours in
//! which it counts, however long the range is.

use std::collections::VecDeque;

use contact_centre::{
    id::CallId,
    metrics::{Terms, agent_rows, intervals, queue_rows},
    objects::Call,
    world::{AsOf, World},
};
use model::{Instant, IntervalLength, PeriodBounds, TimeZone};
use serde::Serialize;
use serde_json::Value;

use crate::{
    begun::begun_at,
    figures::Legs,
    protocol::{Problem, kinds},
};

/// The rows of queues or agents that are still to be made.
pub(super) struct Quarters {
    of_agents: bool,
    range: PeriodBounds,
    /// The `seq` after which they were revised; none: all rows.
    since: Option<u64>,
    hours: VecDeque<PeriodBounds>,
    legs: Counting,
}

/// When a leg can count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Life {
    id: CallId,
    /// When its interaction began.
    begun: Instant,
    closed: Option<Instant>,
}

impl Life {
    fn of(call: &Call) -> Self {
        Self { id: call.id, begun: begun_at(call.root_id.0), closed: call.closed_at }
    }
}

/// Which legs count in one part of a range after the other.
struct Counting {
    /// Those that begin to count later, in that order.
    later: VecDeque<Life>,
    current: Vec<Life>,
}

impl Counting {
    fn of(lives: impl Iterator<Item = Life>) -> Self {
        let mut later: Vec<_> = lives.collect();
        later.sort_unstable_by_key(|life| life.begun);
        Self { later: later.into(), current: Vec::new() }
    }

    /// Those that can count in a part. Parts are asked for in the order of time.
    fn within(&mut self, part: PeriodBounds) -> impl Iterator<Item = CallId> {
        let begun = self.later.partition_point(|life| life.begun < part.end);
        self.current.extend(self.later.drain(..begun));
        self.current.retain(|life| life.closed.is_none_or(|closed| part.start <= closed));
        self.current.iter().map(|life| life.id)
    }
}

impl Quarters {
    /// Those that lie in a range at least in part, as far as they were revised after `since`.
    pub(super) fn of(world: &World, of_agents: bool, range: PeriodBounds, since: Option<u64>) -> Self {
        let hours: VecDeque<_> = intervals(&TimeZone::UTC, IntervalLength::Hour, range.start, range.end).collect();
        let lives = world.state().calls().map(Life::of);
        let legs = Counting::of(lives.filter(|life| {
            // As far back as the first hour, which may begin before the range.
            let over = hours.front().is_none_or(|first| life.closed.is_some_and(|closed| closed < first.start));
            !over && hours.back().is_some_and(|last| life.begun < last.end)
        }));
        Self { of_agents, range, since, hours, legs }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.hours.is_empty()
    }

    /// The rows of the next hour.
    ///
    /// # Errors
    /// What was there at the beginning is no longer known.
    pub(super) fn next(&mut self, world: &World, as_of: AsOf) -> Result<Vec<Value>, Problem> {
        let Some(hour) = self.hours.pop_front() else { return Ok(Vec::new()) };
        let terms = Terms::default();
        let (start, end) = (hour.start.max(self.range.start), hour.end.min(self.range.end));
        let quarters: Vec<_> = intervals(&terms.timezone, IntervalLength::Quarter, start, end).collect();
        let (Some(first), Some(last)) = (quarters.first(), quarters.last()) else { return Ok(Vec::new()) };
        let part = PeriodBounds { start: first.start, end: last.end };
        let legs = Legs::among(world, self.legs.within(part), as_of)?;
        let since = self.since;
        let revised = |seq: u64| since.is_none_or(|since| seq > since);
        if self.of_agents {
            let rows = agent_rows(world.state().agents(), legs.iter(), &quarters, &terms, as_of.at);
            return rows.iter().filter(|one| revised(one.finality.revised_seq)).map(row).collect();
        }
        let of = |queue| queue_rows(queue, legs.iter(), &quarters, &terms, as_of.at);
        let rows = world.state().queues().flat_map(of);
        rows.filter(|one| revised(one.finality.revised_seq)).map(row).collect()
    }
}

fn row(view: impl Serialize) -> Result<Value, Problem> {
    serde_json::to_value(view).map_err(|_| Problem::new(&kinds::INTERNAL_ERROR))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_leg_counts_from_its_beginning_to_its_end_and_is_not_looked_at_again() {
        let life = |id, begun, closed: Option<i64>| Life {
            id: CallId(Uuid::from_u128(id)),
            begun: Instant::from_millis(begun),
            closed: closed.map(Instant::from_millis),
        };
        let mut counting = Counting::of([life(3, 25, None), life(1, 5, Some(9)), life(2, 8, Some(20))].into_iter());
        let mut within = |start, end| -> Vec<_> {
            let part = PeriodBounds { start: Instant::from_millis(start), end: Instant::from_millis(end) };
            counting.within(part).map(|id| id.0.as_u128()).collect()
        };
        assert_eq!(within(0, 5), Vec::<u128>::new());
        assert_eq!(within(5, 10), [1, 2]);
        assert_eq!(within(10, 20), [2]);
        assert_eq!(within(20, 30), [2, 3]);
        assert_eq!(within(30, 40), [3]);
        assert_eq!((counting.later.len(), counting.current.len()), (0, 1));
    }
}
