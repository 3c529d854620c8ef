//! What has been taken from limits: portions of quotas, rate limits across restarts, and the nodes that share them.

use std::collections::BTreeMap;

use model::{Environment, InstallationId, Instant, KeyId, LimitName};
use uuid::Uuid;

use crate::{
    Store, StoreError,
    db::on_db,
    sql::{CHUNK, Sql, query},
    work::{on_writer, write_down},
};

/// Whose limit it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LimitOwnerRow {
    /// A key's own.
    Key(KeyId),
    /// A ceiling of all keys of a client, by its folded Client Name.
    Client(Environment, String),
    /// A ceiling of all keys of the installation.
    Installation,
}

impl LimitOwnerRow {
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Key(key) => format!("key:{key}"),
            Self::Client(environment, folded) => format!("client:{}:{folded}", environment.as_str()),
            Self::Installation => "installation".to_owned(),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        if text == "installation" {
            return Some(Self::Installation);
        }
        match text.split_once(':')? {
            ("key", id) => Some(Self::Key(KeyId(id.parse().ok()?))),
            ("client", rest) => {
                let (environment, folded) = rest.split_once(':')?;
                Some(Self::Client(environment.parse().ok()?, folded.to_owned()))
            }
            _ => None,
        }
    }
}

/// A portion of a quota that a node asks for, and what it gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaLease {
    /// Whose quota.
    pub installation: InstallationId,
    /// Whose quota.
    pub owner: LimitOwnerRow,
    /// Its name.
    pub name: LimitName,
    /// The period, by its first instant.
    pub period_start: Instant,
    /// Calls that were leased before and are not needed.
    pub given_back: u64,
    /// Fewer calls are of no use: then none are given.
    pub least: u64,
    /// As many calls as are wanted.
    pub most: u64,
    /// Calls of the quota in a period. 0: something is given back, and nothing asked for.
    pub limit: u64,
    /// More than the unused calls divided by this are given only where `least` says so.
    pub share: u64,
}

/// What was leased.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuotaLeased {
    /// Calls of this period that all nodes together have leased now.
    pub granted: u64,
    /// Calls that came just now.
    pub given: u64,
}

/// A rate limit from which something was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRate {
    /// Whose limit.
    pub installation: InstallationId,
    /// Whose limit.
    pub owner: LimitOwnerRow,
    /// Its name.
    pub name: LimitName,
    /// When all of it is given back, in nanoseconds since 1970.
    pub full_at: i64,
}

/// A primary key of `quota_use`.
type QuotaKey = (InstallationId, String, LimitName, Instant);

pub(crate) const RATE_STATES: &str =
    "SELECT installation_id, owner, name, full_at FROM rate_state WHERE full_at > $1 ORDER BY full_at DESC LIMIT $2";
pub(crate) const PURGE_RATES: &str = "DELETE FROM rate_state WHERE full_at <= $1";
pub(crate) const PURGE_QUOTAS: &str = "DELETE FROM quota_use WHERE period_start <= $1";
pub(crate) const BEAT: &str =
    "INSERT INTO node (id, beats) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET beats = excluded.beats";
pub(crate) const NODES: &str = "SELECT id, beats FROM node";
pub(crate) const LEAVE: &str = "DELETE FROM node WHERE id = $1";

/// How the row of a quota changes with a lease. First what is given back is taken off; of what is unused then, the lease gets what it
/// wants at most, no more than its share unless it needs that much, and nothing if that is not there.
macro_rules! leased {
    () => {
        concat!("granted = ", leased!(base), " + ", leased!(given), ", given = ", leased!(given))
    };
    (base) => {
        "(quota_use.granted - CASE WHEN ask.column5 > quota_use.granted THEN quota_use.granted ELSE ask.column5 END)"
    };
    (unused) => {
        concat!("(ask.column8 - ", leased!(base), ")")
    };
    (given) => {
        concat!(
            "CASE WHEN ",
            leased!(unused),
            " <= 0 OR ",
            leased!(unused),
            " < ask.column6 THEN 0 WHEN ",
            leased!(unused),
            " / ask.column9 >= ask.column7 THEN ask.column7 WHEN ",
            leased!(unused),
            " / ask.column9 > ask.column6 THEN ",
            leased!(unused),
            " / ask.column9 ELSE ask.column6 END"
        )
    };
}

