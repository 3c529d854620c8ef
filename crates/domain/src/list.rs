use model::{
    Cursor, CursorValue, Key, KeyError, KeyId, KeyPage, KeyStatus, ListQuery, PAGE_MAX, RESTORE_WINDOW_MS, SortColumn,
    fold,
};
use store::{KeyFilter, TOTAL_COUNTED};

use crate::{Caller, Keydesk, Record, failure};

impl Keydesk {
    /// A page of keys. The Default API Key comes first in every order, when it matches.
    pub async fn list(&self, caller: &Caller, query: &ListQuery) -> Result<KeyPage, KeyError> {
        self.require_module(caller.installation)?;
        let (store, now) = (&self.inner.store, self.now());
        let search = fold(query.search.trim());
        // No name holds a control character, and PostgreSQL takes no NUL.
        if search.contains(char::is_control) {
            return Ok(KeyPage { items: Vec::new(), next_cursor: None, total: 0, total_is_lower_bound: false });
        }
        let default = self.default_key(caller).await?;
        // The Default API Key never expires.
        let default_matches = query.expiring_before.is_none()
            && query.status.is_none_or(|status| status == default.status)
            && query.environment.is_none_or(|environment| environment == default.environment)
            && query.preset.is_none_or(|preset| preset == default.preset)
            && fold(default.client_name.as_str()).contains(&search);
        let filter = KeyFilter {
            installation: caller.installation,
            search,
            environment: query.environment,
            status: query.status,
            preset: query.preset,
            expiring_before: query.expiring_before,
            disabled: None,
            now,
        };
        let limit = query.limit.clamp(1, PAGE_MAX) as usize;
        let mut items = Vec::with_capacity(limit);
        if query.cursor.is_none() && default_matches {
            items.push(default);
        }
        // A cursor goes on in the order that it was made in.
        let sort = query.cursor.as_ref().map_or(query.sort, |cursor| cursor.sort);
        let after = query.cursor.as_ref().and_then(|cursor| cursor.after.as_ref());
        let wanted = limit - items.len();
        // One more than is shown tells whether there is a next page.
        let mut rows = store.list(&filter, sort, after, wanted as i64 + 1).await.map_err(failure::public)?.into_iter();
        items.extend(rows.by_ref().take(wanted).map(|row| row.at(now)));
        let more = rows.next().is_some();
        let next_cursor = more.then(|| {
            let after =
                items.last().filter(|key| key.kind == model::KeyKind::Issued).map(|key| place(key, sort.column));
            Cursor { sort, after }.to_string()
        });
        let unfiltered = filter.search.is_empty()
            && filter.expiring_before.is_none()
            && (filter.environment, filter.status, filter.preset) == (None, None, None);
        let counted = if unfiltered {
            store.key_count(caller.installation).await.map_err(failure::public)?
        } else {
            store.count(&filter).await.map_err(failure::public)?
        };
        let total_is_lower_bound = !unfiltered && counted > TOTAL_COUNTED;
        let counted = if total_is_lower_bound { TOTAL_COUNTED } else { counted };
        Ok(KeyPage { items, next_cursor, total: counted + u64::from(default_matches), total_is_lower_bound })
    }

    /// A key, also a deleted one while it can be restored.
    pub async fn get(&self, caller: &Caller, id: KeyId) -> Result<Key, KeyError> {
        self.require_module(caller.installation)?;
        self.read(caller.installation, id).await
    }

    /// The installation's Default API Key.
    pub async fn default_key(&self, caller: &Caller) -> Result<Key, KeyError> {
        self.require_module(caller.installation)?;
        let found = self.inner.store.default_key(caller.installation).await.map_err(failure::public)?;
        found.map(|key| key.at(self.now())).ok_or(KeyError::NoInstallation)
    }

    /// The calling key as itself. Works while the module is off: what runs must not break because nobody may edit it.
    pub async fn whoami(&self, record: &Record) -> Result<Key, KeyError> {
        // Notes are for those who manage keys.
        Ok(Key { notes: None, ..self.read(record.installation(), record.key_id()).await? })
    }

    async fn read(&self, installation: model::InstallationId, id: KeyId) -> Result<Key, KeyError> {
        let now = self.now();
        let found = self.inner.store.key(installation, id).await.map_err(failure::public)?;
        let key = found.map(|key| key.at(now)).ok_or(KeyError::NotFound)?;
        let purged = key.status == KeyStatus::Revoked
            && key.deleted_at.is_some_and(|at| at.plus_millis(RESTORE_WINDOW_MS) <= now);
        if purged { Err(KeyError::NotFound) } else { Ok(key) }
    }
}

fn place(key: &Key, column: SortColumn) -> (CursorValue, KeyId) {
    let value = match column {
        SortColumn::ClientName => CursorValue::Text(fold(key.client_name.as_str())),
        SortColumn::CreatedAt => CursorValue::Millis(key.created_at.as_millis()),
        SortColumn::LastUsedAt => CursorValue::Millis(key.last_used_at.map_or(0, model::Instant::as_millis)),
    };
    (value, key.id)
}
