use std::sync::atomic::Ordering;

use model::{
    Attention, CursorValue, Environment, InstallationId, Instant, KeyId, KeyStatus, NAMES_FOLDED, Preset,
    RESTORE_WINDOW_MS, Search, Sort, SortColumn,
};
use sqlx::{FromRow as _, Row as _};
use uuid::Uuid;

use super::row::{KeyRow, key_select};
use crate::{
    Store, StoreError, StoredKey,
    db::{Db, on_db},
    live_keys::live_keys,
    sql::{Sql, query},
};

/// A total stops counting here. Counting on would cost more than showing the page.
pub const TOTAL_COUNTED: u64 = 1_000;

/// Up to this many hits are found through the trigram index and sorted. With more, the index of the order is walked,
/// where so common a text is soon found.
const FEW: i64 = 2_000;

/// Which issued keys of an installation a list shows.
#[derive(Clone, Debug)]
pub struct KeyFilter {
    /// Whose keys.
    pub installation: InstallationId,
    /// What the texts of a key must hold, or what names it.
    pub search: Search,
    /// Whether notes and metadata are searched, too: whoever may not read them must not learn them by searching.
    pub search_notes: bool,
    /// Only this environment.
    pub environment: Option<Environment>,
    /// Only this status at `now`. `Revoked`: tombstones. None: all but tombstones.
    pub status: Option<KeyStatus>,
    /// Only this preset.
    pub preset: Option<Preset>,
    /// Only keys that have not expired at `now`, and will before this instant.
    pub expiring_before: Option<Instant>,
    /// Only keys that want attention for this reason at `now`.
    pub attention: Option<Attention>,
    /// Only keys that are switched off (`true`) or are not.
    pub disabled: Option<bool>,
    /// The instant by which status is decided.
    pub now: Instant,
}

/// How the text that is searched for is compared with the names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SearchPlan {
    /// Through the trigram index.
    Trigrams,
    /// By looking at each name in the order of the list.
    Order,
}

impl KeyFilter {
    fn push(&self, sql: &mut Sql, plan: SearchPlan, with: &Searching) {
        let trigrams = if plan == SearchPlan::Trigrams { self.trigrams(with) } else { None };
        // With a + no index is taken for it: SQLite would walk all of one in the order of the list, in search of the few that are found.
        sql.push(if trigrams.is_some() { "+installation_id = " } else { "installation_id = " });
        sql.id(self.installation.0).push(" AND kind = 'issued' AND ").push(live_keys!());
        match self.status {
            // A tombstone that is due to be purged counts as gone, even before the job removes it.
            Some(KeyStatus::Revoked) => {
                sql.push(" AND deleted_at > ").int(self.now.plus_millis(-RESTORE_WINDOW_MS).as_millis())
            }
            _ => sql.push(" AND deleted_at IS NULL"),
        };
        match self.status {
            None | Some(KeyStatus::Revoked) => {}
            Some(KeyStatus::Active) => {
                sql.push(" AND disabled_at IS NULL AND (expires_at IS NULL OR expires_at > ")
                    .int(self.now.as_millis())
                    .push(")");
            }
            Some(KeyStatus::Disabled) => {
                sql.push(" AND disabled_at IS NOT NULL");
            }
            Some(KeyStatus::Expired) => {
                sql.push(" AND disabled_at IS NULL AND expires_at <= ").int(self.now.as_millis());
            }
        }
        if let Some(environment) = self.environment {
            sql.push(" AND environment = ").text(environment.as_str());
        }
        if let Some(preset) = self.preset {
            sql.push(" AND preset = ").text(preset.as_str());
        }
        match self.disabled {
            None => {}
            Some(true) => _ = sql.push(" AND disabled_at IS NOT NULL"),
            Some(false) => _ = sql.push(" AND disabled_at IS NULL"),
        }
        if let Some(before) = self.expiring_before {
            sql.push(" AND expires_at > ").int(self.now.as_millis());
            sql.push(" AND expires_at < ").int(before.as_millis());
        }
        if let Some(attention) = self.attention {
            self.push_attention(sql, attention);
        }
        if self.search.is_empty() {
            return;
        }
        // Those that the text names are few, and known by now.
        sql.push(" AND (");
        if !with.named.is_empty() {
            sql.push("id IN ").list(&with.named, |sql, id| _ = sql.id(id.0)).push(" OR ");
        }
        let before = self.before(with);
        if before.is_some() {
            sql.push("(fold_version >= ").int(NAMES_FOLDED).push(" AND ");
        }
        self.push_words(sql, with);
        if let Some(before) = before {
            sql.push(" OR (fold_version < ").int(NAMES_FOLDED).push(" AND ");
            self.push_holds(sql, before, with);
            sql.push("))");
        }
        sql.push(")");
        if let Some(query) = trigrams {
            sql.push(" AND seq IN (SELECT rowid FROM api_key_search WHERE api_key_search MATCH ").text(&query);
            if !with.named.is_empty() {
                sql.push(" UNION ALL SELECT seq FROM api_key WHERE id IN ")
                    .list(&with.named, |sql, id| _ = sql.id(id.0));
            }
            sql.push(")");
        }
    }