fn int(calls: u64) -> i64 {
    i64::try_from(calls).unwrap_or(i64::MAX)
}

impl Store {
    /// Leases portions of quotas, all or nothing, in the order in which they are given. Whatever happens afterwards, what was
    /// leased is given to nobody else.
    pub async fn lease_quotas(&self, leases: &[QuotaLease]) -> Result<Vec<QuotaLeased>, StoreError> {
        // One statement can't touch a row twice.
        let mut asked: BTreeMap<QuotaKey, QuotaLease> = BTreeMap::new();
        for lease in leases {
            let there =
                asked.entry(key_of(lease)).or_insert_with(|| QuotaLease { given_back: 0, limit: 0, ..lease.clone() });
            there.given_back = there.given_back.saturating_add(lease.given_back);
            if lease.limit > 0 {
                (there.least, there.most, there.limit) = (lease.least, lease.most, lease.limit);
            }
        }
        let asked: Vec<_> = asked.into_iter().collect();
        let mut leased = BTreeMap::new();
        write_down!(self, connection => {
            for chunk in asked.chunks(CHUNK) {
                query!(query, begin(chunk), connection).execute(&mut *connection).await?;
                let rows: Vec<(Uuid, String, String, i64, i64, i64)> =
                    query!(query_as, lease(chunk), connection).fetch_all(&mut *connection).await?;
                leased.extend(rows.into_iter().map(|(installation, owner, name, start, granted, given)| {
                    ((installation, owner, name, start), (granted, given))
                }));
            }
        });
        let answer = |of: &QuotaLease| {
            let (installation, owner, name, start) = key_of(of);
            let row = leased.get(&(installation.0, owner, String::from(name), start.as_millis()));
            let (granted, given) = row.ok_or(StoreError::Corrupt { column: "quota_use.granted" })?;
            let calls = |calls: i64| u64::try_from(calls).unwrap_or(0);
            // Whoever gives something back alone has been given nothing.
            Ok(QuotaLeased { granted: calls(*granted), given: if of.limit > 0 { calls(*given) } else { 0 } })
        };
        leases.iter().map(answer).collect()
    }

    /// Writes down when rate limits will have given back what was taken. Forwards only.
    pub async fn save_rates(&self, rates: &[StoredRate]) -> Result<(), StoreError> {
        let mut newest = BTreeMap::new();
        for rate in rates {
            let full_at =
                newest.entry((rate.installation, rate.owner.text(), rate.name.clone())).or_insert(rate.full_at);
            *full_at = rate.full_at.max(*full_at);
        }
        let rows: Vec<_> = newest.into_iter().collect();
        for chunk in rows.chunks(CHUNK) {
            write_down!(self, connection => {
                query!(query, save(chunk), connection).execute(&mut *connection).await?;
            });
        }
        Ok(())
    }

    /// The rate limits that have not given everything back by then, those that will be last first; at most so many.
    pub async fn rates(&self, after: i64, limit: i64) -> Result<Vec<StoredRate>, StoreError> {
        let rows: Vec<(Uuid, String, String, i64)> =
            on_db!(self, pool => sqlx::query_as(RATE_STATES).bind(after).bind(limit).fetch_all(pool).await?);
        // What a newer release has written and this one can't read is no limit of this one.
        let rate = |(installation, owner, name, full_at): (Uuid, String, String, i64)| {
            let (owner, name) = (LimitOwnerRow::parse(&owner)?, LimitName::parse(&name).ok()?);
            Some(StoredRate { installation: InstallationId(installation), owner, name, full_at })
        };
        Ok(rows.into_iter().filter_map(rate).collect())
    }

