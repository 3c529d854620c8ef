use std::collections::BTreeMap;

use model::{Instant, PeriodBounds};
use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{
    agent_time::{AgentTime, agent_times},
    average::Average,
    finality::{self, Finality},
    intervals::place,
    leg::{Fate, Leg},
    terms::{Basis, Terms},
};
use crate::{
    id::AgentId,
    objects::{Agent, Direction, OfferResult},
};

/// What an agent did in one interval. Time is always by the clock; calls are counted by the basis.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentRow<'a> {
    /// Whose row it is.
    pub agent: &'a Agent,
    /// When.
    pub interval: PeriodBounds,
    /// What was asked for.
    pub terms: &'a Terms,
    /// What the time went into.
    pub time: AgentTime,
    /// Offers that ended, however they did.
    pub offers: u64,
    /// Those that the agent did not take.
    pub offers_not_answered: u64,
    /// Callers whom the agent answered out of a queue.
    pub answered: u64,
    /// Legs that the agent has handled.
    pub handled: u64,
    /// Those of them that went out.
    pub outbound: u64,
    /// Dialling, of handled legs, in milliseconds.
    pub dial_ms: i64,
    /// Speaking, of handled legs, in milliseconds.
    pub talk_ms: i64,
    /// On hold, of handled legs, in milliseconds.
    pub hold_ms: i64,
    /// Wrapping, of handled legs, in milliseconds.
    pub wrap_ms: i64,
    /// All of that.
    pub handle_ms: i64,
    /// Whether it can still change.
    pub finality: Finality,
}

/// The rows of agents: one for each agent and interval, by agent and then by time. Legs are as they are at `now`, in any order.
pub fn agent_rows<'a, 'l>(
    agents: impl IntoIterator<Item = &'a Agent>,
    legs: impl IntoIterator<Item = Leg<'l>>,
    intervals: &[PeriodBounds],
    terms: &'a Terms,
    now: Instant,
) -> Vec<AgentRow<'a>> {
    let mut rows: BTreeMap<AgentId, Vec<AgentRow<'a>>> = BTreeMap::new();
    let mut order = Vec::new();
    for agent in agents {
        let times = agent_times(&agent.stays, intervals, now);
        let of = intervals.iter().zip(times).map(|(interval, time)| AgentRow::new(agent, *interval, terms, time));
        rows.insert(agent.id, of.collect());
        order.push(agent.id);
    }
    for leg in legs {
        for id in people(&leg) {
            let Some(rows) = rows.get_mut(&id) else { continue };
            count(&leg, id, terms.basis, |at, add| {
                if let Some(row) = place(intervals, at).and_then(|place| rows.get_mut(place)) {
                    add(row);
                }
            });
            finality::note(&leg, Some(id), intervals, now, |place, note| {
                if let Some(row) = rows.get_mut(place) {
                    note(&mut row.finality);
                }
            });
        }
    }
    let mut all: Vec<_> = order.iter().filter_map(|id| rows.remove(id)).flatten().collect();
    for row in &mut all {
        row.finality.decide(row.interval, now);
    }
    all
}

/// Each agent who has to do with a leg, once.
fn people(leg: &Leg<'_>) -> Vec<AgentId> {
    let offered = leg.call().offers.iter().map(|offer| offer.agent_id);
    let mut people: Vec<_> = leg.call().agent_id.into_iter().chain(offered).collect();
    people.sort_unstable();
    people.dedup();
    people
}

/// Names what a leg counts for an agent, and at which instant.
fn count(leg: &Leg<'_>, agent: AgentId, basis: Basis, mut put: impl FnMut(Instant, &dyn Fn(&mut AgentRow<'_>))) {
    let at = |event: Instant| if basis == Basis::Event { event } else { leg.visit_at() };
    for offer in leg.call().offers.iter().filter(|offer| offer.agent_id == agent) {
        let Some(ended_at) = offer.ended_at else { continue };
        let refused = matches!(offer.result, Some(OfferResult::NoAnswer | OfferResult::Rejected));
        put(at(ended_at), &|row: &mut AgentRow<'_>| {
            row.offers += 1;
            row.offers_not_answered += u64::from(refused);
        });
    }
    if leg.call().agent_id != Some(agent) {
        return;
    }
    let answered = leg.visit().filter(|visit| visit.fate == Fate::Answered).and_then(|visit| visit.left_at);
    if let Some(answered_at) = answered {
        put(at(answered_at), &|row: &mut AgentRow<'_>| row.answered += 1);
    }
    if let Some(handled) = leg.handled() {
        let outbound = leg.call().direction == Direction::Outbound;
        put(at(handled.at), &|row: &mut AgentRow<'_>| {
            row.handled += 1;
            row.outbound += u64::from(outbound);
            row.dial_ms += handled.dial_ms;
            row.talk_ms += handled.talk_ms;
            row.hold_ms += handled.hold_ms;
            row.wrap_ms += handled.wrap_ms;
            row.handle_ms += handled.handle_ms;
        });
    }
}

impl<'a> AgentRow<'a> {
    fn new(agent: &'a Agent, interval: PeriodBounds, terms: &'a Terms, time: AgentTime) -> Self {
        Self {
            agent,
            interval,
            terms,
            time,
            offers: 0,
            offers_not_answered: 0,
            answered: 0,
            handled: 0,
            outbound: 0,
            dial_ms: 0,
            talk_ms: 0,
            hold_ms: 0,
            wrap_ms: 0,
            handle_ms: 0,
            finality: Finality::default(),
        }
    }
}

/// An agent wherever they are named.
#[derive(Serialize)]
struct Named<'a> {
    id: AgentId,
    display_name: &'a str,
}

impl Serialize for AgentRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("agent", &Named { id: self.agent.id, display_name: &self.agent.display_name })?;
        map.serialize_entry("start", &self.interval.start)?;
        map.serialize_entry("end", &self.interval.end)?;
        map.serialize_entry("local_start", &self.terms.timezone.local(self.interval.start))?;
        map.serialize_entry("basis", &self.terms.basis)?;
        map.serialize_entry("time", &self.time)?;
        map.serialize_entry("occupancy_ratio", &self.time.occupancy_ratio())?;
        for (name, count) in [
            ("offers_count", self.offers),
            ("offers_not_answered_count", self.offers_not_answered),
            ("answered_count", self.answered),
            ("handled_count", self.handled),
            ("outbound_count", self.outbound),
        ] {
            map.serialize_entry(name, &count)?;
        }
        Average::of(self.handled, self.talk_ms + self.hold_ms).write(&mut map, "call_time")?;
        Average::of(self.handled, self.wrap_ms).write(&mut map, "wrap_time")?;
        Average::of(self.handled, self.handle_ms).write(&mut map, "average_handle_time")?;
        for (name, sum) in [("talk_sum_ms", self.talk_ms), ("hold_sum_ms", self.hold_ms), ("dial_sum_ms", self.dial_ms)]
        {
            map.serialize_entry(name, &sum)?;
        }
        self.finality.write(&mut map)?;
        map.end()
    }
}
