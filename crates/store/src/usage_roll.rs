//! What is old is rolled up into days, and then removed. Each method is one short transaction, and may be made by many nodes at once
//! or again after half of it was lost: what was rolled up is gone from where it was.

use model::{InstallationId, Instant, KeyId, PeriodBounds};

use crate::{
    Store, StoreError,
    db::on_db,
    sql::{CHUNK, Sql, query},
    usage::{ADDRESSES_KEPT, DAY, HOUR, HOUR_MS, MINUTE, QUARTER, QUARTER_MS, forget_addresses},
    work::write_down,
};

/// Clients of a day that are kept.
const CLIENTS_OF_A_DAY: i64 = 1_000;

fn at_most(sql: &mut Sql, column: &'static str, before: Instant) {
    sql.push(" AND ").push(column).push(" < ").int(before.as_millis());
}

fn within(sql: &mut Sql, column: &'static str, bounds: PeriodBounds) {
    sql.push(" AND ").push(column).push(" >= ").int(bounds.start.as_millis());
    at_most(sql, column, bounds.end);
}

fn of_keys(mut sql: Sql, installation: InstallationId, keys: &[KeyId]) -> Sql {
    sql.push(" WHERE installation_id = ").id(installation.0);
    sql.push(" AND key_id IN ").list(keys, |sql, key| _ = sql.id(key.0));
    sql
}

impl Store {
    async fn run_all(&self, statements: Vec<Sql>) -> Result<(), StoreError> {
        write_down!(self, connection => {
            for statement in statements {
                query!(query, statement, connection).execute(&mut *connection).await?;
            }
        });
        Ok(())
    }

    /// The oldest quarter of an installation's totals.
    pub async fn oldest_total(&self, installation: InstallationId) -> Result<Option<Instant>, StoreError> {
        let at: Option<i64> =
            on_db!(self, pool => sqlx::query_scalar(OLDEST_TOTAL).bind(installation.0).fetch_optional(pool).await?);
        Ok(at.map(Instant::from_millis))
    }

    /// Makes a day of the quarters of an installation's totals.
    pub async fn roll_totals(&self, installation: InstallationId, day: PeriodBounds) -> Result<(), StoreError> {
        let mut make =
            Sql::new("INSERT INTO usage_total (installation_id, minutes, at, environment, scope, code, calls) ");
        make.push("SELECT installation_id, ").cast(DAY).push(", ").cast(day.start.as_millis());
        make.push(", environment, scope, code, SUM(calls) FROM usage_total WHERE installation_id = ")
            .id(installation.0);
        make.push(" AND minutes = ").int(QUARTER);
        within(&mut make, "at", day);
        make.push(" GROUP BY installation_id, environment, scope, code ON CONFLICT ");
        make.push("(installation_id, minutes, at, environment, scope, code) DO UPDATE SET calls = usage_total.calls + excluded.calls");
        let mut remove = Sql::new("DELETE FROM usage_total WHERE installation_id = ");
        remove.id(installation.0).push(" AND minutes = ").int(QUARTER);
        within(&mut remove, "at", day);
        self.run_all(vec![make, remove]).await
    }

    /// Removes an installation's minutes before `minutes`, its days before `days`, and its clients' hours before `hours`.
    pub async fn purge_totals(
        &self,
        installation: InstallationId,
        minutes: Instant,
        hours: Instant,
        days: Instant,
    ) -> Result<(), StoreError> {
        let mut statements = Vec::new();
        for (table, length, before) in [
            ("DELETE FROM usage_total", MINUTE, minutes),
            ("DELETE FROM usage_total", DAY, days),
            ("DELETE FROM usage_client", HOUR, hours),
            ("DELETE FROM usage_client", DAY, days),
        ] {
            let mut sql = Sql::new(table);
            sql.push(" WHERE installation_id = ").id(installation.0).push(" AND minutes = ").int(length);
            at_most(&mut sql, "at", before);
            statements.push(sql);
        }
        self.run_all(statements).await
    }

