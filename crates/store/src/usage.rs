use model::{Code, InstallationId, Instant, KeyId, SecretId};
use uuid::Uuid;

use crate::{
    Store, StoreError,
    sql::{CHUNK, Sql, query},
    work::write_down,
};

/// Calls with one key since they were last written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageDelta {
    /// Whose key.
    pub installation: InstallationId,
    /// The key.
    pub key: KeyId,
    /// The hour in which they fall, by its first instant.
    pub bucket_start: Instant,
    /// How they were decided.
    pub code: Code,
    /// How many: at least 1.
    pub calls: u64,
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
}

/// The primary key of a row of usage.
type Bucket = (InstallationId, KeyId, Instant, Code);

/// When a row was last used, by its installation and id.
type Used = ((InstallationId, Uuid), Instant);

impl Store {
    /// Adds calls to their buckets and moves last uses forward, all or nothing.
    pub async fn record_usage(&self, deltas: &[UsageDelta], last_used: &[LastUse]) -> Result<(), StoreError> {
        // One statement can't touch a row twice, and two secrets of one key count for the same row.
        let bucket = |of: &UsageDelta| ((of.installation, of.key, of.bucket_start, of.code), of.calls);
        let calls: Vec<(Bucket, u64)> = merged(deltas.iter().map(bucket), |calls, more| *calls += more);
        let newest = |at: &mut Instant, other: Instant| *at = other.max(*at);
        let used: Vec<Used> = merged(last_used.iter().map(|of| ((of.installation, of.key.0), of.at)), newest);
        let secrets: Vec<Used> = merged(last_used.iter().map(|of| ((of.installation, of.secret.0), of.at)), newest);
        write_down!(self, connection => {
            let calls = calls.chunks(CHUNK).map(add_usage);
            let used = used.chunks(CHUNK).map(|used| touch("api_key", used));
            let secrets = secrets.chunks(CHUNK).map(|used| touch("api_key_secret", used));
            for statement in calls.chain(used).chain(secrets) {
                query!(query, statement, connection).execute(&mut *connection).await?;
            }
        });
        Ok(())
    }
}

/// Rows in the order of their keys, each key once. Rows with the same key are merged.
fn merged<K: Ord, V: Copy>(rows: impl Iterator<Item = (K, V)>, mut put: impl FnMut(&mut V, V)) -> Vec<(K, V)> {
    let mut rows: Vec<_> = rows.collect();
    rows.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    rows.dedup_by(|(key, value), (kept_key, kept)| {
        let same = key == kept_key;
        if same {
            put(kept, *value);
        }
        same
    });
    rows
}

fn add_usage(calls: &[(Bucket, u64)]) -> Sql {
    let mut sql = Sql::new("INSERT INTO usage_bucket (installation_id, key_id, bucket_start, code, calls) VALUES ");
    for (index, ((installation, key, bucket_start, code), calls)) in calls.iter().enumerate() {
        sql.push(if index == 0 { "(" } else { ", (" }).id(installation.0).push(", ").id(key.0).push(", ");
        sql.int(bucket_start.as_millis()).push(", ").word(code.as_str()).push(", ");
        sql.int(i64::try_from(*calls).unwrap_or(i64::MAX)).push(")");
    }
    sql.push(" ON CONFLICT (installation_id, key_id, bucket_start, code) ");
    sql.push("DO UPDATE SET calls = usage_bucket.calls + excluded.calls");
    sql
}

fn touch(table: &'static str, used: &[Used]) -> Sql {
    let mut sql = Sql::new("UPDATE ");
    sql.push(table).push(" SET last_used_at = used.column3 FROM (VALUES ");
    for (index, ((installation, id), at)) in used.iter().enumerate() {
        sql.push(if index == 0 { "(" } else { ", (" }).id(installation.0).push(", ").id(*id).push(", ");
        sql.int(at.as_millis()).push(")");
    }
    sql.push(") AS used WHERE ").push(table).push(".installation_id = used.column1 AND ").push(table);
    sql.push(".id = used.column2 AND ").push(table).push(".last_used_at < used.column3");
    sql
}