    /// The end of a key and its last use are asked first: there are indexes for them.
    fn push_attention(&self, sql: &mut Sql, attention: Attention) {
        let now = self.now.as_millis();
        match attention {
            Attention::EndingSoon => {
                sql.push(" AND expires_at > ").int(now).push(" AND expires_at < ");
                sql.int(self.now.plus_millis(Attention::SOON_MS).as_millis());
            }
            Attention::Unused => {
                sql.push(" AND last_used_at > 0 AND last_used_at <= ");
                sql.int(self.now.plus_millis(-Attention::UNUSED_MS).as_millis());
            }
            Attention::NeverUsed | Attention::NeverHandedOver => _ = sql.push(" AND last_used_at = 0"),
        }
        if attention == Attention::NeverHandedOver {
            sql.push(
                " AND NOT EXISTS (SELECT 1 FROM handover h WHERE h.key_id = api_key.id AND h.opened_at IS NOT NULL)",
            );
        }
        sql.push(" AND disabled_at IS NULL AND (expires_at IS NULL OR expires_at > ").int(now).push(")");
    }

    fn push_words(&self, sql: &mut Sql, with: &Searching) {
        for (index, word) in self.search.words().iter().enumerate() {
            if index > 0 {
                sql.push(" AND ");
            }
            self.push_holds(sql, word, with);
        }
    }

    /// That one of the texts holds this one.
    fn push_holds(&self, sql: &mut Sql, text: &str, with: &Searching) {
        if with.sqlite {
            sql.push("(instr(client_name_folded, ").text(text).push(") > 0 OR instr(owner_folded, ").text(text);
            if self.search_notes {
                sql.push(") > 0 OR instr(notes_folded, ").text(text);
            }
            sql.push(") > 0)");
            return;
        }
        // PostgreSQL's planner chooses the index by its own statistics. For that it must see the text, so these
        // statements are not cached: a cached one is planned for any text.
        let pattern = like(text);
        sql.push("client_name_folded || chr(10) || owner_folded || chr(10) || notes_folded LIKE ").text(&pattern);
        if !self.search_notes {
            sql.push(" AND client_name_folded || chr(10) || owner_folded LIKE ").text(&pattern);
        }
    }

    /// The text to look for in rows of before [`NAMES_FOLDED`]; `None`: there are none, or the words find it there, too.
    fn before(&self, with: &Searching) -> Option<&str> {
        self.search.before().filter(|_| !with.all_folded)
    }

    /// What SQLite's trigram index is asked for; `None`: it can't lead. It holds no tombstones, and a text of less than three characters
    /// has no trigram.
    fn trigrams(&self, with: &Searching) -> Option<String> {
        let long = |text: &&str| text.chars().count() >= 3;
        let words: Vec<String> = self.search.words().iter().map(String::as_str).filter(long).map(phrase).collect();
        if !with.sqlite || self.status == Some(KeyStatus::Revoked) || words.is_empty() {
            return None;
        }
        let words = words.join(" AND ");
        let query = match self.before(with) {
            None => words,
            Some(before) => Some(before).filter(long).map(|before| format!("({words}) OR {}", phrase(before)))?,
        };
        Some(if self.search_notes { query } else { format!("{{client_name_folded owner_folded}} : ({query})") })
    }
}

