use std::net::IpAddr;

use model::{ClientName, Code, Environment, InstallationId, Instant, KeyId, Scope, SecretId, fold_name};
use uuid::Uuid;

use crate::{
    Store, StoreError,
    inserts::pieces,
    sql::{CHUNK, Sql, query},
    work::write_down,
};

pub(crate) const MINUTE_MS: i64 = 60_000;
pub(crate) const QUARTER_MS: i64 = 15 * MINUTE_MS;
pub(crate) const HOUR_MS: i64 = 60 * MINUTE_MS;

/// Lengths of rows, in minutes.
pub(crate) const MINUTE: i64 = 1;
pub(crate) const QUARTER: i64 = 15;
pub(crate) const HOUR: i64 = 60;
pub(crate) const DAY: i64 = 1440;

/// The addresses of a key that are kept.
pub const ADDRESSES_KEPT: i64 = 32;

/// Rows of a statement that is over within a fraction of a millisecond.
const SHORT: usize = 32;

/// A key that brings more addresses at once than this has its oldest forgotten at once; others have it in the hourly work.
const ADDRESSES_AT_ONCE: usize = 3;

/// Calls with one secret since they were last written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageDelta {
    /// Whose key.
    pub installation: InstallationId,
    /// The key.
    pub key: KeyId,
    /// The secret.
    pub secret: SecretId,
    /// The client of the key.
    pub client: ClientName,
    /// The environment of the key.
    pub environment: Environment,
    /// An instant of the minute in which they fall; of calls that wanted a scope, of the quarter of an hour.
    pub at: Instant,
    /// The scope that they wanted; `None`: all calls, whatever they wanted.
    pub scope: Option<Scope>,
    /// How they were decided.
    pub code: Code,
    /// How many: at least 1.
    pub calls: u64,
}

/// Refused calls of which nothing more is known than whose they were, since too many waited to be written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedDelta {
    /// Whose keys, or whose listener.
    pub installation: InstallationId,
    /// The environment of the keys.
    pub environment: Environment,
    /// An instant of the quarter of an hour in which they fall.
    pub at: Instant,
    /// Why.
    pub code: Code,
    /// How many: at least 1.
    pub calls: u64,
}

/// Calls with one key from one address since they were last written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressDelta {
    /// Whose key.
    pub installation: InstallationId,
    /// The key.
    pub key: KeyId,
    /// The address.
    pub address: IpAddr,
    /// When it was seen.
    pub at: Instant,
    /// Allowed calls.
    pub allowed: u64,
    /// Refused calls.
    pub refused: u64,
    /// Why the last refused one was refused.
    pub last_refusal: Option<Code>,
}

/// The last allowed call with one secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastUse {
    /// Whose key.
    pub installation: InstallationId,
    /// The key.
    pub key: KeyId,
    /// The secret.
    pub secret: SecretId,
    /// When.
    pub at: Instant,
    /// From where, if that is known.
    pub address: Option<IpAddr>,
}

/// What is written down at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsageBatch {
    /// Calls.
    pub calls: Vec<UsageDelta>,
    /// Refused calls without a key.
    pub refused: Vec<RefusedDelta>,
    /// Addresses.
    pub addresses: Vec<AddressDelta>,
    /// Last uses.
    pub last_uses: Vec<LastUse>,
}

/// When and from where a row was last used, by its installation and id.
type Used = ((InstallationId, Uuid), (Instant, Option<IpAddr>));

impl Store {
    /// Adds calls to their rows and moves last uses forward, all or nothing, in the order of each table.
    pub async fn record_usage(&self, batch: &UsageBatch) -> Result<(), StoreError> {
        let statements = statements(batch, self.is_sqlite());
        write_down!(self, connection => {
            for statement in statements {
                query!(query, statement, connection).execute(&mut *connection).await?;
            }
        });
        Ok(())
    }
}

