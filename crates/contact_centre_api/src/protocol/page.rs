use std::{fmt, str::FromStr};

use contact_centre::{
    log::Cursor,
    world::{AsOf, World},
};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::{Problem, Query, kinds};

/// Entries of a page, where nothing is said, and at most.
const LIMIT: usize = 100;
const LIMIT_MAX: usize = 500;

/// Which part of a list is asked for: entries in their order, or those that changed since, in the order of their changes.
#[derive(Clone, Debug)]
pub(crate) struct Paging {
    pub(crate) limit: usize,
    after: Option<After>,
    pub(crate) changed_since: Option<Cursor>,
}

/// Where a page ended, and up to which change the first page was true: whoever reads all pages and then asks for what changed since misses
/// nothing of what changed meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct After {
    id: Uuid,
    seq: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not the next_cursor of a page")]
struct InvalidCursor;

impl fmt::Display for After {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.id.simple(), self.seq)
    }
}

impl FromStr for After {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let (id, seq) = text.split_once('.').ok_or(InvalidCursor)?;
        let counted = seq.bytes().all(|byte| byte.is_ascii_digit());
        let seq = Some(seq).filter(|_| counted).and_then(|seq| seq.parse().ok()).ok_or(InvalidCursor)?;
        Ok(Self { id: Uuid::try_parse(id).map_err(|_| InvalidCursor)?, seq })
    }
}

/// A page of a list.
#[derive(Debug, Serialize)]
pub(crate) struct Page {
    items: Vec<Value>,
    next_cursor: Option<String>,
    changes_cursor: String,
    as_of: AsOf,
}

impl Paging {
    pub(crate) fn of(query: &Query) -> Self {
        let limit = query.get::<usize>("limit");
        if limit.is_some_and(|limit| !(1..=LIMIT_MAX).contains(&limit)) {
            query.refuse("limit".to_owned(), "must be between 1 and 500");
        }
        let paging = Self {
            limit: limit.unwrap_or(LIMIT),
            after: query.get("cursor"),
            changed_since: query.get("changed_since"),
        };
        if paging.after.is_some() && paging.changed_since.is_some() {
            query.refuse("cursor".to_owned(), "does not go with changed_since, which pages by itself");
        }
        paging
    }

    /// The `seq` after which changes are asked for.
    ///
    /// # Errors
    /// 410 if it is of another epoch or of the future: then everything has to be read anew.
    pub(crate) fn since(&self, world: &World) -> Result<Option<u64>, Problem> {
        let Some(cursor) = &self.changed_since else { return Ok(None) };
        if cursor.epoch != *world.epoch() || cursor.seq > world.state().seq() {
            return Err(Problem::new(&kinds::CHANGES_LOST)
                .detail("The cursor is of another epoch of the log. Read the list anew without changed_since."));
        }
        Ok(Some(cursor.seq))
    }

    /// Where the page begins: after this id.
    pub(crate) fn after(&self) -> Option<Uuid> {
        self.after.map(|after| after.id)
    }
}

/// A page of what a list has: its entries in order, each with its id and the `seq` of its last change. Only those of the page are written,
/// by `write`.
///
/// # Errors
/// 410 of a place that is no longer known.
pub(crate) fn page_of<T>(
    world: &World,
    paging: &Paging,
    entries: impl IntoIterator<Item = T>,
    of: impl Fn(&T) -> (Uuid, u64),
    write: impl FnMut(T) -> Result<Value, serde_json::Error>,
) -> Result<Page, Problem> {
    let as_of = world.as_of();
    let cursor = |seq| Cursor { epoch: world.epoch().clone(), seq }.to_string();
    let mut taken: Vec<T>;
    let (next_cursor, changes_cursor);
    if let Some(since) = paging.since(world)? {
        taken = entries.into_iter().filter(|entry| of(entry).1 > since).collect();
        taken.sort_unstable_by_key(|entry| of(entry).1);
        let more = taken.len() > paging.limit;
        taken.truncate(paging.limit);
        let last = taken.last().map(|entry| of(entry).1).filter(|_| more);
        changes_cursor = cursor(last.unwrap_or(as_of.seq));
        next_cursor = None;
    } else {
        let after = paging.after();
        let rest = entries.into_iter().filter(|entry| after.is_none_or(|after| of(entry).0 > after));
        taken = rest.take(paging.limit + 1).collect();
        let more = taken.len() > paging.limit;
        taken.truncate(paging.limit);
        let seq = paging.after.map_or(as_of.seq, |after| after.seq);
        let last = taken.last().filter(|_| more).map(|entry| After { id: of(entry).0, seq });
        next_cursor = last.map(|last| last.to_string());
        changes_cursor = cursor(seq);
    }
    let items = taken.into_iter().map(write).collect::<Result<_, _>>();
    let items = items.map_err(|_| Problem::new(&kinds::INTERNAL_ERROR))?;
    Ok(Page { items, next_cursor, changes_cursor, as_of })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_nothing_else_is_one() {
        let after = After { id: Uuid::from_u128(7), seq: 12 };
        assert_eq!(after.to_string().parse(), Ok(after));
        for bad in [
            "",
            ".",
            "7.1",
            "00000000000000000000000000000007",
            "00000000000000000000000000000007.",
            "00000000000000000000000000000007.+1",
        ] {
            assert_eq!(bad.parse::<After>(), Err(InvalidCursor), "{bad}");
        }
    }

    #[test]
    fn a_page_has_1_to_500_entries() {
        for (query, good) in
            [("limit=1", true), ("limit=500", true), ("limit=0", false), ("limit=501", false), ("limit=x", false)]
        {
            let query = Query::of(&format!("/x?{query}").parse().unwrap(), &["cursor", "limit", "changed_since"]);
            Paging::of(&query);
            assert_eq!(query.end().is_ok(), good);
        }
    }
}
