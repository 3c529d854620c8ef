//! How often keys were called, from the rows that `usage.rs` writes.

use std::net::IpAddr;

use model::{AddressUsage, BusiestHour, Code, Environment, InstallationId, Instant, KeyId, Scope, SecretId, UsageStep};
use uuid::Uuid;

use crate::{
    Store, StoreError,
    db::on_db,
    row::row,
    sql::{CHUNK, Sql, query},
    usage::{ADDRESSES_KEPT, DAY, HOUR_MS, MINUTE, QUARTER},
};

/// Which rows are read.
#[derive(Clone, Debug)]
pub struct UsageSpan<'a> {
    /// Whose.
    pub installation: InstallationId,
    /// From this instant on.
    pub from: Instant,
    /// Until before this one.
    pub to: Instant,
    /// Only calls that were decided so.
    pub code: Option<Code>,
    /// Only calls that wanted this scope; `None`: all calls, whatever they wanted.
    pub scope: Option<&'a Scope>,
    /// Only calls with keys of this environment. Of given keys it is not asked.
    pub environment: Option<Environment>,
}

/// Calls in one row or the sum of some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsageCount {
    /// When it begins.
    pub at: Instant,
    /// How they were decided.
    pub code: Code,
    /// How many.
    pub calls: u64,
    /// It is a whole day: when in it they were made, nobody knows any more.
    pub is_day: bool,
}

/// That on which clocks are set back.
const LONGEST_DAY_MS: i64 = 25 * HOUR_MS;

/// Calls that wanted a scope.
pub type ScopeCount = (Scope, Code, u64);

/// Key, start, code and number of calls.
type OfKey = (Uuid, i64, String, i64);

/// The code of this name. A newer release may write others, which this one can't show.
pub(crate) fn code(name: &str) -> Option<Code> {
    Code::ALL.into_iter().find(|code| code.as_str() == name)
}

/// A count in a row of this length.
fn count(length: i64, at: i64, name: &str, calls: i64) -> Option<UsageCount> {
    let (at, code) = (Instant::from_millis(at), code(name)?);
    Some(UsageCount { at, code, calls: calls.unsigned_abs(), is_day: length == DAY })
}

fn scopes(rows: Vec<(String, String, i64)>) -> Vec<ScopeCount> {
    let count = |(scope, name, calls): (String, String, i64)| {
        Some((Scope::parse(&scope).ok()?, code(&name)?, calls.unsigned_abs()))
    };
    rows.into_iter().filter_map(count).collect()
}

/// The lengths of the rows that make up points of this step: days are in the place of quarters that are rolled up, and no hour is
/// made of them.
fn lengths(step: UsageStep) -> &'static [i64] {
    match step {
        UsageStep::Minute => &[MINUTE],
        UsageStep::Quarter | UsageStep::Hour => &[QUARTER],
        UsageStep::Day => &[QUARTER, DAY],
    }
}

impl UsageSpan<'_> {
    fn push(&self, sql: &mut Sql, length: i64) {
        sql.push("installation_id = ").id(self.installation.0).push(" AND minutes = ").int(length);
        sql.push(" AND at >= ").int(self.from.as_millis()).push(" AND at < ").int(self.to.as_millis());
        if let Some(code) = self.code {
            sql.push(" AND code = ").word(code.as_str());
        }
    }

    fn push_scope(&self, sql: &mut Sql) {
        sql.push(" AND scope = ").text(self.scope.map_or("", Scope::as_str));
    }

    /// Rows of each scope apart.
    fn push_scopes(&self, sql: &mut Sql) {
        match self.scope {
            Some(scope) => _ = sql.push(" AND scope = ").text(scope.as_str()),
            None => _ = sql.push(" AND scope <> ''"),
        }
    }

    fn push_environment(&self, sql: &mut Sql) {
        if let Some(environment) = self.environment {
            sql.push(" AND environment = ").word(environment.as_str());
        }
    }
}

