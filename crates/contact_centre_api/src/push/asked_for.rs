//! What a reader asks for, and what they may get of it.

use std::str::FromStr;

use contact_centre::{
    id::QueueId,
    log::Cursor,
    push::{Audience, Feed, Filter, InvalidFilter, Kinds, Start},
};
use http::HeaderMap;

use crate::{
    asked::Asked,
    caller::Caller,
    protocol::{Problem, Query, kinds},
};

/// What a caller may get of a feed.
pub(super) fn audience(caller: &Caller, feed: Feed) -> Audience {
    Audience {
        feed,
        rights: caller.rights(),
        recordings: caller.may("recordings:read"),
        queues: caller.queues.as_ref().map(|queues| queues.iter().copied().collect()),
    }
}

/// What the parameters leave of it.
///
/// # Errors
/// 403 if they name a queue that the caller's token is not for. What else is wrong with them is told at the end of the query.
pub(super) fn filter(asked: &Asked, query: &Query) -> Result<Filter, Problem> {
    let filter = Filter {
        agents: ids(query, "agent_ids"),
        queues: ids(query, "queue_ids"),
        kinds: kinds_of(query).unwrap_or(Kinds::ALL),
    };
    allowed(&asked.caller, &filter)?;
    Ok(filter)
}

/// Refuses a filter that names a queue that the caller's token is not for.
///
/// # Errors
/// 403.
pub(super) fn allowed(caller: &Caller, filter: &Filter) -> Result<(), Problem> {
    let named: &[QueueId] = filter.queues.as_deref().unwrap_or_default();
    if named.iter().all(|queue| caller.may_see(*queue)) {
        return Ok(());
    }
    Err(Problem::new(&kinds::RESOURCE_NOT_ALLOWED))
}

fn ids<T: FromStr>(query: &Query, name: &'static str) -> Option<Box<[T]>> {
    told(query, name, Filter::ids(query.text(name)?.split(',')))
}

fn kinds_of(query: &Query) -> Option<Kinds> {
    told(query, "types", Kinds::parse(query.text("types")?.split(',')))
}

fn told<T>(query: &Query, name: &'static str, read: Result<T, InvalidFilter>) -> Option<T> {
    read.map_err(|error| query.refuse(name.to_owned(), &error.to_string())).ok()
}

/// Where a reader goes on. A text that is no place begins anew, and says so: whoever sends it does not know what they had.
pub(super) fn start(headers: &HeaderMap) -> Start {
    match headers.get("last-event-id").map(|id| id.to_str().unwrap_or("?").trim()) {
        None | Some("") => Start::Now,
        Some(id) => id.parse::<Cursor>().map_or(Start::Unknown, Start::After),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_goes_on_from_where_they_were() {
        let from = |id: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("last-event-id", id.parse().unwrap());
            start(&headers)
        };
        assert_eq!(start(&HeaderMap::new()), Start::Now);
        assert_eq!(from(""), Start::Now);
        assert_eq!(from("k3-918273"), Start::After("k3-918273".parse().unwrap()));
        assert_eq!(from("918273"), Start::Unknown);
    }
}
