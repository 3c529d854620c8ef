//! The rows of a table at one `seq`, read some at a time, so that a table that is downloaded holds nobody up.

use std::{collections::VecDeque, ops::RangeInclusive};

use contact_centre::{
    id::{AgentId, CallId},
    log::Cursor,
    objects::{Call, Contact, Lead, Recording},
    view::{AgentView, CallView, ContactView, LeadView, QueueView, RecordingView, Rights, StayView, WrapView},
    world::{AsOf, World},
};
use model::{Instant, PeriodBounds};
use serde::Serialize;
use serde_json::{Value, json};

use super::quarters::Quarters;
use crate::{
    figures::RANGE_MAX_MS,
    protocol::{Problem, kinds},
};

/// Rows that are read at once, with the world held, and things that are looked at for them.
const ROWS: usize = 500;
const LOOKED_AT: usize = 2_000;
const DAY_MS: i64 = 86_400_000;

/// By which instant of a leg a range is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum By {
    #[default]
    Started,
    Ended,
    Changed,
}

/// Which rows are asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection {
    pub(crate) from: Option<Instant>,
    pub(crate) to: Option<Instant>,
    pub(crate) by: By,
    pub(crate) changed_since: Option<Cursor>,
}

impl Selection {
    fn takes(&self, at: Option<Instant>) -> bool {
        let open = self.from.is_none() && self.to.is_none();
        open || at.is_some_and(|at| self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to))
    }

    /// The `seq` after which changes are asked for.
    fn since(&self, world: &World) -> Result<Option<u64>, Problem> {
        let Some(cursor) = &self.changed_since else { return Ok(None) };
        if cursor.epoch != *world.epoch() || cursor.seq > world.state().seq() {
            return Err(Problem::new(&kinds::CHANGES_LOST));
        }
        Ok(Some(cursor.seq))
    }
}

/// A table's rows that are still to be read.
pub(crate) struct Source {
    rest: Rest,
    as_of: AsOf,
}

/// Only what can't be asked for later as it was is held: small tables, and objects of which the log keeps no versions.
enum Rest {
    Ready(VecDeque<Value>),
    Calls(VecDeque<CallId>, CallTable, Selection),
    Contacts(VecDeque<Contact>),
    Leads(VecDeque<Lead>),
    Recordings(VecDeque<Recording>),
    Events(RangeInclusive<u64>, Selection),
    Stays {
        agents: VecDeque<AgentId>,
        range: PeriodBounds,
        /// When that was after which changes are asked for; none: all are.
        changed_at: Option<Instant>,
        rows: VecDeque<Value>,
    },
    Intervals(Quarters),
}

/// What is made of legs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CallTable {
    Calls,
    Offers,
    Wraps,
}

/// A row with a place in the log.
#[derive(Serialize)]
struct Placed<T> {
    #[serde(flatten)]
    row: T,
    seq: u64,
}

fn lost<E>(_: E) -> Problem {
    Problem::new(&kinds::INTERNAL_ERROR)
}

fn row(view: impl Serialize) -> Result<Value, Problem> {
    serde_json::to_value(view).map_err(lost)
}