fn push_keys(sql: &mut Sql, keys: &[KeyId]) {
    sql.push(" AND key_id IN ").list(keys, |sql, key| _ = sql.id(key.0));
}

impl Store {
    /// All calls of an installation, by the rows that make up points of this step.
    pub async fn usage_totals(&self, span: &UsageSpan<'_>, step: UsageStep) -> Result<Vec<UsageCount>, StoreError> {
        let mut all = Vec::new();
        for length in lengths(step) {
            let mut sql = Sql::new("SELECT at, code, CAST(SUM(calls) AS BIGINT) FROM usage_total WHERE ");
            span.push(&mut sql, *length);
            span.push_scope(&mut sql);
            span.push_environment(&mut sql);
            sql.push(" GROUP BY at, code ORDER BY at, code");
            let rows: Vec<(i64, String, i64)> =
                on_db!(self, pool => query!(query_as, sql, pool).fetch_all(pool).await?);
            all.extend(rows.into_iter().filter_map(|(at, name, calls)| count(*length, at, &name, calls)));
        }
        Ok(all)
    }

    /// All calls of an installation by the scope that they wanted.
    pub async fn usage_by_scope(&self, span: &UsageSpan<'_>) -> Result<Vec<ScopeCount>, StoreError> {
        let mut sql = Sql::new("SELECT scope, code, CAST(SUM(calls) AS BIGINT) FROM (");
        for (index, length) in lengths(UsageStep::Day).iter().enumerate() {
            sql.push(if index == 0 { "" } else { " UNION ALL " })
                .push("SELECT scope, code, calls FROM usage_total WHERE ");
            span.push(&mut sql, *length);
            span.push_environment(&mut sql);
            span.push_scopes(&mut sql);
        }
        sql.push(") AS both_lengths GROUP BY scope, code");
        Ok(scopes(on_db!(self, pool => query!(query_as, sql, pool).fetch_all(pool).await?)))
    }

    /// The calls of each scope of an installation, by quarters and days.
    pub async fn usage_points_by_scope(
        &self,
        span: &UsageSpan<'_>,
        step: UsageStep,
    ) -> Result<Vec<(Scope, UsageCount)>, StoreError> {
        let mut all = Vec::new();
        for length in lengths(step) {
            let mut sql = Sql::new("SELECT scope, at, code, CAST(SUM(calls) AS BIGINT) FROM usage_total WHERE ");
            span.push(&mut sql, *length);
            span.push_environment(&mut sql);
            self.scope_points(sql, span, *length, &mut all).await?;
        }
        Ok(all)
    }

    /// The same of these keys together.
    pub async fn scope_points_of_keys(
        &self,
        span: &UsageSpan<'_>,
        keys: &[KeyId],
        step: UsageStep,
    ) -> Result<Vec<(Scope, UsageCount)>, StoreError> {
        let mut all = Vec::new();
        for keys in keys.chunks(CHUNK) {
            for length in lengths(step) {
                let mut sql = Sql::new("SELECT scope, at, code, CAST(SUM(calls) AS BIGINT) FROM usage_key WHERE ");
                span.push(&mut sql, *length);
                push_keys(&mut sql, keys);
                self.scope_points(sql, span, *length, &mut all).await?;
            }
        }
        Ok(all)
    }

    async fn scope_points(
        &self,
        mut sql: Sql,
        span: &UsageSpan<'_>,
        length: i64,
        into: &mut Vec<(Scope, UsageCount)>,
    ) -> Result<(), StoreError> {
        span.push_scopes(&mut sql);
        sql.push(" GROUP BY scope, at, code ORDER BY scope, at, code");
        let rows: Vec<(String, i64, String, i64)> =
            on_db!(self, pool => query!(query_as, sql, pool).fetch_all(pool).await?);
        into.extend(rows.into_iter().filter_map(|(scope, at, name, calls)| {
            Some((Scope::parse(&scope).ok()?, count(length, at, &name, calls)?))
        }));
        Ok(())
    }

