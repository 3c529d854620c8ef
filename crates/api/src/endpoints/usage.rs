use axum::{extract::Request, response::Response};
use domain::{Caller, USAGE_GROUPS_MAX, UsageAsked, UsageFormat};
use edge::{
    Problem,
    query::{self, parsed, wrong},
};
use futures::stream;
use http::{HeaderMap, StatusCode, Uri};
use model::{
    ClientName, Code, InvalidUsageRange, KeyError, KeyId, PAGE_DEFAULT, TimeZone, UsageFilter, UsageGroup, UsageGroups,
    UsagePoint, UsageRange, UsageStep,
};
use serde::Serialize;

use super::{named, text::wanted, uuid_text};
use crate::{App, respond};

const HOUR_MS: i64 = 60 * 60 * 1000;
const OF_A_KEY: [&str; 4] = ["from", "to", "step", "time_zone"];
const OF_ALL: [&str; 12] = [
    "from",
    "to",
    "step",
    "time_zone",
    "group_by",
    "client",
    "key_id",
    "environment",
    "code",
    "scope",
    "limit",
    "cursor",
];

/// Calls by the step.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct UsagePoints {
    /// In order. Steps without a call are left out.
    points: Vec<UsagePoint>,
}

/// Calls by the step: all together, or by groups where `group_by` is given.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub(crate) enum UsageAnswer {
    /// All together.
    Points(UsagePoints),
    /// By groups.
    Groups(UsageGroups),
}

/// Usage of a key
///
/// How often the key was called, and how many calls were refused for which reason. Minutes are kept for 48 hours, quarters of an hour for 90
/// days and days for 25 months, unless the installation is configured otherwise; a range that is asked by hours has none where days
/// alone are left. Hours and days are those of `time_zone`. With `Accept: text/csv` or `application/x-ndjson` the same is sent as a table, or as one
/// point a line.
#[utoipa::path(
    get,
    path = "/api/v1/keys/{id}/usage",
    tag = "Usage",
    params(
        ("id" = KeyId, Path, description = "The key."),
        ("from" = Option<model::Instant>, Query, description = "From this instant on; 24 hours before `to` when not given."),
        ("to" = Option<model::Instant>, Query, description = "Before this instant; now when not given."),
        ("step" = Option<UsageStep>, Query, description = "How long a point is; `hour` when not given. At most 48 hours of minutes, 31 days of quarters, 93 days of hours and 800 days of days."),
        ("time_zone" = Option<String>, Query, max_length = 64, description = "Whose hours and days: an IANA name; the installation's when not given."),
    ),
    responses((
        status = 200,
        description = "The points.",
        content((UsagePoints = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")),
    ))
)]
pub(crate) async fn read_key_usage(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let key = named(&parts.uri).ok_or(KeyError::NotFound)?;
    let mut read = usage_query(&app, &caller, &parts.uri, &OF_A_KEY)?;
    read.asked.filter.key = Some(key);
    answer(app, caller, read, &parts.headers).await
}

/// Usage of an installation
///
/// As of one key, of all that the caller may see: all calls, or those to which every given filter applies. With `group_by` each key, client, code, scope or environment has points of
/// its own: keys page by page, in the order of their ids; clients those with the most calls first, at most `limit`. A call that
/// wanted several scopes counts once for each where they are told apart, and once everywhere else. With `Accept: text/csv` or `application/x-ndjson` all keys are streamed, and
/// `limit` and `cursor` are ignored.
#[utoipa::path(
    get,
    path = "/api/v1/usage",
    tag = "Usage",
    params(
        ("from" = Option<model::Instant>, Query, description = "From this instant on; 24 hours before `to` when not given."),
        ("to" = Option<model::Instant>, Query, description = "Before this instant; now when not given."),
        ("step" = Option<UsageStep>, Query, description = "How long a point is; `hour` when not given. At most 48 hours of minutes, 31 days of quarters, 93 days of hours and 800 days of days."),
        ("time_zone" = Option<String>, Query, max_length = 64, description = "Whose hours and days: an IANA name; the installation's when not given."),
        ("group_by" = Option<UsageGroup>, Query, description = "By what calls are told apart; all together when not given."),
        ("client" = Option<String>, Query, max_length = 100, description = "Only calls with keys of this Client Name."),
        ("key_id" = Option<KeyId>, Query, description = "Only calls with this key."),
        ("environment" = Option<model::Environment>, Query, description = "Only calls with keys of this environment."),
        ("code" = Option<Code>, Query, description = "Only calls that were decided so."),
        ("scope" = Option<model::Scope>, Query, description = "Only calls that wanted this scope. They are counted by the quarter of an hour, so not with a step of a minute."),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "Groups in the answer; 50 when not given."),
        ("cursor" = Option<KeyId>, Query, description = "`next_cursor` of the page before, of groups by key."),
    ),
    responses((
        status = 200,
        description = "The points; or groups, each with its points.",
        content((UsageAnswer = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")),
    ))
)]
pub(crate) async fn read_usage(app: App, caller: Caller, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let read = usage_query(&app, &caller, &parts.uri, &OF_ALL)?;
    answer(app, caller, read, &parts.headers).await
}

