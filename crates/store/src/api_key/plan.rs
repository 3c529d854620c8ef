//! How a search finds keys soon, whether few or many match, and wherever those stand in the order.
//!
//! Few are found by a trigram index and sorted. Many are soon met in the order of the list, unless they all stand late in it. By name that
//! is known before ([`crate::search_map`]): only those blocks are read that can hold what is searched for. In another order its first
//! rows are looked at, and if those hold too few, what the trigram index finds is sorted after all.

use model::{CursorValue, Sort, SortColumn};

use super::filter::{KeyFilter, Searching};
use crate::{
    Store, StoreError,
    db::Db,
    search_map::{Found, Part},
};

/// Up to this many hits are found through SQLite's trigram index and sorted, and up to as many as those that PostgreSQL's can find.
const FEW_OF_SQLITE: i64 = 2_000;
const FEW_OF_POSTGRES: u64 = 8_000;
/// Rows that are looked at in vain at most, before what the trigram index finds is sorted. SQLite has the texts in its index; PostgreSQL reads
/// each row from wherever it lies.
const IN_VAIN_OF_SQLITE: u64 = 60_000;
const IN_VAIN_OF_POSTGRES: u64 = 16_000;
/// Of another order than that of names: both read each row.
pub(super) const FIRST: i64 = 5_000;

/// SQLite alone: how many names hold a text, counting no further than asked.
pub(crate) const SEARCH_HITS: &str =
    "SELECT COUNT(*) FROM (SELECT rowid FROM api_key_search WHERE api_key_search MATCH $1 LIMIT $2)";

/// How the keys of a filter are found.
#[derive(Debug)]
pub(super) enum Plan {
    /// By going through the order.
    Order,
    /// Through the trigram index.
    Trigrams,
    /// By going through the first rows of the order; if that is not enough, through the trigram index.
    First,
    /// By going through these parts of the order of names; if what may be looked at in vain is not enough, through the trigram index.
    Parts { parts: Vec<Part>, in_vain: Option<u64> },
}

impl Store {
    /// How so many keys are found soonest. Without an order, any of them.
    pub(super) async fn plan(
        &self,
        filter: &KeyFilter,
        with: &Searching,
        sort: Option<Sort>,
        after: Option<&CursorValue>,
        wanted: i64,
    ) -> Result<Plan, StoreError> {
        if filter.search.is_empty() {
            return Ok(Plan::Order);
        }
        let trigrams = filter.has_trigrams(with);
        if self.are_few(filter, with).await? {
            return Ok(Plan::Trigrams);
        }
        let by_name = sort.is_none_or(|sort| sort.column == SortColumn::ClientName);
        let Some(found) = self.found(filter, with, sort, after).await? else {
            let walked = !trigrams || (with.sqlite && by_name);
            return Ok(if walked { Plan::Order } else { Plan::First });
        };
        let Found { parts, keys, at_most, likely } = found;
        let in_vain = if with.sqlite { IN_VAIN_OF_SQLITE } else { IN_VAIN_OF_POSTGRES };
        if !trigrams || keys <= in_vain {
            return Ok(Plan::Parts { parts, in_vain: None });
        }
        // So many are met, likely, while as many rows are read as may be in vain.
        let met = likely.saturating_mul(in_vain) / keys.max(1);
        if (!with.sqlite && at_most <= FEW_OF_POSTGRES) || met < wanted.unsigned_abs() {
            return Ok(Plan::Trigrams);
        }
        Ok(Plan::Parts { parts, in_vain: Some(in_vain) })
    }

    /// Where in the order of names the keys can be; `None`: that is not known, or another order is asked for.
    async fn found(
        &self,
        filter: &KeyFilter,
        with: &Searching,
        sort: Option<Sort>,
        after: Option<&CursorValue>,
    ) -> Result<Option<Found>, StoreError> {
        let after = match (sort.map(|sort| sort.column), after) {
            (None | Some(SortColumn::ClientName), None) => None,
            (Some(SortColumn::ClientName), Some(CursorValue::Name(order))) => Some(order.as_slice()),
            _ => return Ok(None),
        };
        if !filter.can_skip(with) {
            return Ok(None);
        }
        self.follow_search_map().await?;
        let descending = sort.is_some_and(|sort| sort.descending);
        Ok(self.search_map.find(filter.installation, &filter.search, descending, after))
    }

    /// Whether SQLite's trigram index finds few.
    async fn are_few(&self, filter: &KeyFilter, with: &Searching) -> Result<bool, StoreError> {
        let Db::Sqlite { read, .. } = &self.db else { return Ok(false) };
        let Some(query) = filter.trigrams(with) else { return Ok(false) };
        let hits: i64 = sqlx::query_scalar(SEARCH_HITS).bind(query).bind(FEW_OF_SQLITE + 1).fetch_one(read).await?;
        Ok(hits <= FEW_OF_SQLITE)
    }
}
