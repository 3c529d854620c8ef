use axum::response::IntoResponse;
use contact_centre::{
    event::Event,
    id::{AgentId, CallId, ContactId, QueueId},
    objects::{Call, LegState},
    phone,
    view::CallView,
    world::{AsOf, World},
};
use http::header;
use model::Instant;
use serde::Serialize;
use serde_json::Value;

use crate::{
    asked::{Asked, Id},
    begun::begun_at,
    protocol::{Answer, Paging, Problem, etag, json, kinds, page_of},
};

/// By which instant of a leg a range is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Started,
    Ended,
    Changed,
}

impl By {
    fn read(word: &str) -> Option<Self> {
        match word {
            "started" => Some(Self::Started),
            "ended" => Some(Self::Ended),
            "changed" => Some(Self::Changed),
            _ => None,
        }
    }

    fn of(self, call: &Call) -> Option<Instant> {
        match self {
            Self::Started => Some(call.instants.started_at),
            Self::Ended => call.instants.disconnected_at,
            Self::Changed => Some(call.updated_at),
        }
    }
}

/// Which legs are asked for.
struct Filter {
    from: Option<Instant>,
    to: Option<Instant>,
    by: By,
    queue: Option<QueueId>,
    agent: Option<AgentId>,
    contact: Option<ContactId>,
    /// A number; none within for one that nobody can have.
    phone: Option<Option<Box<str>>>,
    state: Option<LegState>,
}

impl Filter {
    fn takes(&self, call: &Call) -> bool {
        let at = self.by.of(call);
        let in_range = (self.from.is_none() && self.to.is_none())
            || at.is_some_and(|at| self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to));
        let numbered = |number: &Option<Box<str>>| number.is_some() && call.customer_number().e164 == *number;
        in_range
            && self.queue.is_none_or(|id| call.queue_id == Some(id))
            && self.agent.is_none_or(|id| call.agent_id == Some(id))
            && self.contact.is_none_or(|id| call.contact_id == Some(id))
            && self.state.is_none_or(|state| call.state == state)
            && self.phone.as_ref().is_none_or(numbered)
    }
}

/// Legs by the instant at which they began, or those that changed.
pub(crate) async fn list(asked: Asked) -> Result<impl IntoResponse, Problem> {
    let query = asked.query();
    let paging = Paging::of(&query);
    let settings = asked.centre.settings();
    let states: Vec<_> = LegState::ALL.iter().map(|state| state.as_str()).collect();
    let number = |text: &str| phone::number(text, settings.region, &settings.withheld).e164;
    let filter = Filter {
        from: query.get("from"),
        to: query.get("to"),
        by: query.word("by", &["started", "ended", "changed"], By::read).unwrap_or(By::Started),
        queue: query.get("queue_id"),
        agent: query.get("agent_id"),
        contact: query.get("contact_id"),
        phone: query.text("phone").map(number),
        state: query.word("state", &states, LegState::from_word),
    };
    query.end()?;
    if let Some(queue) = filter.queue {
        asked.may_see(queue)?;
    }
    if filter.phone.is_some() && !asked.rights().contacts {
        // Else a number could be found out by asking for one after the other.
        return Err(Problem::new(&kinds::INSUFFICIENT_SCOPE)
            .detail("To search by a number needs contacts:read.")
            .with("scope", "contacts:read"));
    }
    asked.ask(move |asked, world| page(asked, world, &paging, &filter)).await
}

fn page(asked: &Asked, world: &World, paging: &Paging, filter: &Filter) -> Result<Answer, Problem> {
    let state = world.state();
    let of = |call: &&Call| (call.id.0, call.seq);
    let takes = |call: &Call| asked.caller.may_see_call(call) && filter.takes(call);
    let write = |call: &Call| serde_json::to_value(CallView::of(state, call, asked.rights()));
    // What changed of late is in the log; else all legs are looked through.
    let recent = paging.since(world)?.filter(|since| world.window().after_seq(*since).is_ok());
    if let Some(since) = recent {
        let changed = world.window().calls_changed_after(since).filter_map(|id| state.call(id));
        return json(&page_of(world, paging, changed.filter(|call| takes(call)), of, write)?);
    }
    let by_start = filter.by == By::Started;
    let begun = |at: Option<Instant>| at.filter(|_| by_start);
    let from = begun(filter.from).max(paging.after().map(begun_at)).unwrap_or(Instant::from_millis(0));
    let to = begun(filter.to).unwrap_or(Instant::from_millis(i64::MAX));
    let calls = state.calls_started_between(from, to).filter(|call| takes(call));
    json(&page_of(world, paging, calls, of, write)?)
}