/// A query, and which page of its groups.
struct Read {
    asked: UsageAsked,
    limit: u32,
    cursor: Option<KeyId>,
}

async fn answer(app: App, caller: Caller, read: Read, headers: &HeaderMap) -> Result<Response, Problem> {
    let Read { asked, limit, cursor } = read;
    if let Some((format, media_type)) = wanted(headers, UsageFormat::Csv, UsageFormat::Ndjson) {
        let export = app.keydesk.export_usage(&caller, asked, format);
        let parts = stream::try_unfold(export, async |mut export| Ok(export.next().await?.map(|part| (part, export))));
        return Ok(respond::streamed::<_, KeyError>(media_type, parts).await?);
    }
    let UsageAsked { range, filter, zone, group } = &asked;
    match group {
        None => {
            let points = app.keydesk.usage_points(&caller, *range, filter, zone).await?;
            Ok(respond::json(StatusCode::OK, &UsageAnswer::Points(UsagePoints { points })))
        }
        Some(group) => {
            let page = (cursor, limit);
            let groups = app.keydesk.usage_groups(&caller, *range, filter, zone, *group, page).await?;
            Ok(respond::json(StatusCode::OK, &UsageAnswer::Groups(groups)))
        }
    }
}

fn usage_query(app: &App, caller: &Caller, uri: &Uri, known: &[&'static str]) -> Result<Read, Problem> {
    let (mut from, mut to, mut step, mut zone, mut cursor) = (None, None, UsageStep::Hour, None, None);
    let (mut filter, mut group, mut limit) = (UsageFilter::default(), None, PAGE_DEFAULT);
    let mut errors = Vec::new();
    // A parameter without a value counts as not given: an empty form field sends that.
    for (name, value) in query::read(uri, known)?.into_iter().filter(|(_, value)| !value.is_empty()) {
        match name {
            "from" => from = parsed(name, &value, &mut errors),
            "to" => to = parsed(name, &value, &mut errors),
            "step" => step = parsed(name, &value, &mut errors).unwrap_or(step),
            "time_zone" => zone = parsed::<TimeZone>(name, &value, &mut errors),
            "group_by" => group = parsed::<UsageGroup>(name, &value, &mut errors),
            "environment" => filter.environment = parsed(name, &value, &mut errors),
            "scope" => filter.scope = parsed(name, &value, &mut errors),
            "client" => match ClientName::parse(&value) {
                Ok(client) => filter.client = Some(client),
                Err(error) => errors.push(wrong(name, error.to_string())),
            },
            "code" => match Code::ALL.into_iter().find(|code| code.as_str() == value) {
                Some(code) => filter.code = Some(code),
                None => errors.push(wrong(name, "must be a code of a verdict, such as EXPIRED")),
            },
            "key_id" | "cursor" => match uuid_text(&value) {
                Some(id) if name == "key_id" => filter.key = Some(id),
                Some(id) => cursor = Some(id),
                None => errors.push(wrong(name, "must be the id of a key")),
            },
            _ => match value
                .parse()
                .ok()
                .filter(|limit| (1..=USAGE_GROUPS_MAX).contains(limit) && !value.starts_with('+'))
            {
                Some(number) => limit = number,
                None => errors.push(wrong(name, format!("must be a whole number from 1 to {USAGE_GROUPS_MAX}"))),
            },
        }
    }
    if step == UsageStep::Minute && (filter.scope.is_some() || group == Some(UsageGroup::Scope)) {
        errors.push(wrong("step", "must be quarter or longer where scopes are told apart"));
    }
    let to = to.unwrap_or_else(|| app.keydesk.now());
    let range = UsageRange::new(from.unwrap_or_else(|| to.plus_millis(-24 * HOUR_MS)), to, step);
    let range = range.map_err(|error: InvalidUsageRange| errors.push(wrong("from", error.to_string())));
    match (range, errors.is_empty()) {
        (Ok(range), true) => {
            let zone = zone.map_or_else(|| app.keydesk.time_zone(caller), Ok)?;
            Ok(Read { asked: UsageAsked { range, filter, zone, group }, limit, cursor })
        }
        _ => Err(query::refuse(errors)),
    }
}
