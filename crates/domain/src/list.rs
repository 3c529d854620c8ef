use model::{
    Cursor, CursorValue, Environment, Key, KeyError, KeyId, KeyPage, ListQuery, PAGE_MAX, Permission, Search, Sort,
};
use store::{KeyFilter, TOTAL_COUNTED};

use crate::{Caller, Keydesk, failure};

/// What a query asks for.
pub(crate) struct Asked {
    pub(crate) filter: KeyFilter,
    /// The Default API Key, if it matches.
    pub(crate) default: Option<Key>,
}

/// Some keys of a list.
struct Listed {
    items: Vec<Key>,
    /// Where the rest begins.
    next: Option<Cursor>,
    /// The filter on issued keys; `None`: the query can match nothing.
    filter: Option<KeyFilter>,
    default_matches: bool,
}

impl Keydesk {
    /// A page of keys. The Default API Key comes first in every order, when it matches.
    pub async fn list(&self, caller: &Caller, query: &ListQuery) -> Result<KeyPage, KeyError> {
        let Listed { items, next, filter, default_matches } =
            self.rows(caller, query, query.limit.clamp(1, PAGE_MAX)).await?;
        let Some(filter) = filter else {
            return Ok(KeyPage { items, next_cursor: None, total: 0, total_is_lower_bound: false });
        };
        let unfiltered = filter.search.is_empty()
            && filter.expiring_before.is_none()
            && filter.attention.is_none()
            && (filter.environment, filter.status, filter.preset) == (None, None, None);
        let store = &self.inner.store;
        let counted = if unfiltered {
            store.key_count(caller.installation).await.map_err(failure::public)?
        } else if query.cursor.is_none() && next.is_none() {
            // What is shown is all there is.
            items.len() as u64 - u64::from(default_matches)
        } else {
            store.count(&filter).await.map_err(failure::public)?
        };
        let total_is_lower_bound = !unfiltered && counted > TOTAL_COUNTED;
        let counted = if total_is_lower_bound { TOTAL_COUNTED } else { counted };
        let total = counted + u64::from(default_matches);
        Ok(KeyPage { items, next_cursor: next.map(|cursor| cursor.to_string()), total, total_is_lower_bound })
    }

    /// The filter of a query; `None`: it can match nothing.
    pub(crate) async fn asked(&self, caller: &Caller, query: &ListQuery) -> Result<Option<Asked>, KeyError> {
        self.require_open(caller)?;
        let now = self.now();
        let search = Search::parse(&query.search)?;
        if search.finds_nothing() {
            return Ok(None);
        }
        let environment = match (caller.sees(Environment::Live), query.environment) {
            (true, wanted) => wanted,
            (false, None | Some(Environment::Test)) => Some(Environment::Test),
            (false, Some(Environment::Live)) => return Ok(None),
        };
        let search_notes = caller.may(Permission::ReadKeyNotes);
        let default = match self.default_key(caller).await {
            Err(KeyError::NotFound) => None,
            found => Some(found?),
        };
        // The Default API Key never expires.
        let default = default.filter(|default| {
            query.expiring_before.is_none()
                && query.attention.is_none()
                && query.status.is_none_or(|status| status == default.status)
                && query.environment.is_none_or(|environment| environment == default.environment)
                && query.preset.is_none_or(|preset| preset == default.settings.preset)
                && search.finds(default, search_notes)
        });
        let filter = KeyFilter {
            installation: caller.installation,
            search,
            search_notes,
            environment,
            status: query.status,
            preset: query.preset,
            expiring_before: query.expiring_before,
            attention: query.attention,
            disabled: None,
            now,
        };
        Ok(Some(Asked { filter, default }))
    }

    /// Up to `limit` keys of a list, from its cursor on.
    async fn rows(&self, caller: &Caller, query: &ListQuery, limit: u32) -> Result<Listed, KeyError> {
        let Some(Asked { filter, default }) = self.asked(caller, query).await? else {
            return Ok(Listed { items: Vec::new(), next: None, filter: None, default_matches: false });
        };
        let (limit, now, default_matches) = (limit as usize, filter.now, default.is_some());
        let mut items = Vec::with_capacity(limit);
        if query.cursor.is_none() {
            items.extend(default.map(|key| caller.shown(key)));
        }
        let (sort, after) = order(query);
        let wanted = limit - items.len();
        // One more than is shown tells whether there is a next page.
        let rows = self.inner.store.list(&filter, sort, after, wanted as i64 + 1).await.map_err(failure::public)?;
        let more = rows.len() > wanted;
        let after = wanted.checked_sub(1).and_then(|last| rows.get(last)).map(|last| last.place(sort.column));
        items.extend(rows.into_iter().take(wanted).map(|row| caller.shown(row.at(now))));
        let next = more.then_some(Cursor { sort, after });
        Ok(Listed { items, next, filter: Some(filter), default_matches })
    }
}

/// The order of a list, and after which place it goes on. A cursor continues in the order that it was made for.
pub(crate) fn order(query: &ListQuery) -> (Sort, Option<&(CursorValue, KeyId)>) {
    match &query.cursor {
        Some(cursor) => (cursor.sort, cursor.after.as_ref()),
        None => (query.sort, None),
    }
}