impl Source {
    /// The rows of a table as they are now.
    ///
    /// # Errors
    /// 404 of a table that is none, 410 of changes that are no longer known.
    pub(crate) fn of(world: &World, table: &str, wanted: &Selection) -> Result<Self, Problem> {
        let (state, as_of) = (world.state(), world.as_of());
        let since = wanted.since(world)?;
        let changed = |seq: u64| since.is_none_or(|since| seq > since);
        let calls = |of: CallTable, at: &dyn Fn(&Call) -> Option<Instant>| {
            let taken = state.calls().filter(|call| changed(call.seq) && wanted.takes(at(call)));
            Rest::Calls(taken.map(|call| call.id).collect(), of, wanted.clone())
        };
        let rest = match table {
            "calls" => calls(CallTable::Calls, &|call: &Call| match wanted.by {
                By::Started => Some(call.instants.started_at),
                By::Ended => call.instants.disconnected_at,
                By::Changed => Some(call.updated_at),
            }),
            // A leg can be offered long after it began: which offers are in the range is decided row by row.
            "offers" => calls(CallTable::Offers, &|call: &Call| {
                call.offers.iter().map(|offer| offer.offered_at).find(|at| wanted.takes(Some(*at)))
            }),
            "wraps" => calls(CallTable::Wraps, &|call: &Call| call.noted().map(|wrap| wrap.written_at)),
            "agents" => {
                let taken = state.agents().filter(|agent| changed(agent.seq) && wanted.takes(Some(agent.updated_at)));
                Rest::Ready(taken.map(|agent| row(AgentView::of(agent))).collect::<Result<_, _>>()?)
            }
            "queues" => {
                let taken = state.queues().filter(|queue| changed(queue.seq) && wanted.takes(Some(queue.updated_at)));
                Rest::Ready(taken.map(|queue| row(QueueView::of(queue))).collect::<Result<_, _>>()?)
            }
            "contacts" => {
                let taken = |one: &&Contact| changed(one.seq) && wanted.takes(Some(one.updated_at));
                Rest::Contacts(state.contacts_by_id().filter(taken).cloned().collect())
            }
            "leads" => {
                let taken = |one: &&Lead| changed(one.seq) && wanted.takes(Some(one.updated_at));
                Rest::Leads(state.leads().filter(taken).cloned().collect())
            }
            "recordings" => {
                let taken = |one: &&Recording| changed(one.seq) && wanted.takes(Some(one.started_at));
                Rest::Recordings(state.recordings().filter(taken).cloned().collect())
            }
            "events" => {
                let oldest = world.window().oldest();
                if since.is_some_and(|since| since < oldest) {
                    return Err(Problem::new(&kinds::CHANGES_LOST));
                }
                Rest::Events(since.unwrap_or(oldest) + 1..=as_of.seq, wanted.clone())
            }
            "agent_states" => Rest::Stays {
                agents: state.agents().map(|agent| agent.id).collect(),
                range: whole_range(world, wanted),
                // A place that the log has forgotten is older than all that it holds: then everything can have changed.
                changed_at: since.and_then(|since| world.window().event(since)).map(|event| event.at),
                rows: VecDeque::new(),
            },
            "queue_intervals" | "agent_intervals" => {
                let of_agents = table == "agent_intervals";
                Rest::Intervals(Quarters::of(world, of_agents, whole_range(world, wanted), since))
            }
            _ => return Err(Problem::not_found("table")),
        };
        Ok(Self { rest, as_of })
    }

    /// Up to where the table is true.
    pub(crate) fn as_of(&self) -> AsOf {
        self.as_of
    }

    /// The next rows; none when there are no more. There can be none among what was looked at, and more to come.
    ///
    /// # Errors
    /// What was there at the beginning is no longer known.
    pub(crate) fn next(&mut self, world: &World) -> Result<Option<Vec<Value>>, Problem> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let as_of = self.as_of;
        let rows = match &mut self.rest {
            Rest::Ready(rows) => taken(rows),
            Rest::Calls(ids, of, wanted) => {
                let mut rows = Vec::new();
                for _ in 0..LOOKED_AT {
                    if rows.len() >= ROWS {
                        break;
                    }
                    let Some(id) = ids.pop_front() else { break };
                    let Some(call) = world.window().call_at(id, as_of.seq, world.state().call(id)) else { continue };
                    of.rows(world, &call, wanted, &mut rows)?;
                }
                rows
            }
            Rest::Contacts(contacts) => {
                taken(contacts).iter().map(|one| row(ContactView::of(one, Rights::ALL))).collect::<Result<_, _>>()?
            }
            Rest::Leads(leads) => {
                let campaign = |lead: &Lead| world.state().campaign(lead.campaign_id);
                let view = |lead| row(LeadView::of(campaign(lead), lead, as_of.at, Rights::ALL));
                taken(leads).iter().map(view).collect::<Result<_, _>>()?
            }
            Rest::Recordings(recordings) => {
                taken(recordings).iter().map(|one| recording_row(world, one)).collect::<Result<_, _>>()?
            }
            Rest::Events(seqs, wanted) => events(world, seqs, wanted)?,
            Rest::Stays { agents, range, changed_at, rows } => {
                if rows.is_empty()
                    && let Some(id) = agents.pop_front()
                {
                    rows.extend(stays(world, id, (*range, *changed_at), as_of.at)?);
                }
                taken(rows)
            }
            Rest::Intervals(quarters) => quarters.next(world, as_of)?,
        };
        Ok(Some(rows))
    }
}