/// One leg.
pub(crate) async fn get(asked: Asked, Id(id): Id<CallId>) -> Result<impl IntoResponse, Problem> {
    asked.no_query()?;
    asked.ask(move |asked, world| shown(asked, world, id)).await
}

/// A leg as the caller sees it; with who did something to it, where the request did.
pub(crate) fn shown(asked: &Asked, world: &World, id: CallId) -> Result<Answer, Problem> {
    let call = asked.call(world, id)?;
    let view = asked.written(&CallView::of(world.state(), call, asked.rights()))?;
    Ok(json(&view)?.with(header::ETAG, etag(call.seq)))
}

#[derive(Serialize)]
struct Items {
    items: Vec<Value>,
    as_of: AsOf,
}

#[derive(Serialize)]
struct Events {
    items: Vec<Value>,
    /// After which the next page begins: the `subject_seq` of the last.
    next_cursor: Option<String>,
    /// Whether none is missing because it is no longer kept.
    complete: bool,
    as_of: AsOf,
}

/// Events of a page.
const EVENTS_MAX: usize = 500;

/// What happened to a leg, as far as the log reaches back.
pub(crate) async fn events(asked: Asked, Id(id): Id<CallId>) -> Result<impl IntoResponse, Problem> {
    let query = asked.query();
    let (after, limit) = (query.get::<u32>("cursor").unwrap_or(0), query.get("limit").unwrap_or(EVENTS_MAX));
    if !(1..=EVENTS_MAX).contains(&limit) {
        query.refuse("limit".to_owned(), "must be between 1 and 500");
    }
    query.end()?;
    let told = asked.ask(move |asked, world| {
        let world = &*world;
        let call = asked.call(world, id)?;
        // The leg is followed through its events once.
        let mut replay = world.replay();
        let mut rest = world.window().events_of_call(id).filter(|event| event.subject_seq > after).peekable();
        let mut last = after;
        let write = |event: &Event| {
            last = event.subject_seq;
            world.write_next_event(&mut replay, event, asked.rights(), serde_json::value::Serializer)
        };
        let items = rest.by_ref().take(limit).map(write).collect::<Result<Vec<_>, _>>();
        let items = items.map_err(|_| Problem::new(&kinds::INTERNAL_ERROR))?;
        let next_cursor = rest.peek().map(|_| last.to_string());
        let complete = world.window().event_count_of_call(id) == call.subject_seq as usize;
        json(&Events { items, next_cursor, complete, as_of: world.as_of() })
    });
    told.await
}

/// All legs of an interaction, the first first. A token for some queues sees those that visited one of them.
pub(crate) async fn by_root(asked: Asked, Id(root): Id<CallId>) -> Result<impl IntoResponse, Problem> {
    asked.no_query()?;
    let told = asked.ask(move |asked, world| {
        let (mut legs, mut count) = (Vec::new(), 0);
        for leg in world.state().calls_of_root(root) {
            count += 1;
            legs.extend(Some(leg).filter(|leg| asked.caller.may_see_call(leg)));
        }
        let views =
            legs.into_iter().map(|call| serde_json::to_value(CallView::of(world.state(), call, asked.rights())));
        let items = views.collect::<Result<Vec<_>, _>>().map_err(|_| Problem::new(&kinds::INTERNAL_ERROR))?;
        if items.is_empty() {
            let problem =
                if count == 0 { Problem::not_found("call") } else { Problem::new(&kinds::RESOURCE_NOT_ALLOWED) };
            return Err(problem);
        }
        json(&Items { items, as_of: world.as_of() })
    });
    told.await
}
