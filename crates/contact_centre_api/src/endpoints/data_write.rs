//! Rows that programs write: a line of NDJSON in, a line of NDJSON out.

use std::sync::Arc;

use axum::{
    body::Body as Sent,
    extract::{Path, Request, rejection::PathRejection},
    response::Response,
};
use bytes::Bytes;
use contact_centre::{id::CallId, world::World};
use http::{HeaderValue, header};
use http_body_util::BodyExt as _;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    data::named,
    leads,
    lines::{Line, Lines},
    wraps,
};
use crate::{
    asked::Asked,
    forms::{ContactForm, WrapForm, draft_of},
    protocol::{Problem, kinds},
    tables::{Feed, Table, channel},
};

/// Bytes of a request.
const BYTES_MAX: usize = 16 << 20;
/// Lines that are written at once, with the world held.
const LINES: usize = 100;

/// What became of all lines so far.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    line: u64,
    created: u64,
    updated: u64,
    unchanged: u64,
    refused: u64,
}

/// Writes rows of a table. Each line stands for itself; whoever sends them again changes nothing.
pub(crate) async fn post(
    asked: Asked,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let table = named(path)?;
    asked.no_query()?;
    if !table.writable {
        return Err(Problem::new(&kinds::METHOD_NOT_ALLOWED).detail("Programs write contacts, leads and wraps alone."));
    }
    let media = request.headers().get(header::CONTENT_TYPE).and_then(|media| media.to_str().ok()).unwrap_or_default();
    if !media.split(';').next().is_some_and(|media| media.trim().eq_ignore_ascii_case("application/x-ndjson")) {
        return Err(Problem::new(&kinds::UNSUPPORTED_MEDIA_TYPE)
            .detail("Send rows as NDJSON, with Content-Type: application/x-ndjson."));
    }
    let (feed, body) = channel();
    let asked = Arc::new(asked);
    tokio::spawn(async move { write(asked, table, request.into_body(), feed).await });
    let mut response = Response::new(axum::body::Body::new(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    Ok(response)
}

/// Writes lines as they come, and tells what became of them. Without the last line, the summary, not all were read.
async fn write(asked: Arc<Asked>, table: &'static Table, mut body: Sent, feed: Feed) {
    let mut counts = Counts::default();
    let Some(ended) = write_all(&asked, table, &mut body, &feed, &mut counts).await else { return };
    let Counts { line, created, updated, unchanged, refused: not_written } = counts;
    let last = match ended {
        Ok(()) => json!({ "summary": {
            "lines": line, "created": created, "updated": updated, "unchanged": unchanged, "refused": not_written,
        } }),
        Err(problem) => refused(line + 1, &problem),
    };
    // Whoever is gone does not read it.
    let _ = feed.send_later(line_of(&last)).await;
}

/// Writes lines until the body ends, or what ends it before. None if nobody reads on.
async fn write_all(
    asked: &Arc<Asked>,
    table: &'static Table,
    body: &mut Sent,
    feed: &Feed,
    counts: &mut Counts,
) -> Option<Result<(), Problem>> {
    let (mut lines, mut read) = (Lines::default(), 0);
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return Some(Err(Problem::invalid("The body broke off."))) };
        let Ok(data) = frame.into_data() else { continue };
        read += data.len();
        if read > BYTES_MAX {
            return Some(Err(too_large("A request has at most 16 MiB. The lines before this one were written.")));
        }
        let Ok(ended) = lines.read(&data) else {
            return Some(Err(too_large("A line has at most 64 KiB. The lines before this piece were written.")));
        };
        for some in ended.chunks(LINES) {
            match write_aside(asked, table, some, counts).await {
                Ok(told) => feed.send_later(told).await.ok()?,
                Err(problem) => return Some(Err(problem)),
            }
        }
        counts.line = lines.ended();
    }
    if let Some(last) = lines.last() {
        match write_aside(asked, table, &[last], counts).await {
            Ok(told) => feed.send_later(told).await.ok()?,
            Err(problem) => return Some(Err(problem)),
        }
    }
    Some(Ok(()))
}

fn too_large(detail: &'static str) -> Problem {
    Problem::new(&kinds::BODY_TOO_LARGE).detail(detail)
}

