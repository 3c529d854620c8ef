use std::{fmt, str::FromStr};

use axum::response::IntoResponse;
use contact_centre::{
    id::{AgentId, QueueId},
    log::Cursor,
    metrics::{Basis, ShortAbandons, Terms, agent_rows, intervals, queue_rows, summary},
    objects::{Agent, Queue},
    state::Revisions,
    world::{AsOf, World},
};
use model::{Instant, IntervalLength, PeriodBounds, TimeZone};
use serde::Serialize;
use serde_json::Value;

use crate::{
    asked::Asked,
    figures::{Legs, range},
    protocol::{Answer, Problem, Query, json, kinds},
};

/// Rows of a page at most, and where nothing is said.
const LIMIT_MAX: usize = 500;

/// What is asked for, of queues as of agents.
pub(crate) struct Wanted {
    pub(crate) terms: Terms,
    pub(crate) as_of_seq: Option<u64>,
    length: IntervalLength,
    from: Option<Instant>,
    to: Option<Instant>,
    limit: usize,
    place: Option<Place>,
    changed_since: Option<Cursor>,
}

/// Where a page of rows ended, and of which range. That is fixed with the first page, also where nobody said it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    rows: usize,
    from: Instant,
    to: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not the next_cursor of a page")]
struct InvalidPlace;

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.rows, self.from.as_millis(), self.to.as_millis())
    }
}

impl FromStr for Place {
    type Err = InvalidPlace;

    fn from_str(text: &str) -> Result<Self, InvalidPlace> {
        let mut numbers = text.split('.').map(|part| part.parse::<i64>().ok().filter(|number| *number >= 0));
        let mut next = || numbers.next().flatten().ok_or(InvalidPlace);
        let (rows, from, to) = (next()?, next()?, next()?);
        if numbers.next().is_some() {
            return Err(InvalidPlace);
        }
        let rows = usize::try_from(rows).map_err(|_| InvalidPlace)?;
        Ok(Self { rows, from: Instant::from_millis(from), to: Instant::from_millis(to) })
    }
}

impl Wanted {
    pub(crate) fn of(query: &Query) -> Self {
        let limit = query.get::<usize>("limit").unwrap_or(LIMIT_MAX);
        if !(1..=LIMIT_MAX).contains(&limit) {
            query.refuse("limit".to_owned(), "must be between 1 and 500");
        }
        let basis = query.word("basis", &["event", "offered"], Basis::from_word).unwrap_or(Basis::Event);
        let short = query.word("short_abandons", &["exclude", "include"], ShortAbandons::from_word);
        Self {
            terms: Terms {
                basis,
                short_abandons: short.unwrap_or(ShortAbandons::Exclude),
                timezone: query.get("timezone").unwrap_or(TimeZone::UTC),
            },
            as_of_seq: query.get("as_of_seq"),
            length: query.get("length").unwrap_or(IntervalLength::Quarter),
            from: query.get("from"),
            to: query.get("to"),
            limit,
            place: query.get("cursor"),
            changed_since: query.get("changed_since"),
        }
    }

    /// The range: where nobody said it, the last whole interval and the one that goes on; or all that was revised, where that is asked for.
    fn range(&self, world: &World) -> Result<PeriodBounds, Problem> {
        if let Some(place) = self.place {
            return range(place.from, place.to);
        }
        let to = self.to.unwrap_or(world.now());
        if let (Some(since), None) = (self.since(world)?, self.from) {
            let revised = world.state().revisions().all().filter(|(_, start, last)| last.seq > since && *start < to);
            let starts: Vec<_> = revised.map(|(_, start, _)| start).collect();
            if let (Some(first), Some(last)) = (starts.iter().min(), starts.iter().max()) {
                return range(*first, last.plus_millis(Revisions::INTERVAL_MS));
            }
        }
        let before = || {
            let zone = &self.terms.timezone;
            zone.interval(self.length, zone.interval(self.length, to).start.plus_millis(-1)).start
        };
        range(self.from.unwrap_or_else(before), to)
    }