    /// The calls of each of these keys, by the rows that make up points of this step. What was counted before quarters were stands at the
    /// first instant of its hour.
    pub async fn usage_of_keys(
        &self,
        span: &UsageSpan<'_>,
        keys: &[KeyId],
        step: UsageStep,
    ) -> Result<Vec<(KeyId, UsageCount)>, StoreError> {
        let mut all = Vec::new();
        let mut add = |length, rows: Vec<OfKey>| {
            let of_key = |(key, at, name, calls): OfKey| Some((KeyId(key), count(length, at, &name, calls)?));
            all.extend(rows.into_iter().filter_map(of_key));
        };
        for keys in keys.chunks(CHUNK) {
            for length in lengths(step) {
                let mut sql = Sql::new("SELECT key_id, at, code, CAST(SUM(calls) AS BIGINT) FROM usage_key WHERE ");
                span.push(&mut sql, *length);
                span.push_scope(&mut sql);
                push_keys(&mut sql, keys);
                sql.push(" GROUP BY key_id, at, code ORDER BY key_id, at, code");
                add(*length, on_db!(self, pool => query!(query_as, sql, pool).fetch_all(pool).await?));
            }
            if step != UsageStep::Minute && span.scope.is_none() {
                let sql = hours_before_quarters(span, keys);
                add(QUARTER, on_db!(self, pool => query!(query_as, sql, pool).fetch_all(pool).await?));
            }
        }
        Ok(all)
    }

    /// How many calls were made with these keys together, by quarters and days, and by hours of before. A day that began before the
    /// span and reaches into it counts whole, without its hours of before: never fewer than there were.
    pub async fn calls_of_keys(&self, span: &UsageSpan<'_>, keys: &[KeyId]) -> Result<u64, StoreError> {
        let mut sum = 0_u64;
        for keys in keys.chunks(CHUNK) {
            for length in lengths(UsageStep::Day) {
                let mut sql = Sql::new("SELECT CAST(COALESCE(SUM(calls), 0) AS BIGINT) FROM usage_key WHERE ");
                if *length == DAY {
                    UsageSpan { from: span.from.plus_millis(-LONGEST_DAY_MS), ..span.clone() }.push(&mut sql, DAY);
                    // Hours of before are under no secret's id. They end before the first quarter of their key.
                    sql.push(" AND (at >= ")
                        .int(span.from.as_millis())
                        .push(" OR secret_id <> ")
                        .id(Uuid::nil())
                        .push(")");
                } else {
                    span.push(&mut sql, *length);
                }
                span.push_scope(&mut sql);
                push_keys(&mut sql, keys);
                let calls: i64 = on_db!(self, pool => query!(query_scalar, sql, pool).fetch_one(pool).await?);
                sum = sum.saturating_add(calls.unsigned_abs());
            }
            let sql = hours_before_quarters(span, keys);
            let hours: Vec<OfKey> = on_db!(self, pool => query!(query_as, sql, pool).fetch_all(pool).await?);
            sum = hours.iter().map(|(.., calls)| calls.unsigned_abs()).fold(sum, u64::saturating_add);
        }
        Ok(sum)
    }

    /// The calls of these keys by the scope that they wanted.
    pub async fn scopes_of_keys(&self, span: &UsageSpan<'_>, keys: &[KeyId]) -> Result<Vec<ScopeCount>, StoreError> {
        let mut all = Vec::new();
        for keys in keys.chunks(CHUNK) {
            for length in lengths(UsageStep::Day) {
                let mut sql = Sql::new("SELECT scope, code, CAST(SUM(calls) AS BIGINT) FROM usage_key WHERE ");
                span.push(&mut sql, *length);
                push_keys(&mut sql, keys);
                span.push_scopes(&mut sql);
                sql.push(" GROUP BY scope, code");
                all.extend(scopes(on_db!(self, pool => query!(query_as, sql, pool).fetch_all(pool).await?)));
            }
        }
        Ok(all)
    }

