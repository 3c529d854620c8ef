//! The audit log by whom, what, about which key and when.

use std::cmp::Reverse;

use model::{Environment, InstallationId, Instant, KeyId};
use uuid::Uuid;

use crate::{
    AuditEntry, Store, StoreError,
    audit_log::{AuditRow, entry_select},
    db::on_db,
    sql::{Sql, query},
};

/// Parts of one statement: SQLite takes at most 500, and each is planned by itself.
const PARTS: usize = 100;

/// Which entries are asked for.
#[derive(Clone, Debug)]
pub struct AuditFilter {
    /// Whose log.
    pub installation: InstallationId,
    /// From this instant on.
    pub from: Option<Instant>,
    /// Before this instant.
    pub to: Option<Instant>,
    /// Only this action.
    pub action: Option<String>,
    /// Only these actors, as canonical JSON. Empty: all.
    pub actors: Vec<String>,
    /// Only about one of these keys.
    pub keys: Option<Vec<KeyId>>,
    /// Only about keys of this environment.
    pub environment: Option<Environment>,
}

/// Where an entry stands in the order of the pages: by when it was made, and then by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AuditPlace {
    /// When it was made.
    pub at: Instant,
    /// Its number.
    pub seq: i64,
}

impl AuditFilter {
    /// The index that SQLite takes. It has no statistics, and would else choose among them by the number of columns alone.
    fn index(&self) -> &'static str {
        match (&self.keys, self.actors.is_empty(), &self.action) {
            (Some(_), ..) => " INDEXED BY audit_entry_by_key",
            (None, false, Some(_)) => " INDEXED BY audit_entry_by_actor_and_action",
            (None, false, None) => " INDEXED BY audit_entry_by_actor",
            (None, true, Some(_)) => " INDEXED BY audit_entry_by_action",
            (None, true, None) if self.environment == Some(Environment::Test) => " INDEXED BY audit_entry_of_test",
            (None, true, None) => " INDEXED BY audit_entry_by_time",
        }
    }

    /// Each actor with each key that is asked for; `None`: any.
    fn parts(&self) -> Vec<(Option<&str>, Option<KeyId>)> {
        let actors: Vec<_> = match &self.actors[..] {
            [] => vec![None],
            actors => actors.iter().map(|actor| Some(actor.as_str())).collect(),
        };
        let keys: Vec<_> = match &self.keys {
            None => vec![None],
            Some(keys) => keys.iter().copied().map(Some).collect(),
        };
        actors.into_iter().flat_map(|actor| keys.iter().map(move |key| (actor, *key))).collect()
    }

    /// The numbers of the newest that match, of one actor and one key, in a statement of its own: so each is read from the end of an
    /// index, and nothing is sorted, however many entries there are.
    fn newest_of(
        &self,
        (actor, key): (Option<&str>, Option<KeyId>),
        before: Option<AuditPlace>,
        limit: i64,
        sqlite: bool,
    ) -> Sql {
        let mut sql = Sql::new("SELECT seq FROM audit_entry");
        if sqlite {
            sql.push(self.index());
        }
        sql.push(" WHERE installation_id = ").id(self.installation.0);
        if let Some(key) = key {
            sql.push(" AND key_id = ").id(key.0);
        }
        if let Some(actor) = actor {
            sql.push(" AND actor = ").text(actor);
        }
        if let Some(action) = &self.action {
            sql.push(" AND action = ").text(action);
        }
        if let Some(from) = self.from {
            sql.push(" AND at >= ").int(from.as_millis());
        }
        match (self.to, before) {
            // One end of the range alone can be looked up in an index: the nearer.
            (to, Some(AuditPlace { at, seq })) if to.is_none_or(|to| at < to) => {
                sql.push(" AND (at, seq) < (").int(at.as_millis()).push(", ").int(seq).push(")");
            }
            (Some(to), _) => _ = sql.push(" AND at < ").int(to.as_millis()),
            (None, _) => {}
        }
        // Written out: an index of test keys alone is taken only where it is certain that it is enough.
        match self.environment {
            Some(Environment::Test) => _ = sql.push(" AND environment = 'test'"),
            Some(Environment::Live) => _ = sql.push(" AND environment = 'live'"),
            None => {}
        }
        sql.push(" ORDER BY at DESC, seq DESC LIMIT ").int(limit);
        sql
    }

    /// The newest of some parts, together.
    fn newest_of_parts(
        &self,
        parts: &[(Option<&str>, Option<KeyId>)],
        before: Option<AuditPlace>,
        limit: i64,
        sqlite: bool,
    ) -> Sql {
        let mut sql = Sql::new(entry_select!("WHERE installation_id = "));
        sql.id(self.installation.0).push(" AND seq IN (");
        for (at, part) in parts.iter().enumerate() {
            sql.push(if at == 0 { "SELECT seq FROM (" } else { " UNION ALL SELECT seq FROM (" });
            sql.append(self.newest_of(*part, before, limit, sqlite)).push(") AS newest");
        }
        // In COALESCE it is no order of an index: SQLite would walk all of one for a few entries that are sorted at once.
        sql.push(") ORDER BY COALESCE(at, 0) DESC, seq DESC LIMIT ").int(limit);
        sql
    }
}

