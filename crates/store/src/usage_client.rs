//! The clients with the most calls.

use std::{cmp::Reverse, collections::BTreeMap};

use model::{ClientName, ClientUsage, Environment, InstallationId, Instant, Scope};

use crate::{
    Store, StoreError,
    db::on_db,
    sql::{CHUNK, Sql, Value, query},
    usage::{DAY, HOUR},
};

/// Rows that are read at the head of each hour or day: whoever is among the first of all is at least once among the first of a part,
/// unless the parts are very even.
const HEAD: i64 = 100;
/// Fewer where there are many parts, so that a range of two years is answered as quickly.
const HEAD_OF_MANY: i64 = 25;
const MANY: usize = 100;
/// Parts in one statement.
const PARTS: usize = 100;
/// Clients at the head of a part whose calls are added up, for each client that is asked for, and at least: those that can have the most.
const SUMS: usize = 10;
const SUMS_AT_LEAST: usize = 300;

/// The hours and days that make up a range, by their first instants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientParts {
    /// Hours.
    pub hours: Vec<Instant>,
    /// Days, as they were rolled up.
    pub days: Vec<Instant>,
}

/// The first clients, the one with the most calls first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FirstClients {
    /// They.
    pub clients: Vec<ClientUsage>,
    /// No other client can have more.
    pub exact: bool,
}

/// A client: environment and folded name.
type Client = (String, String);

/// The clients at the head of any part, the one that can have the most calls first, with how many that can be.
struct Heads {
    clients: Vec<(u64, Client)>,
    /// The most calls that a client can have which is at the head of no part.
    elsewhere: u64,
}

impl ClientParts {
    fn all(&self) -> Vec<(i64, Instant)> {
        let hours = self.hours.iter().map(|at| (HOUR, *at));
        hours.chain(self.days.iter().map(|at| (DAY, *at))).collect()
    }
}

impl Store {
    /// The `limit` clients with the most calls in these parts.
    pub async fn first_clients(
        &self,
        installation: InstallationId,
        parts: &ClientParts,
        environment: Option<Environment>,
        scope: Option<&Scope>,
        limit: usize,
    ) -> Result<FirstClients, StoreError> {
        let scope = scope.map_or("", Scope::as_str);
        let all = parts.all();
        let head = if all.len() > MANY { HEAD_OF_MANY } else { HEAD };
        let head = head.max(i64::try_from(limit).unwrap_or(i64::MAX));
        let Heads { clients: mut candidates, elsewhere } =
            self.heads(installation, &all, environment, scope, head).await?;
        let summed = SUMS_AT_LEAST.max(limit.saturating_mul(SUMS));
        let elsewhere = candidates.get(summed).map_or(elsewhere, |(most, _)| elsewhere.max(*most));
        candidates.truncate(summed);
        let candidates: Vec<Client> = candidates.into_iter().map(|(_, client)| client).collect();
        let mut clients = self.sums(installation, parts, scope, &candidates).await?;
        clients.sort_by(|one, other| {
            let calls = |of: &ClientUsage| of.allowed.saturating_add(of.refused);
            calls(other).cmp(&calls(one)).then_with(|| one.client_name.cmp(&other.client_name))
        });
        clients.truncate(limit);
        let last = clients.get(limit.saturating_sub(1)).map_or(0, |of| of.allowed.saturating_add(of.refused));
        Ok(FirstClients { exact: elsewhere <= last || elsewhere == 0, clients })
    }

    /// All calls of these clients in these parts. One without a call is left out.
    pub async fn usage_of_clients(
        &self,
        installation: InstallationId,
        parts: &ClientParts,
        clients: &[model::Client],
    ) -> Result<Vec<ClientUsage>, StoreError> {
        let clients: Vec<Client> =
            clients.iter().map(|of| (of.environment().as_str().to_owned(), of.folded().to_owned())).collect();
        self.sums(installation, parts, "", &clients).await
    }

