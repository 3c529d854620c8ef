use axum::{extract::Path, response::Response};
use bytes::Bytes;
use contact_centre::{
    log::Cursor,
    world::{AsOf, World},
};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::Serialize;

use crate::{
    asked::Asked,
    protocol::{Answer, Problem, json, kinds},
    tables::{Body, By, EncodeError, Encoder, Feed, Format, Selection, Source, TABLES, Table, channel},
};

static ROW_COUNT: HeaderName = HeaderName::from_static("x-row-count");
static AS_OF_SEQ: HeaderName = HeaderName::from_static("x-as-of-seq");
static CHANGES_CURSOR: HeaderName = HeaderName::from_static("x-changes-cursor");

#[derive(Serialize)]
struct Catalogue {
    tables: &'static [Table],
    formats: [&'static str; 3],
    as_of: AsOf,
}

/// Which tables there are, and what is in them.
pub(crate) async fn list(asked: Asked) -> Result<Answer, Problem> {
    asked.no_query()?;
    let told = asked.ask(|_, world| {
        json(&Catalogue { tables: TABLES, formats: ["ndjson", "csv", "parquet"], as_of: world.as_of() })
    });
    told.await
}

/// The table of a path.
pub(crate) fn named(
    path: Result<Path<String>, axum::extract::rejection::PathRejection>,
) -> Result<&'static Table, Problem> {
    path.ok().and_then(|Path(name)| Table::named(&name)).ok_or(Problem::not_found("table"))
}

/// A table, whole, as it is now.
pub(crate) async fn get(
    asked: Asked,
    path: Result<Path<String>, axum::extract::rejection::PathRejection>,
) -> Result<Response, Problem> {
    let table = named(path)?;
    let query = asked.query();
    let by = query.word("by", &["started", "ended", "changed"], |word| match word {
        "started" => Some(By::Started),
        "ended" => Some(By::Ended),
        "changed" => Some(By::Changed),
        _ => None,
    });
    if by.is_some() && table.name != "calls" {
        query.refuse("by".to_owned(), "goes with the table calls alone");
    }
    let selection = Selection {
        from: query.get("from"),
        to: query.get("to"),
        by: by.unwrap_or_default(),
        changed_since: query.get("changed_since"),
    };
    let format = query.get::<Format>("format");
    query.end()?;
    let accept = asked.headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or("*/*");
    let any = accept.contains("*/*") || accept.contains("application/*") || accept.trim().is_empty();
    let format = format.or(Format::accepted(accept)).or(any.then_some(Format::Ndjson));
    let format = format.ok_or(
        Problem::new(&kinds::NOT_ACCEPTABLE)
            .detail("Accept one of application/x-ndjson, text/csv, application/vnd.apache.parquet."),
    )?;
    let Ok(turn) = asked.centre.exports().clone().try_acquire_owned() else {
        return Err(Problem::new(&kinds::TOO_MANY_EXPORTS).retry_after(5));
    };
    let head = asked.method == http::Method::HEAD;
    let read = move |asked: &Asked, world: &mut World| {
        let source = Source::of(world, table.name, &selection)?;
        // Whoever comes back with it gets what changed after this table.
        let changes = Cursor { epoch: world.epoch().clone(), seq: source.as_of().seq };
        Ok((asked.clone(), source, changes))
    };
    let (asked, source, changes) = asked.ask(read).await?;
    let as_of = source.as_of();
    let (feed, body) = channel();
    if !head {
        // It waits for its reader, so it has a thread of its own; there are a bounded number.
        tokio::task::spawn_blocking(move || {
            write(&asked, source, format, table, feed);
            drop(turn);
        });
    }
    Ok(answer(table, format, (as_of, &changes), if head { None } else { Some(body) }))
}

fn answer(table: &Table, format: Format, (as_of, changes): (AsOf, &Cursor), body: Option<Body>) -> Response {
    let mut response = Response::new(body.map_or_else(axum::body::Body::empty, axum::body::Body::new));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::TRAILER, HeaderValue::from_static("x-row-count, x-as-of-seq"));
    headers.insert(AS_OF_SEQ.clone(), HeaderValue::from(as_of.seq));
    if let Ok(changes) = HeaderValue::try_from(changes.to_string()) {
        headers.insert(CHANGES_CURSOR.clone(), changes);
    }
    let name = format!("attachment; filename=\"{}.{}\"", table.name, format.ending());
    if let Ok(name) = HeaderValue::try_from(name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    response
}

/// Why a table broke off.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("nobody reads on")]
    Gone,
    #[error(transparent)]
    Encode(#[from] EncodeError),
    #[error("{0}")]
    Lost(String),
}

/// Writes a table until its reader has it.
fn write(asked: &Asked, source: Source, format: Format, table: &'static Table, feed: Feed) {
    let as_of = source.as_of();
    match rows(asked, source, format, table, &feed) {
        Ok(count) => {
            let trailers =
                [(ROW_COUNT.clone(), HeaderValue::from(count)), (AS_OF_SEQ.clone(), HeaderValue::from(as_of.seq))];
            feed.end(HeaderMap::from_iter(trailers));
        }
        Err(Broken::Gone) => {}
        Err(error) => {
            tracing::warn!(%error, table = table.name, "a table broke off");
            feed.fail(error);
        }
    }
}

fn rows(asked: &Asked, mut source: Source, format: Format, table: &'static Table, feed: &Feed) -> Result<u64, Broken> {
    let mut encoder = Encoder::of(format, table)?;
    let mut count = 0;
    let send = |piece: Bytes| feed.send(piece).map_err(|_| Broken::Gone);
    // The head of a table is sent also where there are no rows.
    send(encoder.rows(&[])?)?;
    loop {
        // The world is held for some rows at a time, and not while they are written and sent.
        let next = asked.world.read(|world| source.next(world));
        let Some(rows) = next.map_err(|problem| Broken::Lost(problem.text().to_owned()))? else { break };
        count += rows.len() as u64;
        send(encoder.rows(&rows)?)?;
    }
    send(encoder.end()?)?;
    Ok(count)
}
