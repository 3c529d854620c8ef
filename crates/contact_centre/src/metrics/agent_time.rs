use std::collections::BTreeMap;

use model::{Instant, PeriodBounds};
use serde::Serialize;

use crate::objects::{AgentState, Reason, Stay};

/// What an agent did in an interval, by the clock and in milliseconds. All parts together are exactly as long as the interval, or as
/// what has passed of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AgentTime {
    /// Waiting for a call.
    pub ready_ms: i64,
    /// Taking no calls, for any reason.
    pub not_ready_ms: i64,
    /// The same by its reason; reasons that did not occur are left out.
    pub not_ready: BTreeMap<Reason, i64>,
    /// A call rang.
    pub offered_ms: i64,
    /// Speaking with a customer.
    pub talk_ms: i64,
    /// The customer on hold.
    pub hold_ms: i64,
    /// Waiting for a callee to answer.
    pub dial_ms: i64,
    /// Speaking with a colleague.
    pub consult_ms: i64,
    /// Wrapping.
    pub wrap_ms: i64,
    /// Not there.
    pub offline_ms: i64,
}

/// An agent's time, split at the borders of intervals. Stays are in order, and each lasts until the next; before the first the agent
/// was not there. What is later than `now` has not been yet.
pub fn agent_times(stays: &[Stay], intervals: &[PeriodBounds], now: Instant) -> Vec<AgentTime> {
    intervals.iter().map(|interval| of_interval(stays, interval.start, interval.end.min(now))).collect()
}

fn of_interval(stays: &[Stay], start: Instant, end: Instant) -> AgentTime {
    let mut time = AgentTime::default();
    if end <= start {
        return time;
    }
    // The stay that the interval begins in, and those that begin within it.
    let first = stays.partition_point(|stay| stay.since <= start);
    let within = stays.get(first..).unwrap_or_default().iter().take_while(|stay| stay.since < end);
    let mut since = start;
    let mut current = first.checked_sub(1).and_then(|place| stays.get(place));
    for stay in within {
        time.add(current, stay.since.as_millis() - since.as_millis());
        (since, current) = (stay.since, Some(stay));
    }
    time.add(current, end.as_millis() - since.as_millis());
    time
}

impl AgentTime {
    fn add(&mut self, stay: Option<&Stay>, ms: i64) {
        let part = match stay.map(|stay| (stay.status.state(), stay.status.routing.reason())) {
            None | Some((AgentState::Offline, _)) => &mut self.offline_ms,
            Some((AgentState::Ready, _)) => &mut self.ready_ms,
            Some((AgentState::NotReady, reason)) => {
                if let Some(reason) = reason {
                    *self.not_ready.entry(reason).or_default() += ms;
                }
                &mut self.not_ready_ms
            }
            Some((AgentState::Offered, _)) => &mut self.offered_ms,
            Some((AgentState::Talking, _)) => &mut self.talk_ms,
            Some((AgentState::Held, _)) => &mut self.hold_ms,
            Some((AgentState::Dialing, _)) => &mut self.dial_ms,
            Some((AgentState::Consulting, _)) => &mut self.consult_ms,
            Some((AgentState::Wrapping, _)) => &mut self.wrap_ms,
        };
        *part += ms;
    }

    /// All parts together, in milliseconds.
    pub fn total_ms(&self) -> i64 {
        self.ready_ms + self.not_ready_ms + self.offered_ms + self.busy_ms() + self.consult_ms + self.offline_ms
    }

    /// Dialling, speaking, on hold and wrapping, in milliseconds.
    pub fn busy_ms(&self) -> i64 {
        self.dial_ms + self.talk_ms + self.hold_ms + self.wrap_ms
    }

    /// How much of the time for calls was spent with calls. Ringing is in neither.
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of an interval are far below 2^52")]
    pub fn occupancy_ratio(&self) -> Option<f64> {
        let whole = self.busy_ms() + self.ready_ms;
        (whole > 0).then(|| self.busy_ms() as f64 / whole as f64)
    }

    /// Adds what another has.
    pub fn add_time(&mut self, other: &Self) {
        for (mine, theirs) in [
            (&mut self.ready_ms, other.ready_ms),
            (&mut self.not_ready_ms, other.not_ready_ms),
            (&mut self.offered_ms, other.offered_ms),
            (&mut self.talk_ms, other.talk_ms),
            (&mut self.hold_ms, other.hold_ms),
            (&mut self.dial_ms, other.dial_ms),
            (&mut self.consult_ms, other.consult_ms),
            (&mut self.wrap_ms, other.wrap_ms),
            (&mut self.offline_ms, other.offline_ms),
        ] {
            *mine += theirs;
        }
        for (reason, ms) in &other.not_ready {
            *self.not_ready.entry(*reason).or_default() += ms;
        }
    }
}
