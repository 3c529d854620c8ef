use model::{CursorValue, KeyId, Sort, SortColumn};
use sqlx::{FromRow as _, Row as _};
use uuid::Uuid;

use super::{
    filter::{KeyFilter, Lead, Searching, push_part},
    order::Order,
    plan::{FIRST, Plan},
    row::{KeyRow, key_select},
};
use crate::{
    Store, StoreError, StoredKey,
    db::on_db,
    search_map::Part,
    sql::{Sql, query},
};

/// Parts of the order that one statement goes through: one at first, since that is mostly enough, and then twice as many each time.
const PARTS_AT_ONCE: usize = 16;

/// Stands behind every name.
const LAST: [u8; 8] = [0xFF; 8];

/// What a list is asked for.
#[derive(Clone, Copy)]
struct Listing<'a> {
    filter: &'a KeyFilter,
    with: &'a Searching,
    order: Order<'a>,
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
        let (sort, after) = within_one_preset(filter, sort, after);
        let order = Order { sort, after: after.as_ref(), sqlite: with.sqlite };
        let listing = Listing { filter, with: &with, order };
        let value = after.as_ref().map(|(value, _)| value);
        match self.plan(filter, &with, Some(sort), value, limit).await? {
            Plan::Order => self.read_keys(limit, |limit| listing.ordered(limit)).await,
            Plan::Trigrams => self.read_keys(limit, |limit| listing.sorted(limit)).await,
            Plan::First => {
                let found = self.read_keys(limit, |limit| listing.first(limit)).await?;
                if found.len() as i64 >= limit {
                    return Ok(found);
                }
                self.read_keys(limit, |limit| listing.sorted(limit)).await
            }
            Plan::Parts { parts, in_vain } => match self.list_parts(listing, &parts, in_vain, limit).await? {
                Some(found) => Ok(found),
                None => self.read_keys(limit, |limit| listing.sorted(limit)).await,
            },
        }
    }

    /// The same in these parts of the order; `None`: more rows were looked at in vain than may be.
    async fn list_parts(
        &self,
        listing: Listing<'_>,
        parts: &[Part],
        in_vain: Option<u64>,
        limit: i64,
    ) -> Result<Option<Vec<StoredKey>>, StoreError> {
        let (mut found, mut looked_at, mut rest, mut at_once) = (Vec::new(), 0, parts, 1);
        while !rest.is_empty() {
            let (now, later) = rest.split_at(at_once.min(rest.len()));
            let wanted = limit - found.len() as i64;
            found.extend(self.read_keys(wanted, |limit| listing.of_parts(now, limit)).await?);
            if found.len() as i64 >= limit {
                break;
            }
            looked_at += now.iter().map(|part| part.keys).sum::<u64>();
            if !later.is_empty() && in_vain.is_some_and(|most| looked_at >= most) {
                return Ok(None);
            }
            (rest, at_once) = (later, (at_once * 2).min(PARTS_AT_ONCE));
        }
        Ok(Some(found))
    }

    /// Up to `limit` keys of a statement that gives as many as it is asked for. One that can't be read is left out and logged, and
    /// another is shown in its place.
    async fn read_keys(&self, limit: i64, statement: impl Fn(i64) -> Sql + Send) -> Result<Vec<StoredKey>, StoreError> {
        let mut asked = limit;
        loop {
            let sql = statement(asked);
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
}

impl Listing<'_> {
    /// Goes through the order.
    fn ordered(self, limit: i64) -> Sql {
        let mut sql = Sql::new(key_select!("FROM api_key WHERE "));
        self.filter.push(&mut sql, self.lead(), self.with);
        self.order.push(&mut sql);
        sql.push(" LIMIT ").int(limit);
        sql
    }

    /// Sorts what the trigram index finds.
    fn sorted(self, limit: i64) -> Sql {
        let mut sql = Sql::new(key_select!("FROM api_key WHERE "));
        self.filter.push(&mut sql, Lead::Trigrams, self.with);
        self.order.push_sorted(&mut sql);
        sql.push(" LIMIT ").int(limit);
        sql
    }

    /// Goes through the first rows of the order.
    fn first(self, limit: i64) -> Sql {
        let mut sql = Sql::new(key_select!("FROM (SELECT * FROM api_key WHERE installation_id = "));
        sql.id(self.filter.installation.0).push(" AND kind = 'issued' AND deleted_at IS NULL");
        self.order.push(&mut sql);
        sql.push(" LIMIT ").int(FIRST).push(") AS api_key WHERE ");
        self.filter.push(&mut sql, self.lead(), self.with);
        self.order.push_order(&mut sql);
        sql.push(" LIMIT ").int(limit);
        sql
    }

    /// Goes through parts of the order, one after the other.
    fn of_parts(self, parts: &[Part], limit: i64) -> Sql {
        let of = |part: &Part| {
            let mut sql = Sql::new(key_select!("FROM api_key WHERE "));
            self.filter.push(&mut sql, self.lead(), self.with);
            push_part(&mut sql, part);
            self.order.push(&mut sql);
            sql.push(" LIMIT ").int(limit);
            sql
        };
        if let [part] = parts {
            return of(part);
        }
        let mut sql = Sql::new("SELECT * FROM (");
        for (index, part) in parts.iter().enumerate() {
            sql.push(if index == 0 { "SELECT * FROM (" } else { " UNION ALL SELECT * FROM (" });
            sql.append(of(part)).push(") AS part");
        }
        sql.push(") AS parts");
        self.order.push_order(&mut sql);
        sql.push(" LIMIT ").int(limit);
        sql
    }

    fn lead(self) -> Lead {
        Lead::Order(self.order.sort.column)
    }
}

