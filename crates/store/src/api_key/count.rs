use model::SortColumn;

use super::{
    filter::{KeyFilter, Lead, Searching, any_lead, push_part},
    plan::Plan,
};
use crate::{
    Store, StoreError,
    db::on_db,
    search_map::Part,
    sql::{Sql, query},
};

/// A total stops counting here. Counting on would cost more than showing the page.
pub const TOTAL_COUNTED: u64 = 1_000;

/// One more than is told.
const MOST: i64 = TOTAL_COUNTED as i64 + 1;

/// Parts of the order that one statement counts in.
const PARTS_AT_ONCE: usize = 16;

impl Store {
    /// How many issued keys match, counting no further than one past [`TOTAL_COUNTED`].
    pub async fn count(&self, filter: &KeyFilter) -> Result<u64, StoreError> {
        let with = self.searching(filter).await?;
        if let Some(query) = filter.trigrams(&with)
            && with.named.is_empty()
        {
            return self.counted(found_by_trigrams(filter, &with, &query)).await;
        }
        if let Plan::Parts { parts, in_vain } = self.plan(filter, &with, None, None, MOST).await?
            && let Some(counted) = self.counted_in(filter, &with, &parts, in_vain).await?
        {
            return Ok(counted);
        }
        let mut sql = Sql::new("SELECT COUNT(*) FROM (SELECT 1 AS one FROM api_key WHERE ");
        filter.push(&mut sql, any_lead(filter, &with), &with);
        sql.push(" LIMIT ").int(MOST).push(") AS counted");
        self.counted(sql).await
    }

    /// How many match in these parts of the order of names; `None`: too many rows were looked at in vain.
    async fn counted_in(
        &self,
        filter: &KeyFilter,
        with: &Searching,
        parts: &[Part],
        in_vain: Option<u64>,
    ) -> Result<Option<u64>, StoreError> {
        let (mut counted, mut looked_at) = (0, 0);
        let most = MOST.unsigned_abs();
        for (at, parts_of_one) in parts.chunks(PARTS_AT_ONCE).enumerate() {
            let mut sql = Sql::new("SELECT COUNT(*) FROM (");
            for (index, part) in parts_of_one.iter().enumerate() {
                sql.push(if index == 0 { "" } else { " UNION ALL " }).push("SELECT 1 AS one FROM api_key WHERE ");
                filter.push(&mut sql, Lead::Order(SortColumn::ClientName), with);
                push_part(&mut sql, part);
            }
            sql.push(" LIMIT ").int(MOST).push(") AS counted");
            counted += self.counted(sql).await?;
            if counted >= most {
                break;
            }
            looked_at += parts_of_one.iter().map(|part| part.keys).sum::<u64>();
            let more = (at + 1) * PARTS_AT_ONCE < parts.len();
            if more && in_vain.is_some_and(|most| looked_at >= most) {
                return Ok(None);
            }
        }
        Ok(Some(counted.min(most)))
    }

    async fn counted(&self, sql: Sql) -> Result<u64, StoreError> {
        let kept = self.is_sqlite();
        let count: i64 = on_db!(self, pool => {
            query!(query_scalar, sql, pool).persistent(kept).fetch_one(pool).await?
        });
        Ok(count.unsigned_abs())
    }
}

/// SQLite alone: takes what its trigram index finds one by one, and stops. In a list of all of them, as `IN` makes it, two hundred thousand
/// would be read first.
fn found_by_trigrams(filter: &KeyFilter, with: &Searching, query: &str) -> Sql {
    let mut sql = Sql::new(
        "SELECT COUNT(*) FROM (SELECT 1 AS one FROM (SELECT rowid AS found FROM api_key_search WHERE api_key_search MATCH ",
    );
    sql.text(query).push(") CROSS JOIN api_key ON seq = found WHERE ");
    filter.push_besides(&mut sql, Lead::Trigrams, with, true);
    sql.push(" LIMIT ").int(MOST).push(") AS counted");
    sql
}