impl Rest {
    fn is_empty(&self) -> bool {
        match self {
            Self::Ready(rows) => rows.is_empty(),
            Self::Calls(ids, ..) => ids.is_empty(),
            Self::Contacts(contacts) => contacts.is_empty(),
            Self::Leads(leads) => leads.is_empty(),
            Self::Recordings(recordings) => recordings.is_empty(),
            Self::Events(seqs, _) => seqs.is_empty(),
            Self::Stays { agents, rows, .. } => agents.is_empty() && rows.is_empty(),
            Self::Intervals(quarters) => quarters.is_empty(),
        }
    }
}

/// As many as are read at once.
fn taken<T>(rest: &mut VecDeque<T>) -> Vec<T> {
    rest.drain(..ROWS.min(rest.len())).collect()
}

/// The range of a table of spans: what was asked for, of what is remembered.
fn whole_range(world: &World, wanted: &Selection) -> PeriodBounds {
    let now = world.now();
    let end = wanted.to.unwrap_or(now.plus_millis(1)).min(now.plus_millis(DAY_MS));
    let start = wanted.from.unwrap_or(end.plus_millis(-RANGE_MAX_MS));
    PeriodBounds { start: start.max(end.plus_millis(-RANGE_MAX_MS)).min(end), end }
}

impl CallTable {
    fn rows(self, world: &World, call: &Call, wanted: &Selection, rows: &mut Vec<Value>) -> Result<(), Problem> {
        match self {
            Self::Calls => rows.push(row(CallView::of(world.state(), call, Rights::ALL))?),
            Self::Wraps => {
                if let Some(wrap) = call.noted() {
                    rows.push(row(Placed { row: WrapView::of(call.id, wrap, true), seq: call.seq })?);
                }
            }
            Self::Offers => {
                let wanted = call.offers.iter().enumerate().filter(|(_, offer)| wanted.takes(Some(offer.offered_at)));
                for (number, offer) in wanted {
                    let name = world.state().agent(offer.agent_id).map(|agent| &*agent.display_name);
                    rows.push(json!({
                        "call_id": call.id,
                        "number": number + 1,
                        "queue_id": call.queue_id,
                        "agent": { "id": offer.agent_id, "display_name": name },
                        "offered_at": offer.offered_at,
                        "ended_at": offer.ended_at,
                        "result": offer.result,
                        "seq": call.seq,
                    }));
                }
            }
        }
        Ok(())
    }
}

fn recording_row(world: &World, recording: &Recording) -> Result<Value, Problem> {
    let mut row = row(RecordingView::of(world.state(), recording))?;
    let size = match contact_centre::recording::content(recording) {
        contact_centre::recording::Content::Ready(sound) => Some(sound.size_bytes()),
        _ => None,
    };
    if let Value::Object(fields) = &mut row {
        fields.insert("size_bytes".to_owned(), json!(size));
    }
    Ok(row)
}

/// The next events, and where those after them begin. Some that are out of the range may be passed without a row.
fn events(world: &World, seqs: &mut RangeInclusive<u64>, wanted: &Selection) -> Result<Vec<Value>, Problem> {
    let (mut rows, mut replay) = (Vec::new(), world.replay());
    let (first, last) = (*seqs.start(), *seqs.end());
    let until = last.min(first.saturating_add(ROWS as u64 - 1));
    for seq in first..=until {
        // The log forgets its oldest events while somebody reads it slowly.
        let event = world.window().event(seq).ok_or(Problem::new(&kinds::AS_OF_LOST))?;
        if wanted.takes(Some(event.at)) {
            let row = world.write_next_event(&mut replay, event, Rights::ALL, serde_json::value::Serializer);
            rows.push(row.map_err(lost)?);
        }
    }
    *seqs = until + 1..=last;
    Ok(rows)
}

/// What an agent did in a range until an instant, or what of it has changed. What changed at the very instant of the last change that is
/// known comes again: spans have no place in the log, and one that is told twice is better than one that is not.
fn stays(
    world: &World,
    id: AgentId,
    (range, changed_at): (PeriodBounds, Option<Instant>),
    until: Instant,
) -> Result<Vec<Value>, Problem> {
    let Some(agent) = world.state().agent(id) else { return Ok(Vec::new()) };
    let then: Vec<_> = agent.stays.iter().take_while(|stay| stay.since <= until).copied().collect();
    let stays = StayView::between(&then, range.start, range.end);
    let rows = stays.filter(|stay| changed_at.is_none_or(|at| stay.has_changed_since(at))).map(|stay| {
        let mut row = row(stay)?;
        if let Value::Object(fields) = &mut row {
            fields.insert("agent_id".to_owned(), json!(id));
        }
        Ok(row)
    });
    rows.collect()
}