/// What a search depends on besides its filter.
struct Searching {
    sqlite: bool,
    /// Every row is of this [`FOLD_VERSION`](model::FOLD_VERSION).
    all_folded: bool,
    /// The keys that the text names ([`Search::exact`]).
    named: Vec<KeyId>,
}

/// A text as an FTS5 phrase, in which only the quotation mark is special.
fn phrase(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// A text as a LIKE pattern, in which `%`, `_` and `\` are ordinary characters.
fn like(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

pub(super) fn push_order(sql: &mut Sql, sort: Sort, after: Option<&(CursorValue, KeyId)>) {
    let column = match sort.column {
        SortColumn::ClientName => "client_name_folded",
        SortColumn::CreatedAt => "created_at",
        SortColumn::LastUsedAt => "last_used_at",
    };
    if let Some((value, id)) = after {
        // A row comparison is one range on the index of the order, in both databases.
        sql.push(" AND (").push(column).push(", id) ").push(if sort.descending { "<" } else { ">" }).push(" (");
        match value {
            CursorValue::Text(text) => sql.text(text),
            CursorValue::Millis(ms) => sql.int(*ms),
        };
        sql.push(", ").id(id.0).push(")");
    }
    let direction = if sort.descending { " DESC" } else { " ASC" };
    sql.push(" ORDER BY ").push(column).push(direction).push(", id").push(direction);
}

impl Store {
    /// Up to `limit` issued keys that match, in order, after the given place.
    pub async fn list(
        &self,
        filter: &KeyFilter,
        sort: Sort,
        after: Option<&(CursorValue, KeyId)>,
        limit: i64,
    ) -> Result<Vec<StoredKey>, StoreError> {
        let with = self.searching(filter).await?;
        let plan = self.search_plan(filter, &with).await?;
        let mut asked = limit;
        loop {
            let mut sql = Sql::new(key_select!("FROM api_key WHERE "));
            filter.push(&mut sql, plan, &with);
            push_order(&mut sql, sort, after);
            sql.push(" LIMIT ").int(asked);
            let kept = self.is_sqlite();
            let read: Vec<Result<StoredKey, (Option<Uuid>, StoreError)>> = on_db!(self, pool => {
                let rows = query!(query, sql, pool).persistent(kept).fetch_all(pool).await?;
                rows.iter().map(|row| {
                    let key = KeyRow::from_row(row).map_err(StoreError::from).and_then(StoredKey::try_from);
                    key.map_err(|error| (row.try_get("id").ok(), error))
                }).collect()
            });
            let all = (read.len() as i64) < asked;
            let (mut keys, mut unreadable) = (Vec::with_capacity(read.len()), Vec::new());
            for row in read {
                match row {
                    Ok(key) => keys.push(key),
                    Err(row) => unreadable.push(row),
                }
            }
            if all || keys.len() as i64 >= limit {
                for (key, error) in unreadable {
                    let key = key.map(|key| key.to_string());
                    tracing::error!(key, %error, "a key can't be read, and is missing in a list");
                }
                keys.truncate(usize::try_from(limit).unwrap_or_default());
                return Ok(keys);
            }
            // In their place others are shown.
            asked += limit.max(unreadable.len() as i64);
        }
    }

    /// Up to `limit` ids of issued keys that match, oldest first.
    pub async fn matching_ids(&self, filter: &KeyFilter, limit: i64) -> Result<Vec<KeyId>, StoreError> {
        let mut sql = Sql::new("SELECT id FROM api_key WHERE ");
        self.push_filter(filter, &mut sql).await?;
        sql.push(" ORDER BY created_at, id LIMIT ").int(limit);
        let ids: Vec<Uuid> = on_db!(self, pool => query!(query_scalar, sql, pool).fetch_all(pool).await?);
        Ok(ids.into_iter().map(KeyId).collect())
    }

    /// How many issued keys match, counting no further than one past [`TOTAL_COUNTED`].
    pub async fn count(&self, filter: &KeyFilter) -> Result<u64, StoreError> {
        let mut sql = Sql::new("SELECT COUNT(*) FROM (SELECT 1 AS one FROM api_key WHERE ");
        self.push_filter(filter, &mut sql).await?;
        sql.push(" LIMIT ").int(i64::try_from(TOTAL_COUNTED + 1).unwrap_or(i64::MAX)).push(") AS counted");
        let kept = self.is_sqlite();
        let count: i64 = on_db!(self, pool => {
            query!(query_scalar, sql, pool).persistent(kept).fetch_one(pool).await?
        });
        Ok(count.unsigned_abs())
    }

    /// The conditions of a filter, led by the trigram index where it can be.
    pub(crate) async fn push_filter(&self, filter: &KeyFilter, sql: &mut Sql) -> Result<(), StoreError> {
        filter.push(sql, SearchPlan::Trigrams, &self.searching(filter).await?);
        Ok(())
    }

    async fn searching(&self, filter: &KeyFilter) -> Result<Searching, StoreError> {
        Ok(Searching {
            sqlite: self.is_sqlite(),
            all_folded: self.all_folded.load(Ordering::Relaxed),
            named: self.named(filter.installation, &filter.search).await?,
        })
    }

    /// Whether the database is the embedded one.
    pub fn is_sqlite(&self) -> bool {
        matches!(self.db, Db::Sqlite { .. })
    }

    async fn search_plan(&self, filter: &KeyFilter, with: &Searching) -> Result<SearchPlan, StoreError> {
        let Db::Sqlite { read, .. } = &self.db else { return Ok(SearchPlan::Order) };
        let Some(query) = filter.trigrams(with) else { return Ok(SearchPlan::Order) };
        let hits: i64 = sqlx::query_scalar(SEARCH_HITS).bind(query).bind(FEW + 1).fetch_one(read).await?;
        Ok(if hits > FEW { SearchPlan::Order } else { SearchPlan::Trigrams })
    }
}

/// SQLite alone: how many names hold a text, counting no further than asked.
pub(crate) const SEARCH_HITS: &str =
    "SELECT COUNT(*) FROM (SELECT rowid FROM api_key_search WHERE api_key_search MATCH $1 LIMIT $2)";

#[cfg(test)]
mod tests {
    use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteRow};

    use super::*;
    use crate::migrations::SQLITE_MIGRATIONS;

    #[tokio::test]
    async fn what_the_trigrams_find_is_read_by_its_number_and_no_index_is_walked() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        SQLITE_MIGRATIONS.run(&mut connection).await.unwrap();
        let named = [Vec::new(), vec![KeyId(Uuid::nil())]];
        for (search_notes, named) in [false, true].into_iter().zip(named) {
            let filter = KeyFilter {
                installation: InstallationId(Uuid::nil()),
                search: Search::parse("000123").unwrap(),
                search_notes,
                environment: search_notes.then_some(Environment::Live),
                status: None,
                preset: None,
                expiring_before: None,
                attention: None,
                disabled: None,
                now: Instant::from_millis(0),
            };
            let with = Searching { sqlite: true, all_folded: true, named };
            for column in [SortColumn::ClientName, SortColumn::CreatedAt, SortColumn::LastUsedAt] {
                let mut sql = Sql::new("EXPLAIN QUERY PLAN SELECT client_name FROM api_key WHERE ");
                filter.push(&mut sql, SearchPlan::Trigrams, &with);
                push_order(&mut sql, Sort { column, descending: true }, None);
                let connection = &mut connection;
                let rows: Vec<SqliteRow> = query!(query, sql, connection).fetch_all(connection).await.unwrap();
                let plan: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
                assert!(plan[0].starts_with("SEARCH api_key USING INTEGER PRIMARY KEY"), "{plan:?}");
            }
        }
    }

    #[test]
    fn special_characters_are_made_ordinary() {
        assert_eq!(like(r"100%_\"), r"%100\%\_\\%");
        assert_eq!(phrase(r#"say "hi""#), r#""say ""hi""""#);
    }
}