    /// Removes what limits need no more: rates that have given everything back, and quotas of periods that began up to then.
    pub async fn purge_limits(&self, now: Instant, periods: Instant) -> Result<(), StoreError> {
        write_down!(self, connection => {
            sqlx::query(PURGE_RATES).bind(now.as_millis().saturating_mul(1_000_000)).execute(&mut *connection).await?;
            sqlx::query(PURGE_QUOTAS).bind(periods.as_millis()).execute(&mut *connection).await?;
        });
        Ok(())
    }

    /// A node says that it runs.
    pub async fn beat(&self, node: Uuid, beats: i64) -> Result<(), StoreError> {
        on_writer!(self, connection => {
            sqlx::query(BEAT).bind(node).bind(beats).execute(connection).await?;
        });
        Ok(())
    }

    /// The nodes that run, or did, and how often each has said so.
    pub async fn nodes(&self) -> Result<Vec<(Uuid, i64)>, StoreError> {
        Ok(on_db!(self, pool => sqlx::query_as(NODES).fetch_all(pool).await?))
    }

    /// A node runs no longer.
    pub async fn leave(&self, node: Uuid) -> Result<(), StoreError> {
        on_writer!(self, connection => {
            sqlx::query(LEAVE).bind(node).execute(connection).await?;
        });
        Ok(())
    }
}

fn key_of(lease: &QuotaLease) -> QuotaKey {
    (lease.installation, lease.owner.text(), lease.name.clone(), lease.period_start)
}

fn begin(asked: &[(QuotaKey, QuotaLease)]) -> Sql {
    let mut sql =
        Sql::new("INSERT INTO quota_use (installation_id, owner, name, period_start, granted, given) VALUES ");
    for (index, ((installation, owner, name, start), _)) in asked.iter().enumerate() {
        sql.push(if index == 0 { "(" } else { ", (" }).id(installation.0).push(", ").text(owner).push(", ");
        sql.text(name.as_str()).push(", ").int(start.as_millis()).push(", 0, 0)");
    }
    sql.push(" ON CONFLICT (installation_id, owner, name, period_start) DO NOTHING");
    sql
}

fn lease(asked: &[(QuotaKey, QuotaLease)]) -> Sql {
    let mut sql = Sql::new(concat!("UPDATE quota_use SET ", leased!(), " FROM (VALUES "));
    for (index, ((installation, owner, name, start), lease)) in asked.iter().enumerate() {
        sql.push(if index == 0 { "(" } else { ", (" }).id(installation.0).push(", ").text(owner).push(", ");
        sql.text(name.as_str()).push(", ").int(start.as_millis());
        for calls in [lease.given_back, lease.least, lease.most, lease.limit, lease.share.max(1)] {
            sql.push(", ").int(int(calls));
        }
        sql.push(")");
    }
    sql.push(") AS ask WHERE quota_use.installation_id = ask.column1 AND quota_use.owner = ask.column2 ");
    sql.push("AND quota_use.name = ask.column3 AND quota_use.period_start = ask.column4 ");
    sql.push("RETURNING installation_id, owner, name, period_start, granted, given");
    sql
}

fn save(rates: &[((InstallationId, String, LimitName), i64)]) -> Sql {
    let mut sql = Sql::new("INSERT INTO rate_state (installation_id, owner, name, full_at) VALUES ");
    for (index, ((installation, owner, name), full_at)) in rates.iter().enumerate() {
        sql.push(if index == 0 { "(" } else { ", (" }).id(installation.0).push(", ").text(owner).push(", ");
        sql.text(name.as_str()).push(", ").int(*full_at).push(")");
    }
    sql.push(" ON CONFLICT (installation_id, owner, name) DO UPDATE SET full_at = excluded.full_at ");
    sql.push("WHERE rate_state.full_at < excluded.full_at");
    sql
}