/// SQLite works at a statement without a break, on a processor that others want for calls: there they are short, and its thread sleeps after
/// each. To PostgreSQL each is a journey.
fn statements(batch: &UsageBatch, is_sqlite: bool) -> Vec<Sql> {
    let mut statements = Statements { most: if is_sqlite { SHORT } else { CHUNK }, all: Vec::new() };
    let hours = batch.calls.iter().filter(|of| of.scope.is_none());
    let hours =
        merged(hours.map(|of| ((of.installation, of.key, start(of.at, HOUR_MS), of.code.as_str()), of.calls)), add);
    statements.add(&hours, add_hours);
    let keys = merged(batch.calls.iter().flat_map(key_rows), add);
    statements.add(&keys, add_keys);
    let totals =
        merged(batch.calls.iter().flat_map(total_rows).chain(batch.refused.iter().flat_map(refused_rows)), add);
    statements.add(&totals, add_totals);
    statements.add(&client_rows(&batch.calls), add_clients);
    let addresses = merged(batch.addresses.iter().map(address_row), Seen::add);
    statements.add(&addresses, add_addresses);
    let crowded = crowded(&addresses);
    statements.add(&crowded, forget_addresses);
    // Two secrets of one key count for the same row.
    let newest = |kept: &mut (Instant, Option<IpAddr>), other: (Instant, Option<IpAddr>)| {
        if other.0 > kept.0 {
            *kept = other;
        }
    };
    let of = |of: &LastUse, id| ((of.installation, id), (of.at, of.address));
    let used: Vec<Used> = merged(batch.last_uses.iter().map(|used| of(used, used.key.0)), newest);
    let secrets: Vec<Used> = merged(batch.last_uses.iter().map(|used| of(used, used.secret.0)), newest);
    statements.add(&used, |used| touch("api_key", used));
    statements.add(&secrets, |used| touch("api_key_secret", used));
    statements.all
}

/// Statements in their order.
struct Statements {
    /// Most rows of one.
    most: usize,
    all: Vec<Sql>,
}

impl Statements {
    fn add<T>(&mut self, rows: &[T], statement: impl Fn(&[T]) -> Sql) {
        self.all.extend(pieces(rows, self.most).map(statement));
    }
}

fn start(at: Instant, length: i64) -> i64 {
    at.as_millis().div_euclid(length) * length
}

fn add(calls: &mut u64, more: u64) {
    *calls += more;
}

/// Rows in the order of their keys, each key once. Rows with the same key are merged: one statement can't touch a row twice.
fn merged<K: Ord, V: Copy>(rows: impl Iterator<Item = (K, V)>, mut put: impl FnMut(&mut V, V)) -> Vec<(K, V)> {
    let mut rows: Vec<_> = rows.collect();
    // Stable: of what came later the last counts.
    rows.sort_by(|(one, _), (other, _)| one.cmp(other));
    rows.dedup_by(|(key, value), (kept_key, kept)| {
        let same = key == kept_key;
        if same {
            put(kept, *value);
        }
        same
    });
    rows
}