/// The keys of one preset are ordered by presets as they are by name, and found in their part of that index.
fn within_one_preset(
    filter: &KeyFilter,
    sort: Sort,
    after: Option<&(CursorValue, KeyId)>,
) -> (Sort, Option<(CursorValue, KeyId)>) {
    let Some(preset) = filter.preset.filter(|_| sort.column == SortColumn::Preset) else {
        return (sort, after.cloned());
    };
    let sort = Sort { column: SortColumn::ClientName, ..sort };
    let after = after.map(|(value, id)| match value {
        CursorValue::Preset(of, order) if *of == preset.as_str() => (CursorValue::Name(order.clone()), *id),
        // A place among the keys of another preset, which are all before these or all behind them.
        CursorValue::Preset(of, _) if *of > preset.as_str() => (CursorValue::Name(LAST.to_vec()), *id),
        _ => (CursorValue::Name(Vec::new()), *id),
    });
    (sort, after)
}

// The contract suite looks at what both databases do.
#[cfg(feature = "testing")]
impl Store {
    /// How the database goes through an order, in its own words, where it would sort only what no index orders.
    pub async fn explain_list(
        &self,
        filter: &KeyFilter,
        sort: Sort,
        after: Option<&(CursorValue, KeyId)>,
    ) -> Result<String, StoreError> {
        let with = self.searching(filter).await?;
        let (sort, after) = within_one_preset(filter, sort, after);
        let order = Order { sort, after: after.as_ref(), sqlite: with.sqlite };
        let statement = Listing { filter, with: &with, order }.ordered(50);
        let mut sql = Sql::new(if with.sqlite { "EXPLAIN QUERY PLAN " } else { "EXPLAIN " });
        sql.append(statement);
        let lines: Vec<String> = match &self.db {
            crate::db::Db::Sqlite { read, .. } => {
                let rows = query!(query, sql, read).fetch_all(read).await?;
                rows.iter().map(|row| row.try_get("detail")).collect::<Result<_, _>>()?
            }
            crate::db::Db::Postgres { read, .. } => {
                let mut held = read.acquire().await?;
                held.close_on_drop();
                let connection = &mut *held;
                for off in ["seqscan", "sort", "incremental_sort", "bitmapscan"] {
                    sqlx::query(sqlx::AssertSqlSafe(format!("SET enable_{off} = off")))
                        .execute(&mut *connection)
                        .await?;
                }
                query!(query_scalar, sql, connection).persistent(false).fetch_all(&mut *connection).await?
            }
        };
        Ok(lines.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use model::{Environment, InstallationId, Instant, Search};
    use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteRow};

    use super::*;
    use crate::migrations::SQLITE_MIGRATIONS;

    fn filter(search: &str) -> KeyFilter {
        KeyFilter {
            installation: InstallationId(Uuid::nil()),
            search: Search::parse(search).unwrap(),
            search_notes: false,
            environment: None,
            status: None,
            preset: None,
            expiring_before: None,
            attention: None,
            disabled: None,
            now: Instant::from_millis(0),
        }
    }

    async fn plan(connection: &mut SqliteConnection, statement: Sql) -> Vec<String> {
        let mut sql = Sql::new("EXPLAIN QUERY PLAN ");
        sql.append(statement);
        let rows: Vec<SqliteRow> = query!(query, sql, connection).fetch_all(&mut *connection).await.unwrap();
        rows.iter().map(|row| row.get("detail")).collect()
    }

    async fn database() -> SqliteConnection {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        SQLITE_MIGRATIONS.run(&mut connection).await.unwrap();
        connection
    }

    #[tokio::test]
    async fn what_the_trigrams_find_is_read_by_its_number_and_no_index_is_walked() {
        let mut connection = database().await;
        let named = [Vec::new(), vec![KeyId(Uuid::nil())]];
        for (search_notes, named) in [false, true].into_iter().zip(named) {
            let filter = KeyFilter {
                search_notes,
                environment: search_notes.then_some(Environment::Live),
                preset: search_notes.then_some(model::Preset::Crm),
                ..filter("000123")
            };
            let with = Searching { sqlite: true, all_folded: true, named };
            for column in SortColumn::ALL {
                let order = Order { sort: Sort { column, descending: true }, after: None, sqlite: true };
                let statement = Listing { filter: &filter, with: &with, order }.sorted(50);
                let plan = plan(&mut connection, statement).await;
                assert!(plan[0].starts_with("SEARCH api_key USING INTEGER PRIMARY KEY"), "{plan:?}");
            }
        }
    }

    #[tokio::test]
    async fn parts_of_the_order_are_ranges_of_its_index_and_the_first_rows_are_its_beginning() {
        let mut connection = database().await;
        let with = Searching { sqlite: true, all_folded: true, named: Vec::new() };
        let part = |from: u8, to: Option<u8>| Part { from: vec![from], to: to.map(|to| vec![to]), keys: 1 };
        let parts = [part(1, Some(2)), part(4, Some(5)), part(7, None)];
        let filter = KeyFilter { preset: Some(model::Preset::Crm), ..filter("nor") };
        for descending in [false, true] {
            let sort = Sort { column: SortColumn::ClientName, descending };
            let order = Order { sort, after: None, sqlite: true };
            let of_parts = Listing { filter: &filter, with: &with, order }.of_parts(&parts, 50);
            let plan_of_parts = plan(&mut connection, of_parts).await;
            let ranges = plan_of_parts.iter().filter(|step| step.starts_with("SEARCH api_key USING"));
            let ranges: Vec<&String> = ranges.filter(|step| step.contains("name_order>")).collect();
            assert_eq!(ranges.len(), 3, "{plan_of_parts:?}");
            let sort = Sort { column: SortColumn::Status, descending };
            let order = Order { sort, after: None, sqlite: true };
            let plan = plan(&mut connection, Listing { filter: &filter, with: &with, order }.first(50)).await;
            let walked = plan.iter().any(|step| step.contains("USING INDEX api_key_by_status"));
            assert!(walked, "{plan:?}");
        }
    }

    #[cfg(feature = "testing")]
    #[tokio::test]
    async fn no_more_rows_are_looked_at_in_vain_than_may_be() {
        let database = crate::testing::TestDatabase::sqlite().await;
        let store = database.store().await;
        let with = Searching { sqlite: true, all_folded: true, named: Vec::new() };
        let filter = filter("nor");
        let order = Order { sort: Sort::default(), after: None, sqlite: true };
        let listing = Listing { filter: &filter, with: &with, order };
        let part = |from: u8| Part { from: vec![from], to: Some(vec![from + 1]), keys: 10 };
        let parts: Vec<Part> = (1..20).map(part).collect();
        let found = store.list_parts(listing, &parts, Some(25), 5).await.unwrap();
        assert_eq!(found, None, "there are further parts");
        for in_vain in [None, Some(1_000)] {
            let found = store.list_parts(listing, &parts, in_vain, 5).await.unwrap();
            assert_eq!(found, Some(Vec::new()), "all were looked at");
        }
    }
}
