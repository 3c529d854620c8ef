use axum::extract::{Path, rejection::PathRejection};
use contact_centre::{
    id::QueueId,
    metrics::{Terms, agent_rows, queue_rows},
    reports::{abandon_profile, wrap_codes},
    world::{AsOf, World},
};
use http::{HeaderValue, StatusCode, header};
use model::{Day, Instant, PeriodBounds, TimeZone};
use serde::Serialize;
use serde_json::Value;

use crate::{
    asked::Asked,
    figures::Legs,
    protocol::{Answer, Problem, json, kinds},
    tables::{Flat, flat_csv},
};

/// A report, and what it is about.
#[derive(Clone, Copy, Debug, Serialize)]
struct Report {
    name: &'static str,
    title: &'static str,
}

const REPORTS: [Report; 4] = [
    Report { name: "daily-queue", title: "What happened in each queue on a day" },
    Report { name: "daily-agent", title: "What each agent did on a day" },
    Report { name: "abandon-profile", title: "After how long a wait callers of each queue gave up on a day" },
    Report { name: "wrap-codes", title: "What calls came to that agents were done with on a day" },
];

#[derive(Serialize)]
struct List {
    items: [Report; 4],
    as_of: AsOf,
}

/// Which reports there are.
pub(crate) async fn list(asked: Asked) -> Result<Answer, Problem> {
    asked.no_query()?;
    asked.ask(|_, world| json(&List { items: REPORTS, as_of: world.as_of() })).await
}

#[derive(Serialize)]
struct Written<'a> {
    report: &'static str,
    date: String,
    timezone: &'a TimeZone,
    start: Instant,
    end: Instant,
    items: Vec<Value>,
    as_of: AsOf,
}

/// A report of a day: the last whole one, where nothing is said.
pub(crate) async fn get(asked: Asked, path: Result<Path<String>, PathRejection>) -> Result<Answer, Problem> {
    let name = path.map(|Path(name)| name).unwrap_or_default();
    let report = REPORTS.iter().find(|report| report.name == name).ok_or(Problem::not_found("report"))?;
    let query = asked.query();
    let (day, zone) = (query.get::<Day>("date"), query.get("timezone").unwrap_or(TimeZone::UTC));
    let csv = query.word("format", &["json", "csv"], |word| match word {
        "json" => Some(false),
        "csv" => Some(true),
        _ => None,
    });
    query.end()?;
    let accept = asked.headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let csv = csv.unwrap_or(accept.contains("text/csv"));
    asked
        .ask(move |asked, world| {
            let day = day.unwrap_or_else(|| zone.day(zone.start_of(zone.day(world.now())).plus_millis(-1)));
            let range = PeriodBounds { start: zone.start_of(day), end: zone.end_of(day) };
            let terms = Terms { timezone: zone.clone(), ..Terms::default() };
            let (items, as_of) = rows(asked, world, report.name, range, &terms)?;
            if csv {
                return written_as_csv(&items);
            }
            let (start, end) = (range.start, range.end);
            let date = day.to_string();
            json(&Written { report: report.name, date, timezone: &zone, start, end, items, as_of })
        })
        .await
}

fn rows(
    asked: &Asked,
    world: &World,
    name: &str,
    range: PeriodBounds,
    terms: &Terms,
) -> Result<(Vec<Value>, AsOf), Problem> {
    let (state, legs) = (world.state(), Legs::of(world, range, None)?);
    let at = legs.as_of().at;
    let queues = || state.queues().filter(move |queue| asked.caller.may_see(queue.id));
    let days = [range];
    let items: Result<Vec<_>, _> = match name {
        "daily-queue" => queues()
            .flat_map(|queue| queue_rows(queue, legs.iter(), &days, terms, at))
            .map(serde_json::to_value)
            .collect(),
        // What agents do is not of some queues.
        "daily-agent" if asked.caller.queues.is_some() => return Err(Problem::new(&kinds::RESOURCE_NOT_ALLOWED)),
        "daily-agent" => {
            agent_rows(state.agents(), legs.iter(), &days, terms, at).into_iter().map(serde_json::to_value).collect()
        }
        "abandon-profile" => {
            queues().map(|queue| abandon_profile(queue, legs.iter(), range)).map(serde_json::to_value).collect()
        }
        _ => {
            let is_seen = |queue: Option<QueueId>| {
                asked.caller.queues.is_none() || queue.is_some_and(|id| asked.caller.may_see(id))
            };
            let legs = legs.iter().filter(|leg| is_seen(leg.queue_id()));
            wrap_codes(legs, range).into_iter().map(serde_json::to_value).collect()
        }
    };
    Ok((items.map_err(|_| Problem::new(&kinds::INTERNAL_ERROR))?, legs.as_of()))
}

fn written_as_csv(items: &[Value]) -> Result<Answer, Problem> {
    let text = flat_csv(&Flat::of(items)).map_err(|_| Problem::new(&kinds::INTERNAL_ERROR))?;
    let media = HeaderValue::from_static("text/csv; charset=utf-8; header=present");
    Ok(Answer::of(StatusCode::OK, text).with(header::CONTENT_TYPE, media))
}
