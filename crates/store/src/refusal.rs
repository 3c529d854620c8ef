use model::{Environment, InstallationId, Instant, KeyId, Refusal, RefusalCode, Scope, SecretId};
use uuid::Uuid;

use crate::{
    Store, StoreError,
    db::on_db,
    row::row,
    sql::{CHUNK, Sql, Value, instant, json, query},
    work::on_writer,
};

/// Refusals that are written in one statement.
pub const REFUSALS_AT_ONCE: usize = CHUNK;
/// Refusals that are kept altogether, give or take those of a minute: the newest.
const KEPT: i64 = 100_000;
/// Of one key; and, when there are too many altogether, of one key before others lose any.
const KEPT_OF_KEY: [i64; 2] = [1_000, 100];

macro_rules! columns {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            "request_id, number, at, installation_id, key_id, secret_id, environment, code, method, path, address, origin, \
             missing_scopes, ended_at, refused_by, retry_after_seconds",
            $after
        )
    };
}

/// Which refusals are asked for.
#[derive(Clone, Debug)]
pub struct RefusalFilter {
    /// Whose.
    pub installation: InstallationId,
    /// After this instant.
    pub after: Instant,
    /// Before this instant.
    pub before: Option<Instant>,
    /// Only of this key.
    pub key: Option<KeyId>,
    /// Only of clients whose folded Client Name holds this text.
    pub client: Option<String>,
    /// Only for this reason.
    pub code: Option<RefusalCode>,
    /// Only from this address.
    pub address: Option<std::net::IpAddr>,
    /// Only in this request.
    pub request: Option<Uuid>,
    /// Only those before this one, in the order of the list.
    pub past: Option<(Instant, Uuid, i64)>,
}

/// A refusal in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedRefusal {
    /// The refusal.
    pub refusal: Refusal,
    /// Whom its key was generated for; `None`: the key is gone.
    pub client_name: Option<String>,
}

row! {
    struct RefusalRow {
        request_id: Uuid,
        number: i64,
        at: i64,
        installation_id: Uuid,
        key_id: Uuid,
        secret_id: Uuid,
        environment: String,
        code: String,
        method: String,
        path: String,
        address: Option<String>,
        origin: Option<String>,
        missing_scopes: String,
        ended_at: Option<i64>,
        refused_by: Option<String>,
        retry_after_seconds: Option<i64>,
    }
}

row! {
    struct ListedRow {
        ..refusal: RefusalRow,
        client_name: Option<String>,
    }
}

pub(crate) const REFUSALS_OF_REQUEST: &str =
    columns!("SELECT ", " FROM refusal WHERE request_id = $1 AND key_id = $2 ORDER BY number LIMIT 100");
pub(crate) const PURGE_REFUSALS: &str = "DELETE FROM refusal WHERE at <= $1";
pub(crate) const COUNT_REFUSALS: &str = "SELECT COUNT(*) FROM refusal";
pub(crate) const CROWDED_KEYS: &str = "SELECT key_id FROM refusal GROUP BY key_id HAVING COUNT(*) > $1";
/// The newest of a key stay. Where several have the instant of the oldest of them, all of these do.
pub(crate) const TRIM_KEY: &str = "DELETE FROM refusal WHERE key_id = $1 AND at < \
     (SELECT at FROM refusal WHERE key_id = $1 ORDER BY at DESC LIMIT 1 OFFSET $2)";
pub(crate) const TRIM_REFUSALS: &str =
    "DELETE FROM refusal WHERE at < (SELECT at FROM refusal ORDER BY at DESC LIMIT 1 OFFSET $1)";

impl TryFrom<RefusalRow> for Refusal {
    type Error = StoreError;

    fn try_from(row: RefusalRow) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::Corrupt { column };
        let missing: Vec<Scope> =
            serde_json::from_str(&row.missing_scopes).map_err(|_| corrupt("refusal.missing_scopes"))?;
        let address = row.address.as_deref().map(str::parse).transpose().map_err(|_| corrupt("refusal.address"))?;
        let environment: Environment = row.environment.parse().map_err(|_| corrupt("refusal.environment"))?;
        Ok(Self {
            request: row.request_id,
            number: row.number,
            at: Instant::from_millis(row.at),
            installation: InstallationId(row.installation_id),
            key: KeyId(row.key_id),
            secret: SecretId(row.secret_id),
            environment,
            code: row.code.parse().map_err(|_| corrupt("refusal.code"))?,
            method: row.method,
            path: row.path,
            address,
            origin: row.origin,
            missing_scopes: missing,
            ended_at: instant(row.ended_at),
            refused_by: row.refused_by,
            retry_after_seconds: row.retry_after_seconds.map(|seconds| seconds.max(0).unsigned_abs()),
        })
    }
}

impl Store {
    /// Writes refusals down, at most [`REFUSALS_AT_ONCE`]. Those that were written before stay as they are.
    pub async fn write_refusals(&self, refusals: &[&Refusal]) -> Result<(), StoreError> {
        if refusals.is_empty() {
            return Ok(());
        }
        let mut sql = Sql::new(columns!("INSERT INTO refusal (", ") VALUES "));
        for (index, refusal) in refusals.iter().enumerate() {
            sql.push(if index == 0 { "(" } else { ", (" }).append(row(refusal)).push(")");
        }
        sql.push(" ON CONFLICT (request_id, number) DO NOTHING");
        on_writer!(self, connection => {
            query!(query, sql, connection).execute(&mut *connection).await?;
        });
        Ok(())
    }