/// Writes some lines together, where it holds nobody up who asks another world.
///
/// # Errors
/// None of them was written.
async fn write_aside(
    asked: &Arc<Asked>,
    table: &'static Table,
    lines: &[Line],
    counts: &mut Counts,
) -> Result<Bytes, Problem> {
    let (asked, lines, before) = (asked.clone(), lines.to_vec(), *counts);
    let write = move || write_lines(&asked, table, &lines, before);
    let written = tokio::task::spawn_blocking(write).await.map_err(|_| Problem::new(&kinds::INTERNAL_ERROR))?;
    let (told, after) = written?;
    *counts = after;
    Ok(told)
}

/// What is told of some lines that are written together, and what was counted with them.
fn write_lines(asked: &Asked, table: &Table, lines: &[Line], before: Counts) -> Result<(Bytes, Counts), Problem> {
    asked.world(|world| {
        let (mut counts, mut told) = (before, Vec::<u8>::new());
        for Line { number, text } in lines {
            counts.line = *number;
            let done = write_line(asked, world, table, text);
            let count = match &done {
                Ok(("created", _)) => &mut counts.created,
                Ok(("updated", _)) => &mut counts.updated,
                Ok(_) => &mut counts.unchanged,
                Err(_) => &mut counts.refused,
            };
            *count += 1;
            let result = match done {
                Ok((result, id)) => json!({ "line": number, "result": result, "id": id }),
                Err(problem) => refused(*number, &problem),
            };
            told.extend_from_slice(&line_of(&result));
        }
        Ok((told.into(), counts))
    })
}

fn refused(line: u64, problem: &Problem) -> Value {
    json!({ "line": line, "result": "refused", "code": problem.code(), "detail": problem.text() })
}

fn line_of(value: &Value) -> Bytes {
    format!("{value}\n").into()
}

#[derive(Deserialize)]
struct ContactLine {
    /// Of a contact that is known; else the ids of other systems say whether it is.
    #[serde(default)]
    id: Option<contact_centre::id::ContactId>,
    #[serde(flatten)]
    rest: serde_json::Map<String, Value>,
}

#[derive(Deserialize)]
struct WrapLine {
    call_id: CallId,
    #[serde(flatten)]
    rest: serde_json::Map<String, Value>,
}

fn form<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, Problem> {
    serde_json::from_value(value)
        .map_err(|error| Problem::invalid(format!("The row does not have the documented form: {error}.")))
}

fn write_line(asked: &Asked, world: &mut World, table: &Table, line: &[u8]) -> Result<(&'static str, Uuid), Problem> {
    let value: Value =
        serde_json::from_slice(line).map_err(|error| Problem::invalid(format!("The line is not JSON: {error}.")))?;
    match table.name {
        "leads" => leads::upsert(asked, world, value),
        "wraps" => {
            let WrapLine { call_id, rest } = form(value)?;
            let draft = form::<WrapForm>(Value::Object(rest))?.into();
            let before = wraps::may_note(asked, world, call_id)?.noted().map(|wrap| wrap.revision);
            world.write_wrap(&asked.actor(), call_id, &draft, None)?;
            let after = world.state().call(call_id).and_then(|call| call.noted()).map(|wrap| wrap.revision);
            let result = match (before, after) {
                (None, _) => "created",
                (before, after) if before == after => "unchanged",
                _ => "updated",
            };
            Ok((result, call_id.0))
        }
        _ => contact(asked, world, form(value)?),
    }
}

fn contact(asked: &Asked, world: &mut World, line: ContactLine) -> Result<(&'static str, Uuid), Problem> {
    let draft = form::<ContactForm>(Value::Object(line.rest))?.draft(asked.centre.settings())?;
    let state = world.state();
    let mut of_systems =
        draft.external_ids.iter().filter_map(|(system, id)| state.contact_with_external_id(system, id));
    let id = line.id.or_else(|| of_systems.next());
    if let Some(known) = id.and_then(|id| state.contact(id))
        && draft_of(known) == draft
    {
        return Ok(("unchanged", known.id.0));
    }
    let result = if id.is_some() { "updated" } else { "created" };
    let id = world.put_contact(&asked.actor(), id, &draft, None)?;
    Ok((result, id.0))
}