impl Store {
    /// Up to `limit` entries that match, newest first: the newest of all, or those that stand before a place.
    pub async fn audit_newest(
        &self,
        filter: &AuditFilter,
        before: Option<AuditPlace>,
        limit: i64,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let mut found: Vec<AuditEntry> = Vec::new();
        for parts in filter.parts().chunks(PARTS) {
            let sql = filter.newest_of_parts(parts, before, limit, self.is_sqlite());
            let rows: Vec<AuditRow> = on_db!(self, pool => query!(query_as, sql, pool).fetch_all(pool).await?);
            for row in rows {
                found.push(row.try_into()?);
            }
        }
        found.sort_unstable_by_key(|entry| Reverse((entry.at, entry.seq)));
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(found)
    }

    /// Up to `limit` entries that match after number `seq`, oldest first. The log is walked along its numbers, whatever is asked
    /// for: an index would have to be sorted for each part of an export.
    pub async fn audit_matching_after(
        &self,
        filter: &AuditFilter,
        seq: i64,
        limit: i64,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        if filter.keys.as_ref().is_some_and(Vec::is_empty) {
            return Ok(Vec::new());
        }
        let mut sql = Sql::new(entry_select!("WHERE installation_id = "));
        sql.id(filter.installation.0).push(" AND seq > ").int(seq);
        // In COALESCE no index is taken for it.
        if let Some(from) = filter.from {
            sql.push(" AND COALESCE(at, 0) >= ").int(from.as_millis());
        }
        if let Some(to) = filter.to {
            sql.push(" AND COALESCE(at, 0) < ").int(to.as_millis());
        }
        if let Some(action) = &filter.action {
            sql.push(" AND COALESCE(action, '') = ").text(action);
        }
        if !filter.actors.is_empty() {
            sql.push(" AND COALESCE(actor, '') IN ").list(&filter.actors, |sql, actor| {
                sql.text(actor);
            });
        }
        if let Some(keys) = &filter.keys {
            sql.push(" AND key_id IN ").list(keys, |sql, key| {
                sql.id(key.0);
            });
        }
        if let Some(environment) = filter.environment {
            sql.push(" AND COALESCE(environment, '') = ").text(environment.as_str());
        }
        sql.push(" ORDER BY seq LIMIT ").int(limit);
        let rows: Vec<AuditRow> = on_db!(self, pool => query!(query_as, sql, pool).fetch_all(pool).await?);
        rows.into_iter().map(AuditEntry::try_from).collect()
    }

    /// The Client Names that keys have now, of those that there are, deleted ones included.
    pub async fn names_of_keys(
        &self,
        installation: InstallationId,
        keys: &[KeyId],
    ) -> Result<Vec<(KeyId, String)>, StoreError> {
        let mut found = Vec::with_capacity(keys.len());
        for keys in keys.chunks(crate::sql::CHUNK) {
            let mut sql = Sql::new("SELECT id, client_name FROM api_key WHERE installation_id = ");
            sql.id(installation.0).push(" AND id IN ").list(keys, |sql, key| {
                sql.id(key.0);
            });
            let rows: Vec<(Uuid, String)> = on_db!(self, pool => query!(query_as, sql, pool).fetch_all(pool).await?);
            found.extend(rows.into_iter().map(|(id, name)| (KeyId(id), name)));
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use sqlx::{Connection as _, Row as _, SqliteConnection, sqlite::SqliteRow};

    use super::*;
    use crate::migrations::SQLITE_MIGRATIONS;

    async fn plan(connection: &mut SqliteConnection, sql: Sql) -> Vec<String> {
        let rows: Vec<SqliteRow> = query!(query, sql, connection).fetch_all(connection).await.unwrap();
        rows.iter().map(|row| row.get("detail")).collect()
    }

    /// Whatever is asked for, SQLite goes along one index from its end: it neither reads the log as a whole nor sorts it.
    #[tokio::test]
    async fn no_filter_walks_or_sorts_the_log() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        SQLITE_MIGRATIONS.run(&mut connection).await.unwrap();
        for bits in 0..64 {
            let has = |bit: i32| bits & (1 << bit) != 0;
            let at = |ms: i64| Instant::from_millis(ms);
            let filter = AuditFilter {
                installation: InstallationId(Uuid::nil()),
                actors: if has(0) { vec!["a".to_owned()] } else { Vec::new() },
                action: has(1).then(|| "key.rename".to_owned()),
                keys: has(2).then(|| vec![KeyId(Uuid::nil())]),
                environment: has(3).then_some(Environment::Test),
                from: has(4).then(|| at(1)),
                to: has(4).then(|| at(9)),
            };
            let before = has(5).then(|| AuditPlace { at: at(5), seq: 7 });
            // What was found is read by its number, however few there are.
            let mut sql = Sql::new("EXPLAIN QUERY PLAN ");
            sql.append(filter.newest_of_parts(&filter.parts(), before, 51, true));
            let all = plan(&mut connection, sql).await;
            assert!(
                all[0].starts_with("SEARCH audit_entry USING PRIMARY KEY (installation_id=? AND seq=?)"),
                "{filter:?}: {all:?}"
            );
            for part in filter.parts() {
                let mut sql = Sql::new("EXPLAIN QUERY PLAN ");
                sql.append(filter.newest_of(part, before, 51, true));
                let plan = plan(&mut connection, sql).await;
                let one = plan.join("; ");
                assert!(one.starts_with("SEARCH audit_entry USING ") && plan.len() == 1, "{filter:?}: {one}");
                // A range of instants is looked up in the index, too.
                let ranges = ["at>?", "at<?", "(at,seq)<(?,?)"];
                assert_eq!(ranges.iter().any(|range| one.contains(range)), has(4) || has(5), "{filter:?}: {one}");
            }
        }
    }
}