    /// The refusals of a key in one request, in their order.
    pub async fn refusals_of(&self, request: Uuid, key: KeyId) -> Result<Vec<Refusal>, StoreError> {
        let rows: Vec<RefusalRow> = on_db!(self, pool => {
            sqlx::query_as(REFUSALS_OF_REQUEST).bind(request).bind(key.0).fetch_all(pool).await?
        });
        rows.into_iter().map(Refusal::try_from).collect()
    }

    /// Up to `limit` refusals that match, newest first. Those that only a later release can read are left out.
    pub async fn refusals(&self, filter: &RefusalFilter, limit: i64) -> Result<Vec<ListedRefusal>, StoreError> {
        let mut sql = Sql::new(
            "SELECT r.request_id, r.number, r.at, r.installation_id, r.key_id, r.secret_id, r.environment, r.code, r.method, \
             r.path, r.address, r.origin, r.missing_scopes, r.ended_at, r.refused_by, r.retry_after_seconds, k.client_name \
             FROM refusal r LEFT JOIN api_key k ON k.id = r.key_id WHERE ",
        );
        if let Some(key) = filter.key {
            sql.push("r.key_id = ").id(key.0).push(" AND ");
        }
        if let Some(address) = filter.address {
            sql.push("r.address = ").text(&address.to_canonical().to_string()).push(" AND ");
        }
        sql.push("r.installation_id = ").id(filter.installation.0);
        sql.push(" AND r.at > ").int(filter.after.as_millis());
        if let Some(before) = filter.before {
            sql.push(" AND r.at < ").int(before.as_millis());
        }
        if let Some(code) = filter.code {
            sql.push(" AND r.code = ").word(code.as_str());
        }
        if let Some(request) = filter.request {
            sql.push(" AND r.request_id = ").id(request);
        }
        if let Some(client) = &filter.client {
            sql.push(" AND k.client_name_folded LIKE ").text(&containing(client)).push(" ESCAPE '\\'");
        }
        if let Some((at, request, number)) = filter.past {
            sql.push(" AND (r.at, r.request_id, r.number) < (").int(at.as_millis()).push(", ").id(request);
            sql.push(", ").int(number).push(")");
        }
        sql.push(" ORDER BY r.at DESC, r.request_id DESC, r.number DESC LIMIT ").int(limit);
        let rows: Vec<ListedRow> = on_db!(self, pool => query!(query_as, sql, pool).fetch_all(pool).await?);
        let read = rows.into_iter().filter_map(|row| {
            let refusal = Refusal::try_from(row.refusal).ok()?;
            Some(ListedRefusal { refusal, client_name: row.client_name })
        });
        Ok(read.collect())
    }

    /// Removes refusals up to this instant.
    pub async fn purge_refusals(&self, until: Instant) -> Result<(), StoreError> {
        on_writer!(self, connection => {
            sqlx::query(PURGE_REFUSALS).bind(until.as_millis()).execute(&mut *connection).await?;
        });
        Ok(())
    }

    /// Removes what there is too much of: of each key, and altogether. Keys with many lose theirs before others do.
    pub async fn trim_refusals(&self) -> Result<(), StoreError> {
        self.trim_refusals_to(KEPT_OF_KEY, KEPT).await
    }

    /// The same with other numbers.
    pub async fn trim_refusals_to(&self, of_key: [i64; 2], kept: i64) -> Result<(), StoreError> {
        let [usual, few] = of_key;
        self.trim_keys(usual).await?;
        if self.count_refusals().await? > kept {
            self.trim_keys(few).await?;
            on_writer!(self, connection => {
                sqlx::query(TRIM_REFUSALS).bind(kept - 1).execute(&mut *connection).await?;
            });
        }
        Ok(())
    }

    async fn trim_keys(&self, kept: i64) -> Result<(), StoreError> {
        let crowded: Vec<Uuid> =
            on_db!(self, pool => sqlx::query_scalar(CROWDED_KEYS).bind(kept).fetch_all(pool).await?);
        for key in crowded {
            on_writer!(self, connection => {
                sqlx::query(TRIM_KEY).bind(key).bind(kept - 1).execute(&mut *connection).await?;
            });
        }
        Ok(())
    }

    /// Refusals that are kept.
    pub async fn count_refusals(&self) -> Result<i64, StoreError> {
        Ok(on_db!(self, pool => sqlx::query_scalar(COUNT_REFUSALS).fetch_one(pool).await?))
    }
}

fn row(refusal: &Refusal) -> Sql {
    let mut sql = Sql::default();
    sql.id(refusal.request).push(", ").int(refusal.number).push(", ").int(refusal.at.as_millis()).push(", ");
    sql.id(refusal.installation.0).push(", ").id(refusal.key.0).push(", ").id(refusal.secret.0).push(", ");
    sql.word(refusal.environment.as_str()).push(", ").word(refusal.code.as_str()).push(", ");
    sql.text(&refusal.method).push(", ").text(&refusal.path).push(", ");
    sql.bind(Value::MaybeText(refusal.address.map(|address| address.to_string()))).push(", ");
    sql.bind(Value::MaybeText(refusal.origin.clone())).push(", ");
    sql.text(&json!(&refusal.missing_scopes)).push(", ");
    sql.bind(Value::MaybeInt(refusal.ended_at.map(Instant::as_millis))).push(", ");
    sql.bind(Value::MaybeText(refusal.refused_by.clone())).push(", ");
    let seconds = refusal.retry_after_seconds.map(|seconds| i64::try_from(seconds).unwrap_or(i64::MAX));
    sql.bind(Value::MaybeInt(seconds));
    sql
}

/// A pattern of LIKE for texts that hold this one.
fn containing(text: &str) -> String {
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