    async fn heads(
        &self,
        installation: InstallationId,
        parts: &[(i64, Instant)],
        environment: Option<Environment>,
        scope: &str,
        head: i64,
    ) -> Result<Heads, StoreError> {
        // What each has in the parts at whose head it is, and what those can have that are not.
        let (mut found, mut elsewhere) = (BTreeMap::<Client, (u64, u64)>::new(), 0_u64);
        for parts in parts.chunks(PARTS) {
            let mut sql = Sql::new("");
            for (index, (minutes, at)) in parts.iter().enumerate() {
                sql.push(if index == 0 { "SELECT * FROM (" } else { " UNION ALL SELECT * FROM (" });
                // In PostgreSQL the length of a row is a number of its own type.
                sql.push("SELECT CAST(minutes AS BIGINT) AS minutes, at, environment, client_folded, calls FROM usage_client WHERE installation_id = ");
                sql.id(installation.0).push(" AND minutes = ").int(*minutes).push(" AND at = ").int(at.as_millis());
                sql.push(" AND scope = ").text(scope);
                if let Some(environment) = environment {
                    sql.push(" AND environment = ").word(environment.as_str());
                }
                sql.push(" ORDER BY calls DESC LIMIT ").int(head).push(") AS part");
            }
            let rows: Vec<(i64, i64, String, String, i64)> =
                on_db!(self, pool => query!(query_as, sql, pool).fetch_all(pool).await?);
            let mut of_part: BTreeMap<(i64, i64), Vec<(Client, u64)>> = BTreeMap::new();
            for (minutes, at, environment, folded, calls) in rows {
                of_part.entry((minutes, at)).or_default().push(((environment, folded), calls.unsigned_abs()));
            }
            for clients in of_part.into_values() {
                let is_cut = i64::try_from(clients.len()).is_ok_and(|rows| rows >= head);
                let last = clients.iter().map(|(_, calls)| *calls).min().filter(|_| is_cut).unwrap_or(0);
                elsewhere = elsewhere.saturating_add(last);
                for (client, calls) in clients {
                    let (known, lasts) = found.entry(client).or_default();
                    *known = known.saturating_add(calls);
                    *lasts = lasts.saturating_add(last);
                }
            }
        }
        let most = |(client, (known, lasts)): (Client, (u64, u64))| {
            (known.saturating_add(elsewhere.saturating_sub(lasts)), client)
        };
        let mut clients: Vec<_> = found.into_iter().map(most).collect();
        clients.sort_by_key(|(most, _)| Reverse(*most));
        Ok(Heads { clients, elsewhere })
    }

    /// All calls of these clients.
    async fn sums(
        &self,
        installation: InstallationId,
        parts: &ClientParts,
        scope: &str,
        clients: &[Client],
    ) -> Result<Vec<ClientUsage>, StoreError> {
        let mut all = Vec::with_capacity(clients.len());
        for clients in clients.chunks(CHUNK) {
            let mut sql = Sql::new(
                "SELECT u.environment, MAX(u.client_name), CAST(SUM(u.calls) AS BIGINT), CAST(SUM(u.refused) AS BIGINT) FROM (",
            );
            push_clients(&mut sql, clients);
            sql.push(") AS first_of CROSS JOIN usage_client u WHERE u.environment = first_of.column1 ");
            sql.push("AND u.client_folded = first_of.column2 AND u.installation_id = ").id(installation.0);
            sql.push(" AND u.scope = ").text(scope).push(" AND (");
            push_span(&mut sql, HOUR, &parts.hours);
            sql.push(" OR ");
            push_span(&mut sql, DAY, &parts.days);
            sql.push(") GROUP BY u.environment, u.client_folded");
            let rows: Vec<(String, String, i64, i64)> =
                on_db!(self, pool => query!(query_as, sql, pool).fetch_all(pool).await?);
            all.extend(rows.into_iter().filter_map(|(environment, name, calls, refused)| {
                Some(ClientUsage {
                    client_name: ClientName::parse(&name).ok()?,
                    environment: environment.parse().ok()?,
                    allowed: (calls - refused).unsigned_abs(),
                    refused: refused.unsigned_abs(),
                })
            }));
        }
        Ok(all)
    }
}

/// `VALUES (environment, folded name), ..`
pub(crate) fn push_clients(sql: &mut Sql, clients: &[Client]) {
    sql.push("VALUES ");
    for (index, (environment, folded)) in clients.iter().enumerate() {
        sql.push(if index == 0 { "(" } else { ", (" }).bind(Value::Text(environment.clone()));
        sql.push(", ").text(folded).push(")");
    }
}

/// Parts follow each other, so those of one length are a range. The sums keep SQLite from looking for it in the index of the first clients,
/// where it would read all clients for each.
fn push_span(sql: &mut Sql, minutes: i64, parts: &[Instant]) {
    let (first, last) = (parts.first().map_or(0, |at| at.as_millis()), parts.last().map_or(-1, |at| at.as_millis()));
    sql.push("(u.minutes + 0 = ").int(minutes).push(" AND u.at + 0 >= ").int(first);
    sql.push(" AND u.at + 0 <= ").int(last).push(")");
}