    fn intervals(&self, range: PeriodBounds) -> Vec<PeriodBounds> {
        intervals(&self.terms.timezone, self.length, range.start, range.end).collect()
    }

    /// The `seq` after which revisions are asked for.
    fn since(&self, world: &World) -> Result<Option<u64>, Problem> {
        let Some(cursor) = &self.changed_since else { return Ok(None) };
        if cursor.epoch != *world.epoch() || cursor.seq > world.state().seq() {
            return Err(Problem::new(&kinds::CHANGES_LOST));
        }
        Ok(Some(cursor.seq))
    }
}

/// The whole intervals that a range touches, as one.
fn whole(intervals: &[PeriodBounds], range: PeriodBounds) -> PeriodBounds {
    let start = intervals.first().map_or(range.start, |first| first.start);
    PeriodBounds { start, end: intervals.last().map_or(range.end, |last| last.end) }
}

#[derive(Serialize)]
struct Rows {
    items: Vec<Value>,
    next_cursor: Option<String>,
    changes_cursor: String,
    basis: Basis,
    length: IntervalLength,
    timezone: String,
    from: Instant,
    to: Instant,
    as_of: AsOf,
}

/// A page of rows, of which each says the `seq` of its last correction.
fn page<T: Serialize>(
    world: &World,
    wanted: &Wanted,
    range: PeriodBounds,
    as_of: AsOf,
    rows: Vec<(T, u64)>,
) -> Result<Answer, Problem> {
    let since = wanted.since(world)?;
    let done = wanted.place.map_or(0, |place| place.rows);
    let mut rest = rows.into_iter().filter(|(_, revised)| since.is_none_or(|since| *revised > since)).skip(done);
    let items =
        rest.by_ref().take(wanted.limit).map(|(row, _)| serde_json::to_value(row)).collect::<Result<Vec<_>, _>>();
    let items = items.map_err(|_| Problem::new(&kinds::INTERNAL_ERROR))?;
    let place = Place { rows: done + items.len(), from: range.start, to: range.end };
    let next_cursor = rest.next().map(|_| place.to_string());
    json(&Rows {
        items,
        next_cursor,
        changes_cursor: Cursor { epoch: world.epoch().clone(), seq: as_of.seq }.to_string(),
        basis: wanted.terms.basis,
        length: wanted.length,
        timezone: wanted.terms.timezone.to_string(),
        from: range.start,
        to: range.end,
        as_of,
    })
}

/// The queues whose figures are asked for: one that is named by id or name, or all that the caller may see.
pub(crate) struct Queues {
    id: Option<QueueId>,
    name: Option<String>,
}

impl Queues {
    pub(crate) fn of(query: &Query) -> Self {
        let queues = Self { id: query.get("queue_id"), name: query.text("queue").map(str::to_owned) };
        if queues.id.is_some() && queues.name.is_some() {
            query.refuse("queue".to_owned(), "does not go with queue_id");
        }
        queues
    }

    pub(crate) fn among<'a>(&self, asked: &Asked, world: &'a World) -> Result<Vec<&'a Queue>, Problem> {
        let state = world.state();
        let named = match (self.id, &self.name) {
            (None, None) => return Ok(state.queues().filter(|queue| asked.caller.may_see(queue.id)).collect()),
            (Some(id), _) => {
                // Whether there is one is nobody's business who may not see it.
                asked.may_see(id)?;
                state.queue(id)
            }
            (None, Some(name)) => state.queues().find(|queue| *queue.name == **name),
        };
        let queue = named.ok_or(Problem::not_found("queue"))?;
        asked.may_see(queue.id)?;
        Ok(vec![queue])
    }
}