/// Of `usage_bucket`: installation, key, hour, code.
type HourRow = (InstallationId, KeyId, i64, &'static str);

fn add_hours(rows: &[(HourRow, u64)]) -> Sql {
    let mut sql = Sql::new("INSERT INTO usage_bucket (installation_id, key_id, bucket_start, code, calls) VALUES ");
    for (index, ((installation, key, at, code), calls)) in rows.iter().enumerate() {
        sql.push(if index == 0 { "(" } else { ", (" }).id(installation.0).push(", ").id(key.0).push(", ");
        sql.int(*at).push(", ").word(code).push(", ").int(number(*calls)).push(")");
    }
    sql.push(" ON CONFLICT (installation_id, key_id, bucket_start, code) ");
    sql.push("DO UPDATE SET calls = usage_bucket.calls + excluded.calls");
    sql
}

fn number(calls: u64) -> i64 {
    i64::try_from(calls).unwrap_or(i64::MAX)
}

fn text(scope: Option<&Scope>) -> &str {
    scope.map_or("", Scope::as_str)
}

/// Of `usage_key`: installation, key, minutes, start, scope, code, secret.
type KeyRow<'a> = (InstallationId, KeyId, i64, i64, &'a str, &'static str, Uuid);

fn key_rows(of: &UsageDelta) -> impl Iterator<Item = (KeyRow<'_>, u64)> {
    let row = |minutes, length, secret| {
        let at = start(of.at, length);
        ((of.installation, of.key, minutes, at, text(of.scope.as_ref()), of.code.as_str(), secret), of.calls)
    };
    let minute = of.scope.is_none().then(|| row(MINUTE, MINUTE_MS, Uuid::nil()));
    minute.into_iter().chain([row(QUARTER, QUARTER_MS, of.secret.0)])
}

fn add_keys(rows: &[(KeyRow<'_>, u64)]) -> Sql {
    let mut sql =
        Sql::new("INSERT INTO usage_key (installation_id, key_id, minutes, at, scope, code, secret_id, calls) VALUES ");
    for (index, ((installation, key, minutes, at, scope, code, secret), calls)) in rows.iter().enumerate() {
        sql.push(if index == 0 { "(" } else { ", (" }).id(installation.0).push(", ").id(key.0).push(", ");
        sql.int(*minutes).push(", ").int(*at).push(", ").text(scope).push(", ").word(code).push(", ");
        sql.id(*secret).push(", ").int(number(*calls)).push(")");
    }
    sql.push(" ON CONFLICT (installation_id, key_id, minutes, at, scope, code, secret_id) ");
    sql.push("DO UPDATE SET calls = usage_key.calls + excluded.calls");
    sql
}

/// Of `usage_total`: installation, minutes, start, environment, scope, code.
type TotalRow<'a> = (InstallationId, i64, i64, &'static str, &'a str, &'static str);

fn total_rows(of: &UsageDelta) -> impl Iterator<Item = (TotalRow<'_>, u64)> {
    let row = |minutes, length| {
        let (at, environment) = (start(of.at, length), of.environment.as_str());
        ((of.installation, minutes, at, environment, text(of.scope.as_ref()), of.code.as_str()), of.calls)
    };
    let minute = of.scope.is_none().then(|| row(MINUTE, MINUTE_MS));
    minute.into_iter().chain([row(QUARTER, QUARTER_MS)])
}

fn refused_rows(of: &RefusedDelta) -> impl Iterator<Item = (TotalRow<'_>, u64)> {
    let row = |minutes, length| {
        let (at, environment) = (start(of.at, length), of.environment.as_str());
        ((of.installation, minutes, at, environment, "", of.code.as_str()), of.calls)
    };
    [row(MINUTE, MINUTE_MS), row(QUARTER, QUARTER_MS)].into_iter()
}

fn add_totals(rows: &[(TotalRow<'_>, u64)]) -> Sql {
    let mut sql =
        Sql::new("INSERT INTO usage_total (installation_id, minutes, at, environment, scope, code, calls) VALUES ");
    for (index, ((installation, minutes, at, environment, scope, code), calls)) in rows.iter().enumerate() {
        sql.push(if index == 0 { "(" } else { ", (" }).id(installation.0).push(", ").int(*minutes).push(", ");
        sql.int(*at).push(", ").word(environment).push(", ").text(scope).push(", ").word(code).push(", ");
        sql.int(number(*calls)).push(")");
    }
    sql.push(" ON CONFLICT (installation_id, minutes, at, environment, scope, code) ");
    sql.push("DO UPDATE SET calls = usage_total.calls + excluded.calls");
    sql
}

/// Of `usage_client`: installation, environment, folded name, hour, scope; name, calls, refused.
type ClientRow<'a> = ((InstallationId, &'static str, String, i64, &'a str), (&'a ClientName, u64, u64));

fn client_rows(calls: &[UsageDelta]) -> Vec<ClientRow<'_>> {
    let rows = calls.iter().map(|of| {
        let key = (
            of.installation,
            of.environment.as_str(),
            fold_name(of.client.as_str()),
            start(of.at, HOUR_MS),
            text(of.scope.as_ref()),
        );
        (key, (&of.client, of.calls, if of.code == Code::Valid { 0 } else { of.calls }))
    });
    merged(rows, |(_, calls, refused), (_, more, more_refused)| {
        *calls += more;
        *refused += more_refused;
    })
}

fn add_clients(rows: &[ClientRow<'_>]) -> Sql {
    let mut sql =
        Sql::new("INSERT INTO usage_client (installation_id, environment, client_folded, minutes, at, scope, ");
    sql.push("client_name, calls, refused) VALUES ");
    for (index, ((installation, environment, folded, at, scope), (name, calls, refused))) in rows.iter().enumerate() {
        sql.push(if index == 0 { "(" } else { ", (" }).id(installation.0).push(", ").word(environment).push(", ");
        sql.text(folded).push(", ").int(HOUR).push(", ").int(*at).push(", ").text(scope).push(", ");
        sql.text(name.as_str()).push(", ").int(number(*calls)).push(", ").int(number(*refused)).push(")");
    }
    sql.push(" ON CONFLICT (installation_id, environment, client_folded, minutes, at, scope) ");
    sql.push("DO UPDATE SET client_name = excluded.client_name, calls = usage_client.calls + excluded.calls, ");
    sql.push("refused = usage_client.refused + excluded.refused");
    sql
}

/// What was seen of an address: first and last instant, allowed and refused calls, why the last one was refused.
#[derive(Clone, Copy)]
struct Seen {
    first: Instant,
    last: Instant,
    allowed: u64,
    refused: u64,
    last_refusal: &'static str,
}

impl Seen {
    fn add(&mut self, other: Self) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.allowed += other.allowed;
        self.refused += other.refused;
        if !other.last_refusal.is_empty() {
            self.last_refusal = other.last_refusal;
        }
    }
}

/// Of `usage_address`.
type AddressRow = ((InstallationId, KeyId, IpAddr), Seen);

fn address_row(of: &AddressDelta) -> AddressRow {
    let seen = Seen {
        first: of.at,
        last: of.at,
        allowed: of.allowed,
        refused: of.refused,
        last_refusal: of.last_refusal.map_or("", Code::as_str),
    };
    ((of.installation, of.key, of.address), seen)
}

fn add_addresses(rows: &[AddressRow]) -> Sql {
    let mut sql =
        Sql::new("INSERT INTO usage_address (installation_id, key_id, address, first_seen, last_seen, allowed, ");
    sql.push("refused, last_refusal) VALUES ");
    for (index, ((installation, key, address), seen)) in rows.iter().enumerate() {
        sql.push(if index == 0 { "(" } else { ", (" }).id(installation.0).push(", ").id(key.0).push(", ");
        sql.text(&address.to_string()).push(", ").int(seen.first.as_millis()).push(", ");
        sql.int(seen.last.as_millis()).push(", ").int(number(seen.allowed)).push(", ").int(number(seen.refused));
        sql.push(", ").word(seen.last_refusal).push(")");
    }
    sql.push(" ON CONFLICT (installation_id, key_id, address) DO UPDATE SET ");
    sql.push("first_seen = CASE WHEN excluded.first_seen < usage_address.first_seen THEN excluded.first_seen ");
    sql.push("ELSE usage_address.first_seen END, ");
    sql.push("last_seen = CASE WHEN excluded.last_seen > usage_address.last_seen THEN excluded.last_seen ");
    sql.push("ELSE usage_address.last_seen END, ");
    sql.push(
        "allowed = usage_address.allowed + excluded.allowed, refused = usage_address.refused + excluded.refused, ",
    );
    sql.push("last_refusal = CASE WHEN excluded.last_refusal = '' THEN usage_address.last_refusal ");
    sql.push("ELSE excluded.last_refusal END");
    sql
}

/// Keys that bring many addresses at once.
fn crowded(rows: &[AddressRow]) -> Vec<(InstallationId, KeyId)> {
    let of_one_key = rows.chunk_by(|((_, one, _), _), ((_, other, _), _)| one == other);
    let crowded = of_one_key.filter(|rows| rows.len() > ADDRESSES_AT_ONCE);
    crowded.filter_map(<[_]>::first).map(|((installation, key, _), _)| (*installation, *key)).collect()
}

/// Removes all but the newest addresses of these keys.
pub(crate) fn forget_addresses(keys: &[(InstallationId, KeyId)]) -> Sql {
    let mut sql = Sql::new("DELETE FROM usage_address WHERE (installation_id, key_id) IN (VALUES ");
    for (index, (installation, key)) in keys.iter().enumerate() {
        sql.push(if index == 0 { "(" } else { ", (" }).id(installation.0).push(", ").id(key.0).push(")");
    }
    sql.push(
        ") AND (SELECT COUNT(*) FROM usage_address newer WHERE newer.installation_id = usage_address.installation_id ",
    );
    sql.push("AND newer.key_id = usage_address.key_id AND (newer.last_seen, newer.address) > ");
    sql.push("(usage_address.last_seen, usage_address.address)) >= ").int(ADDRESSES_KEPT);
    sql
}

fn touch(table: &'static str, used: &[Used]) -> Sql {
    let mut sql = Sql::new("UPDATE ");
    sql.push(table).push(" SET last_used_at = used.column3, last_address = used.column4 FROM (VALUES ");
    for (index, ((installation, id), (at, address))) in used.iter().enumerate() {
        sql.push(if index == 0 { "(" } else { ", (" }).id(installation.0).push(", ").id(*id).push(", ");
        let address = address.map_or_else(String::new, |address| address.to_string());
        sql.int(at.as_millis()).push(", ").text(&address).push(")");
    }
    sql.push(") AS used WHERE ").push(table).push(".installation_id = used.column1 AND ").push(table);
    sql.push(".id = used.column2 AND ").push(table).push(".last_used_at < used.column3");
    sql
}
