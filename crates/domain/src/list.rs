use model::{
    Cursor, CursorValue, Environment, Key, KeyError, KeyId, KeyPage, ListQuery, PAGE_MAX, Search, SortColumn, fold,
};
use store::{KeyFilter, TOTAL_COUNTED};

use crate::{Caller, Keydesk, failure};

/// Some keys of a list.
pub(crate) struct Listed {
    pub(crate) items: Vec<Key>,
    /// Where the rest begins.
    pub(crate) next: Option<Cursor>,
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
            && (filter.environment, filter.status, filter.preset) == (None, None, None);
        let store = &self.inner.store;
        let counted = if unfiltered {
            store.key_count(caller.installation).await.map_err(failure::public)?
        } else {
            store.count(&filter).await.map_err(failure::public)?
        };
        let total_is_lower_bound = !unfiltered && counted > TOTAL_COUNTED;
        let counted = if total_is_lower_bound { TOTAL_COUNTED } else { counted };
        let total = counted + u64::from(default_matches);
        Ok(KeyPage { items, next_cursor: next.map(|cursor| cursor.to_string()), total, total_is_lower_bound })
    }

    /// Up to `limit` keys of a list, from its cursor on.
    pub(crate) async fn rows(&self, caller: &Caller, query: &ListQuery, limit: u32) -> Result<Listed, KeyError> {
        self.require_module(caller.installation)?;
        let now = self.now();
        let search = Search::parse(&query.search)?;
        if search.finds_nothing() {
            return Ok(Listed { items: Vec::new(), next: None, filter: None, default_matches: false });
        }
        let environment = match (caller.sees(Environment::Live), query.environment) {
            (true, wanted) => wanted,
            (false, None | Some(Environment::Test)) => Some(Environment::Test),
            (false, Some(Environment::Live)) => {
                return Ok(Listed { items: Vec::new(), next: None, filter: None, default_matches: false });
            }
        };
        let default = match self.default_key(caller).await {
            Err(KeyError::NotFound) => None,
            found => Some(found?),
        };
        // The Default API Key never expires.
        let default = default.filter(|default| {
            query.expiring_before.is_none()
                && query.status.is_none_or(|status| status == default.status)
                && query.environment.is_none_or(|environment| environment == default.environment)
                && query.preset.is_none_or(|preset| preset == default.settings.preset)
                && fold(default.settings.client_name.as_str()).contains(search.as_str())
        });
        let default_matches = default.is_some();
        let filter = KeyFilter {
            installation: caller.installation,
            search: search.into(),
            environment,
            status: query.status,
            preset: query.preset,
            expiring_before: query.expiring_before,
            disabled: None,
            now,
        };
        let limit = limit as usize;
        let mut items = Vec::with_capacity(limit);
        if query.cursor.is_none() {
            items.extend(default.map(|key| caller.shown(key)));
        }
        // A cursor continues in the order that it was made for.
        let sort = query.cursor.as_ref().map_or(query.sort, |cursor| cursor.sort);
        let after = query.cursor.as_ref().and_then(|cursor| cursor.after.as_ref());
        let wanted = limit - items.len();
        // One more than is shown tells whether there is a next page.
        let rows = self.inner.store.list(&filter, sort, after, wanted as i64 + 1).await.map_err(failure::public)?;
        let mut rows = rows.into_iter();
        items.extend(rows.by_ref().take(wanted).map(|row| caller.shown(row.at(now))));
        let more = rows.next().is_some();
        let next = more.then(|| {
            let after =
                items.last().filter(|key| key.kind == model::KeyKind::Issued).map(|key| place(key, sort.column));
            Cursor { sort, after }
        });
        Ok(Listed { items, next, filter: Some(filter), default_matches })
    }
}

fn place(key: &Key, column: SortColumn) -> (CursorValue, KeyId) {
    let value = match column {
        SortColumn::ClientName => CursorValue::Text(fold(key.settings.client_name.as_str())),
        SortColumn::CreatedAt => CursorValue::Millis(key.created_at.as_millis()),
        SortColumn::LastUsedAt => CursorValue::Millis(key.last_used_at.map_or(0, model::Instant::as_millis)),
    };
    (value, key.id)
}