    /// The calls of a key by the secret that was sent. Those that were counted before secrets were told apart are under no secret's id.
    pub async fn secrets_usage(
        &self,
        span: &UsageSpan<'_>,
        key: KeyId,
    ) -> Result<Vec<(SecretId, Code, u64)>, StoreError> {
        let mut all = Vec::new();
        for length in lengths(UsageStep::Day) {
            let mut sql = Sql::new("SELECT secret_id, code, CAST(SUM(calls) AS BIGINT) FROM usage_key WHERE ");
            span.push(&mut sql, *length);
            span.push_scope(&mut sql);
            push_keys(&mut sql, &[key]);
            sql.push(" GROUP BY secret_id, code");
            let rows: Vec<(Uuid, String, i64)> =
                on_db!(self, pool => query!(query_as, sql, pool).fetch_all(pool).await?);
            all.extend(
                rows.into_iter()
                    .filter_map(|(secret, name, calls)| Some((SecretId(secret), code(&name)?, calls.unsigned_abs()))),
            );
        }
        Ok(all)
    }

    /// The hour with the most allowed calls with these keys together.
    pub async fn busiest_hour(&self, span: &UsageSpan<'_>, keys: &[KeyId]) -> Result<Option<BusiestHour>, StoreError> {
        if keys.is_empty() {
            return Ok(None);
        }
        let mut sql =
            Sql::new("SELECT bucket_start, CAST(SUM(calls) AS BIGINT) FROM usage_bucket WHERE installation_id = ");
        sql.id(span.installation.0).push(" AND code = 'VALID' AND bucket_start >= ");
        sql.int(span.from.as_millis()).push(" AND bucket_start < ").int(span.to.as_millis());
        push_keys(&mut sql, keys.get(..CHUNK).unwrap_or(keys));
        sql.push(" GROUP BY bucket_start ORDER BY 2 DESC, 1 LIMIT 1");
        let row: Option<(i64, i64)> = on_db!(self, pool => query!(query_as, sql, pool).fetch_optional(pool).await?);
        Ok(row.map(|(at, calls)| BusiestHour { at: Instant::from_millis(at), allowed: calls.unsigned_abs() }))
    }

    /// The newest addresses from which each of these keys was called, the last one first.
    pub async fn addresses_of_keys(
        &self,
        installation: InstallationId,
        keys: &[KeyId],
    ) -> Result<Vec<AddressUsage>, StoreError> {
        let mut all = Vec::new();
        for key in keys {
            let rows: Vec<AddressRow> = on_db!(self, pool => {
                sqlx::query_as(ADDRESSES_OF_KEY).bind(installation.0).bind(key.0).bind(ADDRESSES_KEPT).fetch_all(pool).await?
            });
            all.extend(rows.into_iter().filter_map(AddressRow::read));
        }
        Ok(all)
    }

    /// When a key was last used, and from where if that is known.
    pub async fn last_use_of_key(
        &self,
        installation: InstallationId,
        key: KeyId,
    ) -> Result<(Option<Instant>, Option<IpAddr>), StoreError> {
        let row: Option<(i64, String)> = on_db!(self, pool => {
            sqlx::query_as(LAST_USE_OF_KEY).bind(installation.0).bind(key.0).fetch_optional(pool).await?
        });
        let (at, address) = row.unwrap_or_default();
        Ok((Some(at).filter(|at| *at != 0).map(Instant::from_millis), address.parse().ok()))
    }