    /// Keeps of a day that is over the clients with the most calls, of each scope and of all. Made again it does the same.
    pub async fn roll_clients(&self, installation: InstallationId, day: PeriodBounds) -> Result<(), StoreError> {
        let mut sql = Sql::new("SELECT DISTINCT scope FROM usage_total WHERE installation_id = ");
        sql.id(installation.0).push(" AND minutes IN (").int(QUARTER).push(", ").int(DAY).push(")");
        within(&mut sql, "at", day);
        let scopes: Vec<String> = on_db!(self, pool => query!(query_scalar, sql, pool).fetch_all(pool).await?);
        for scope in scopes {
            let mut first = Sql::new("SELECT environment, client_folded FROM usage_client WHERE installation_id = ");
            first.id(installation.0).push(" AND minutes = ").int(HOUR);
            within(&mut first, "at", day);
            first.push(" AND scope = ").text(&scope);
            first.push(" GROUP BY environment, client_folded ORDER BY SUM(calls) DESC LIMIT ").int(CLIENTS_OF_A_DAY);
            let clients: Vec<(String, String)> =
                on_db!(self, pool => query!(query_as, first, pool).fetch_all(pool).await?);
            for clients in clients.chunks(CHUNK) {
                let mut make =
                    Sql::new("INSERT INTO usage_client (installation_id, environment, client_folded, minutes, at, ");
                make.push("scope, client_name, calls, refused) SELECT installation_id, environment, client_folded, ");
                make.cast(DAY).push(", ").cast(day.start.as_millis());
                make.push(
                    ", scope, MAX(client_name), SUM(calls), SUM(refused) FROM usage_client WHERE installation_id = ",
                );
                make.id(installation.0).push(" AND (environment, client_folded) IN (");
                crate::usage_client::push_clients(&mut make, clients);
                make.push(") AND minutes = ").int(HOUR);
                within(&mut make, "at", day);
                make.push(" AND scope = ").text(&scope);
                make.push(" GROUP BY installation_id, environment, client_folded, scope ON CONFLICT ");
                make.push("(installation_id, environment, client_folded, minutes, at, scope) DO UPDATE SET ");
                make.push("client_name = excluded.client_name, calls = excluded.calls, refused = excluded.refused");
                self.run_all(vec![make]).await?;
            }
        }
        Ok(())
    }

    /// Whether a day of the clients was made.
    pub async fn has_clients_of(&self, installation: InstallationId, day: Instant) -> Result<bool, StoreError> {
        let found: Option<i64> = on_db!(self, pool => {
            sqlx::query_scalar(CLIENTS_OF_DAY).bind(installation.0).bind(day.as_millis()).fetch_optional(pool).await?
        });
        Ok(found.is_some())
    }

    /// The oldest quarter, or hour, of any of these keys: of each the first row alone is read.
    pub async fn oldest_usage(
        &self,
        installation: InstallationId,
        keys: &[KeyId],
    ) -> Result<Option<Instant>, StoreError> {
        let mut oldest = None;
        for keys in keys.chunks(CHUNK) {
            for (of_key, order) in [
                ("SELECT u.at FROM usage_key u WHERE u.minutes = 15", "u.at"),
                ("SELECT u.bucket_start FROM usage_bucket u WHERE 1 = 1", "u.bucket_start"),
            ] {
                let mut sql = Sql::new("SELECT MIN(first_at) FROM (SELECT (");
                sql.push(of_key).push(" AND u.installation_id = ").id(installation.0);
                sql.push(" AND u.key_id = k.column1 ORDER BY ").push(order).push(" LIMIT 1) AS first_at FROM (VALUES ");
                for (index, key) in keys.iter().enumerate() {
                    sql.push(if index == 0 { "(" } else { ", (" }).id(key.0).push(")");
                }
                sql.push(") AS k) AS firsts");
                let at: Option<i64> = on_db!(self, pool => query!(query_scalar, sql, pool).fetch_one(pool).await?);
                oldest = [oldest, at].into_iter().flatten().min();
            }
        }
        Ok(oldest.map(Instant::from_millis))
    }