/// Figures of queues by intervals: by queue, and then by time.
pub(crate) async fn queues(asked: Asked) -> Result<impl IntoResponse, Problem> {
    let query = asked.query();
    let (wanted, named) = (Wanted::of(&query), Queues::of(&query));
    query.end()?;
    asked
        .ask(move |asked, world| {
            let queues = named.among(asked, world)?;
            let range = wanted.range(world)?;
            let intervals = wanted.intervals(range);
            let legs = Legs::of(world, whole(&intervals, range), wanted.as_of_seq)?;
            let of = |queue| queue_rows(queue, legs.iter(), &intervals, &wanted.terms, legs.as_of().at);
            let rows = queues.into_iter().flat_map(of).map(|row| {
                let revised = row.finality.revised_seq;
                (row, revised)
            });
            page(world, &wanted, range, legs.as_of(), rows.collect())
        })
        .await
}

/// Figures of agents by intervals: by agent, and then by time.
pub(crate) async fn agents(asked: Asked) -> Result<impl IntoResponse, Problem> {
    let query = asked.query();
    let wanted = Wanted::of(&query);
    let (id, team) = (query.get::<AgentId>("agent_id"), query.text("team").map(str::to_owned));
    query.end()?;
    asked
        .ask(move |_, world| {
            let state = world.state();
            if id.is_some_and(|id| state.agent(id).is_none()) {
                return Err(Problem::not_found("agent"));
            }
            let is_of = |agent: &&Agent| team.as_ref().is_none_or(|team| *agent.team == **team);
            if team.is_some() && !state.agents().any(|agent| is_of(&agent)) {
                return Err(Problem::not_found("team"));
            }
            // Whoever is of another team did nothing for this one: rows of zeros, as where nothing happened.
            let named = id.and_then(|id| state.agent(id));
            let stranger =
                named.filter(|agent| !is_of(agent)).map(|agent| Agent { stays: Vec::new(), ..agent.clone() });
            let agents = state.agents().filter(|agent| id.is_none_or(|id| agent.id == id)).filter(is_of);
            let agents = agents.chain(&stranger);
            let range = wanted.range(world)?;
            let intervals = wanted.intervals(range);
            let legs = Legs::of(world, whole(&intervals, range), wanted.as_of_seq)?;
            let counted = legs.iter().filter(|_| stranger.is_none());
            let rows = agent_rows(agents, counted, &intervals, &wanted.terms, legs.as_of().at);
            let rows = rows.into_iter().map(|row| {
                let revised = row.finality.revised_seq;
                (row, revised)
            });
            page(world, &wanted, range, legs.as_of(), rows.collect())
        })
        .await
}

#[derive(Serialize)]
struct Summed<'a> {
    #[serde(flatten)]
    summary: contact_centre::metrics::Summary<'a>,
    from: Instant,
    to: Instant,
    timezone: String,
    basis: Basis,
    as_of: AsOf,
}

/// A whole range, for each queue and for all of them: today, where nothing is said.
pub(crate) async fn total(asked: Asked) -> Result<impl IntoResponse, Problem> {
    let query = asked.query();
    let wanted = Wanted::of(&query);
    query.end()?;
    asked
        .ask(move |asked, world| {
            let (zone, now) = (&wanted.terms.timezone, world.now());
            let to = wanted.to.unwrap_or(now);
            let from = wanted.from.unwrap_or_else(|| zone.start_of(zone.day(to.plus_millis(-1))));
            let range = range(from, to)?;
            let legs = Legs::of(world, range, wanted.as_of_seq)?;
            let queues = world.state().queues().filter(|queue| asked.caller.may_see(queue.id));
            let summary = summary(queues, &legs.iter(), range, &wanted.terms, legs.as_of().at);
            json(&Summed {
                summary,
                from,
                to,
                timezone: zone.to_string(),
                basis: wanted.terms.basis,
                as_of: legs.as_of(),
            })
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_back_and_nothing_else_is_one() {
        let place = Place { rows: 500, from: Instant::from_millis(1), to: Instant::from_millis(2) };
        assert_eq!(place.to_string().parse(), Ok(place));
        for bad in ["", "1", "1.2", "1.2.3.4", "-1.2.3", "a.2.3", "1..3"] {
            assert_eq!(bad.parse::<Place>(), Err(InvalidPlace), "{bad}");
        }
    }
}