    /// From where each secret of a key was last used, if that is known.
    pub async fn last_addresses(
        &self,
        installation: InstallationId,
        key: KeyId,
    ) -> Result<Vec<(SecretId, Option<IpAddr>)>, StoreError> {
        let rows: Vec<(Uuid, String)> = on_db!(self, pool => {
            sqlx::query_as(LAST_ADDRESSES).bind(installation.0).bind(key.0).fetch_all(pool).await?
        });
        Ok(rows.into_iter().map(|(secret, address)| (SecretId(secret), address.parse().ok())).collect())
    }

    /// The newest keys of a client, by its folded name, at most `limit`; also deleted ones.
    pub async fn keys_of_client(
        &self,
        installation: InstallationId,
        folded: &str,
        environment: Option<Environment>,
        limit: i64,
    ) -> Result<Vec<KeyId>, StoreError> {
        let mut ids = Vec::new();
        for living in ["kind = 'issued' AND deleted_at IS NULL", "deleted_at IS NOT NULL"] {
            let mut sql = Sql::new("SELECT id FROM api_key WHERE installation_id = ");
            sql.id(installation.0).push(" AND client_name_folded = ").text(folded).push(" AND ").push(living);
            if let Some(environment) = environment {
                sql.push(" AND environment = ").word(environment.as_str());
            }
            // Ids begin with the time.
            sql.push(" ORDER BY id DESC LIMIT ").int(limit);
            let found: Vec<Uuid> = on_db!(self, pool => query!(query_scalar, sql, pool).fetch_all(pool).await?);
            ids.extend(found.into_iter().map(KeyId));
        }
        ids.sort_unstable_by(|one, other| other.cmp(one));
        ids.truncate(usize::try_from(limit).unwrap_or_default());
        Ok(ids)
    }
}

/// Hours of keys that have no quarters: they were counted before quarters were.
fn hours_before_quarters(span: &UsageSpan<'_>, keys: &[KeyId]) -> Sql {
    let mut sql = Sql::new("SELECT key_id, bucket_start, code, calls FROM usage_bucket WHERE installation_id = ");
    sql.id(span.installation.0).push(" AND bucket_start >= ").int(span.from.as_millis());
    sql.push(" AND bucket_start < ").int(span.to.as_millis());
    if let Some(code) = span.code {
        sql.push(" AND code = ").word(code.as_str());
    }
    push_keys(&mut sql, keys);
    sql.push(" AND bucket_start + ")
        .int(HOUR_MS)
        .push(" <= COALESCE((SELECT q.at FROM usage_key q WHERE q.installation_id = ");
    sql.push("usage_bucket.installation_id AND q.key_id = usage_bucket.key_id AND q.minutes = ").int(QUARTER);
    sql.push(" ORDER BY q.at LIMIT 1), ").int(i64::MAX).push(") ORDER BY key_id, bucket_start, code");
    sql
}

row! {
    struct AddressRow {
        address: String,
        first_seen: i64,
        last_seen: i64,
        allowed: i64,
        refused: i64,
        last_refusal: String,
    }
}

impl AddressRow {
    fn read(self) -> Option<AddressUsage> {
        Some(AddressUsage {
            address: self.address.parse().ok()?,
            first_seen: Instant::from_millis(self.first_seen),
            last_seen: Instant::from_millis(self.last_seen),
            allowed: self.allowed.unsigned_abs(),
            refused: self.refused.unsigned_abs(),
            last_refusal: code(&self.last_refusal),
        })
    }
}

pub(crate) const ADDRESSES_OF_KEY: &str = "SELECT address, first_seen, last_seen, allowed, refused, last_refusal FROM \
     usage_address WHERE installation_id = $1 AND key_id = $2 ORDER BY last_seen DESC, address DESC LIMIT $3";
pub(crate) const LAST_USE_OF_KEY: &str =
    "SELECT last_used_at, last_address FROM api_key WHERE installation_id = $1 AND id = $2";
pub(crate) const LAST_ADDRESSES: &str =
    "SELECT id, last_address FROM api_key_secret WHERE installation_id = $1 AND key_id = $2";