    /// Makes a day of the quarters of these keys. An hour of before quarters were counted goes into the day in which it begins.
    pub async fn roll_keys(
        &self,
        installation: InstallationId,
        keys: &[KeyId],
        day: PeriodBounds,
    ) -> Result<(), StoreError> {
        const INTO: &str =
            "INSERT INTO usage_key (installation_id, key_id, minutes, at, scope, code, secret_id, calls) ";
        const ADD: &str = " ON CONFLICT (installation_id, key_id, minutes, at, scope, code, secret_id) \
                           DO UPDATE SET calls = usage_key.calls + excluded.calls";
        for keys in keys.chunks(CHUNK) {
            let mut quarters = Sql::new(INTO);
            quarters.push("SELECT installation_id, key_id, ").cast(DAY).push(", ").cast(day.start.as_millis());
            quarters.push(", scope, code, secret_id, SUM(calls) FROM usage_key");
            let mut quarters = of_keys(quarters, installation, keys);
            quarters.push(" AND minutes = ").int(QUARTER);
            within(&mut quarters, "at", day);
            quarters.push(" GROUP BY installation_id, key_id, scope, code, secret_id").push(ADD);
            let mut hours = Sql::new(INTO);
            hours.push("SELECT installation_id, key_id, ").cast(DAY).push(", ").cast(day.start.as_millis());
            hours.push(", '', code, ").id(uuid::Uuid::nil()).push(", SUM(calls) FROM usage_bucket");
            let mut hours = of_keys(hours, installation, keys);
            within(&mut hours, "bucket_start", day);
            hours.push(
                " AND NOT EXISTS (SELECT 1 FROM usage_key q WHERE q.installation_id = usage_bucket.installation_id ",
            );
            hours.push("AND q.key_id = usage_bucket.key_id AND q.minutes = ").int(QUARTER);
            hours.push(" AND q.at >= usage_bucket.bucket_start AND q.at < usage_bucket.bucket_start + ").int(HOUR_MS);
            hours.push(") GROUP BY installation_id, key_id, code").push(ADD);
            let mut rolled = of_keys(Sql::new("DELETE FROM usage_key"), installation, keys);
            rolled.push(" AND minutes = ").int(QUARTER);
            within(&mut rolled, "at", day);
            let mut rolled_hours = of_keys(Sql::new("DELETE FROM usage_bucket"), installation, keys);
            within(&mut rolled_hours, "bucket_start", day);
            // Hours first: they look at the quarters.
            self.run_all(vec![hours, quarters, rolled, rolled_hours]).await?;
        }
        Ok(())
    }

    /// Removes minutes of these keys before `minutes`, days before `days`, and all but the newest addresses.
    pub async fn purge_usage(
        &self,
        installation: InstallationId,
        keys: &[KeyId],
        minutes: Instant,
        days: Instant,
    ) -> Result<(), StoreError> {
        for keys in keys.chunks(CHUNK) {
            let mut statements = Vec::new();
            for (length, before) in [(MINUTE, minutes), (DAY, days)] {
                let mut sql = of_keys(Sql::new("DELETE FROM usage_key"), installation, keys);
                sql.push(" AND minutes = ").int(length);
                at_most(&mut sql, "at", before);
                statements.push(sql);
            }
            let mut addresses = of_keys(Sql::new("DELETE FROM usage_address"), installation, keys);
            at_most(&mut addresses, "last_seen", days);
            statements.push(addresses);
            let mut crowded = of_keys(Sql::new("SELECT key_id FROM usage_address"), installation, keys);
            crowded.push(" GROUP BY key_id HAVING COUNT(*) > ").int(ADDRESSES_KEPT);
            let crowded: Vec<uuid::Uuid> =
                on_db!(self, pool => query!(query_scalar, crowded, pool).fetch_all(pool).await?);
            if !crowded.is_empty() {
                let crowded: Vec<_> = crowded.into_iter().map(|key| (installation, KeyId(key))).collect();
                statements.push(forget_addresses(&crowded));
            }
            self.run_all(statements).await?;
        }
        Ok(())
    }
}

pub(crate) const OLDEST_TOTAL: &str =
    "SELECT at FROM usage_total WHERE installation_id = $1 AND minutes = 15 ORDER BY at LIMIT 1";
pub(crate) const CLIENTS_OF_DAY: &str = "SELECT CAST(1 AS BIGINT) FROM usage_client WHERE installation_id = $1 \
     AND minutes = 1440 AND at = $2 AND scope = '' LIMIT 1";

/// A quarter is the finest that a day is made of.
const _: () = assert!(HOUR_MS % QUARTER_MS == 0);
