use aws_lc_rs::digest::{SHA256, digest};
use axum::response::IntoResponse;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use contact_centre::{
    id::QueueId,
    metrics::{ExpectedWait, History, Leg, Live, POSITION_MAX, QueueRow, Terms, expected_wait, queue_rows, span},
    objects::{AgentState, Queue},
    world::{AsOf, World},
};
use http::{HeaderValue, StatusCode, header};
use model::Instant;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

use crate::{
    asked::{Asked, Id},
    protocol::{Answer, Problem, is_same, json},
};

/// Legs that are looked at for how long handling takes, over all queues: those of some hours.
const HISTORY_LEGS: usize = 5_000;
/// How long before a queue's midnight a leg can have begun that counts after it.
const BEFORE_MIDNIGHT_MS: i64 = 86_400_000;

/// A queue at this moment.
#[derive(Serialize)]
struct LiveView<'a> {
    id: QueueId,
    name: &'a str,
    open: bool,
    #[serde(flatten)]
    wait: ExpectedWait,
    /// How many of the agents who serve it do what.
    agents: BTreeMap<AgentState, u64>,
    /// Since midnight, by the queue's own clocks.
    today: QueueRow<'a>,
    /// When that begins anew.
    today_ends_at: Instant,
}

#[derive(Serialize)]
struct Items<T> {
    items: Vec<T>,
    as_of: AsOf,
}

#[derive(Serialize)]
struct With<T> {
    #[serde(flatten)]
    item: T,
    as_of: AsOf,
}

/// What of a queue follows from its legs.
fn wait_in(world: &World, queue: &Queue, position: Option<u64>) -> ExpectedWait {
    let (state, now) = (world.state(), world.now());
    let leg = |call| Leg::new(call, |id| state.call(id));
    let live = Live::of(queue, state.live_calls().map(leg), state.agents(), now);
    let history = History::of(queue, state.calls().rev().take(HISTORY_LEGS).map(leg), now);
    expected_wait(&live, &history, position, now)
}

/// Whose figures begin when, and what is asked for.
struct Today<'a> {
    queue: &'a Queue,
    terms: Terms,
    start: Instant,
    end: Instant,
}

impl<'a> Today<'a> {
    fn of(queue: &'a Queue, now: Instant) -> Self {
        let (zone, day) = (queue.timezone.clone(), queue.timezone.day(now));
        let (start, end) = (zone.start_of(day), zone.end_of(day));
        Self { queue, terms: Terms { timezone: zone, ..Terms::default() }, start, end }
    }

    fn view(&'a self, world: &'a World) -> LiveView<'a> {
        let (state, now) = (world.state(), world.now());
        let legs = state.calls_started_between(self.start.plus_millis(-BEFORE_MIDNIGHT_MS), now.plus_millis(1));
        let legs = legs.map(|call| Leg::new(call, |id| state.call(id)));
        let today = [span(self.start, self.end)];
        let row = queue_rows(self.queue, legs, &today, &self.terms, now).into_iter().next();
        let mut agents: BTreeMap<_, u64> = AgentState::ALL.iter().map(|state| (*state, 0)).collect();
        for agent in state.agents().filter(|agent| agent.level(self.queue.id).is_some()) {
            *agents.entry(agent.status.state()).or_default() += 1;
        }
        LiveView {
            id: self.queue.id,
            name: &self.queue.name,
            open: self.queue.open,
            wait: wait_in(world, self.queue, None),
            agents,
            // One interval has one row.
            today: row.unwrap_or_else(|| QueueRow::nothing(self.queue, span(self.start, self.end), &self.terms)),
            today_ends_at: self.end,
        }
    }
}

/// Every queue at this moment. A token for some queues sees those.
pub(crate) async fn list(asked: Asked) -> Result<impl IntoResponse, Problem> {
    asked.no_query()?;
    asked
        .ask(|asked, world| {
            let queues = world.state().queues().filter(|queue| asked.caller.may_see(queue.id));
            let days: Vec<_> = queues.map(|queue| Today::of(queue, world.now())).collect();
            let items: Vec<_> = days.iter().map(|today| today.view(world)).collect();
            let tag = tag_of(&items)?;
            Ok(for_a_second(asked, (json(&Items { items, as_of: world.as_of() })?, tag)))
        })
        .await
}

/// One queue at this moment.
pub(crate) async fn get(asked: Asked, Id(id): Id<QueueId>) -> Result<impl IntoResponse, Problem> {
    asked.no_query()?;
    asked.may_see(id)?;
    asked
        .ask(move |asked, world| {
            let queue = world.state().queue(id).ok_or(Problem::not_found("queue"))?;
            let today = Today::of(queue, world.now());
            let item = today.view(world);
            let tag = tag_of(&item)?;
            Ok(for_a_second(asked, (json(&With { item, as_of: world.as_of() })?, tag)))
        })
        .await
}

/// How long a caller is going to wait: at a position, or who calls now.
pub(crate) async fn expected(asked: Asked, Id(id): Id<QueueId>) -> Result<impl IntoResponse, Problem> {
    let query = asked.query();
    let position = query.get::<u64>("position");
    if position.is_some_and(|position| !(1..=POSITION_MAX).contains(&position)) {
        query.refuse("position".to_owned(), "must be between 1 and 10000");
    }
    query.end()?;
    asked.may_see(id)?;
    let told = asked.ask(move |asked, world| {
        let queue = world.state().queue(id).ok_or(Problem::not_found("queue"))?;
        let item = wait_in(world, queue, position);
        let tag = tag_of(&item)?;
        Ok(for_a_second(asked, (json(&With { item, as_of: world.as_of() })?, tag)))
    });
    told.await
}

/// A tag of what is told, without when and until when: the same figures have the same.
fn tag_of<T: Serialize>(told: &T) -> Result<String, Problem> {
    let failed = |_| Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR);
    let mut value = serde_json::to_value(told).map_err(failed)?;
    match &mut value {
        Value::Array(items) => items.iter_mut().for_each(take_time),
        one => take_time(one),
    }
    let json = serde_json::to_vec(&value).map_err(failed)?;
    let digest = digest(&SHA256, &json);
    Ok(format!("\"{}\"", URL_SAFE_NO_PAD.encode(digest.as_ref().get(..12).unwrap_or_default())))
}

/// Takes away until when figures are good, which moves with the clock.
fn take_time(figures: &mut Value) {
    if let Value::Object(fields) = figures {
        fields.remove("valid_until");
    }
}

/// Figures that are good for a second.
fn for_a_second(asked: &Asked, (answer, tag): (Answer, String)) -> Answer {
    let same = is_same(&asked.headers, &tag);
    let answer = if same { Answer::of(StatusCode::NOT_MODIFIED, "") } else { answer };
    answer.with_text(header::ETAG, &tag).with(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=1"))
}
