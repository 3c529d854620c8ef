//! Clients: who has keys or a ceiling, by folded Client Name. Nothing keeps a list of them. It is read off the index of keys, by going
//! from one name to the next, so a page takes as many steps as it has names, however many keys there are.

use model::{Client, ClientName, Environment, InstallationId, Instant};

use crate::{
    Store, StoreError,
    api_key::{client_name, environment},
    ceiling::{CeilingRow, StoredCeiling, readable},
    db::on_db,
    live_keys::live_keys,
    row::row,
    sql::{Sql, query},
};

/// Keys of a client are counted, and their last use looked for, no further than this.
pub const CLIENT_KEYS_COUNTED: u64 = 1_000;

/// A client with what it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredClient {
    /// Which.
    pub client: Client,
    /// As one of its keys writes the name.
    pub client_name: ClientName,
    /// Its keys that are not deleted; one more than [`CLIENT_KEYS_COUNTED`] where there are more.
    pub keys: u64,
    /// The last allowed call with any of those keys, as written down so far.
    pub last_used_at: Option<Instant>,
    /// Its ceiling, if it ever had one.
    pub ceiling: Option<StoredCeiling>,
}

macro_rules! next_name {
    ($after:literal) => {
        concat!(
            "(SELECT MIN(name) FROM (SELECT MIN(client_name_folded) AS name FROM api_key \
             WHERE installation_id = $1 AND kind = 'issued' AND deleted_at IS NULL AND client_name_folded > ",
            $after,
            " UNION ALL SELECT MIN(client_fold) FROM ceiling WHERE installation_id = $1 AND client_fold > ",
            $after,
            " AND (rate_limits <> '[]' OR quotas <> '[]')) AS nexts)"
        )
    };
}

/// Up to `$3` folded names after `$2`, of keys that are not deleted and of ceilings with limits.
pub(crate) const CLIENT_NAMES: &str = concat!(
    "WITH RECURSIVE step (name, number) AS (SELECT ",
    next_name!("$2"),
    ", 1 UNION ALL SELECT ",
    next_name!("step.name"),
    ", step.number + 1 FROM step WHERE step.name IS NOT NULL AND step.number < $3) \
     SELECT name FROM step WHERE name IS NOT NULL ORDER BY name"
);

/// Both environments, in the order in which they are shown.
const ENVIRONMENTS: [Environment; 2] = [Environment::Live, Environment::Test];

row! {
    struct ClientRow {
        folded: String,
        environment: String,
        keys: i64,
        last_used_at: Option<i64>,
        client_name: Option<String>,
    }
}

impl Store {
    /// Up to `limit` folded Client Names after this one, in order.
    pub async fn client_names(
        &self,
        installation: InstallationId,
        after: &str,
        limit: i64,
    ) -> Result<Vec<String>, StoreError> {
        Ok(on_db!(self, pool => {
            let names = sqlx::query_scalar(CLIENT_NAMES).bind(installation.0).bind(after).bind(limit);
            names.fetch_all(pool).await?
        }))
    }

    /// The clients of these folded names, in their order, each in the environments in which it has keys or a ceiling.
    pub async fn clients(
        &self,
        installation: InstallationId,
        names: &[String],
    ) -> Result<Vec<StoredClient>, StoreError> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let ceilings = self.ceilings_named(installation, names).await?;
        let most = i64::try_from(CLIENT_KEYS_COUNTED + 1).unwrap_or(i64::MAX);
        let mut sql = Sql::new("SELECT v.column1 AS folded, v.column2 AS environment");
        let keys = |sql: &mut Sql, columns: &'static str| {
            sql.push("(SELECT ").push(columns).push(" FROM api_key k WHERE k.installation_id = ").id(installation.0);
            sql.push(" AND k.kind = 'issued' AND k.deleted_at IS NULL AND ").push(live_keys!("k"));
            sql.push(" AND k.client_name_folded = v.column1");
            sql.push(" AND k.environment = v.column2 LIMIT ");
        };
        sql.push(", (SELECT COUNT(*) FROM ");
        keys(&mut sql, "1 AS one");
        sql.int(most).push(") AS counted) AS keys, (SELECT MAX(last_used_at) FROM ");
        keys(&mut sql, "k.last_used_at");
        sql.int(most).push(") AS looked) AS last_used_at, ");
        keys(&mut sql, "k.client_name");
        sql.int(1).push(") AS client_name FROM (VALUES ");
        let rows = names.iter().flat_map(|name| ENVIRONMENTS.map(|environment| (name, environment)));
        for (index, (name, environment)) in rows.enumerate() {
            sql.push(if index == 0 { "(" } else { ", (" }).text(name).push(", ");
            sql.word(environment.as_str()).push(")");
        }
        sql.push(") AS v");
        let found: Vec<ClientRow> = on_db!(self, pool => query!(query_as, sql, pool).fetch_all(pool).await?);
        let mut clients = Vec::with_capacity(found.len());
        for row in found {
            let client = Client::kept(row.folded, environment(&row.environment)?);
            let ceiling = ceilings.iter().find(|ceiling| ceiling.client.as_ref().is_some_and(|(of, _)| *of == client));
            let named = match (row.client_name, ceiling.and_then(|ceiling| ceiling.client.as_ref())) {
                (Some(name), _) => client_name(&name)?,
                (None, Some((_, name))) => name.clone(),
                (None, None) => continue,
            };
            if row.keys == 0 && ceiling.is_none_or(|ceiling| ceiling.ceiling.is_empty()) {
                continue;
            }
            clients.push(StoredClient {
                client,
                client_name: named,
                keys: row.keys.unsigned_abs(),
                last_used_at: row.last_used_at.filter(|ms| *ms != 0).map(Instant::from_millis),
                ceiling: ceiling.cloned(),
            });
        }
        clients.sort_by(|one, other| one.client.cmp(&other.client));
        Ok(clients)
    }

    async fn ceilings_named(
        &self,
        installation: InstallationId,
        names: &[String],
    ) -> Result<Vec<StoredCeiling>, StoreError> {
        let mut sql = Sql::new(
            "SELECT installation_id, client_fold, environment, client_name, rate_limits, quotas, version, updated_at, epoch \
             FROM ceiling WHERE installation_id = ",
        );
        sql.id(installation.0).push(" AND client_fold IN ").list(names, |sql, name| {
            sql.text(name);
        });
        let rows: Vec<CeilingRow> = on_db!(self, pool => query!(query_as, sql, pool).fetch_all(pool).await?);
        Ok(readable(rows))
    }
}
