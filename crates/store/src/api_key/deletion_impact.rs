use model::{DeletionImpact, InstallationId, Instant, KeyId};
use uuid::Uuid;

use crate::{
    KeyFilter, Store, StoreError,
    db::on_db,
    sql::{CHUNK, Sql, query},
};

impl Store {
    /// Counts the issued keys that match, and adds up the allowed calls with them since an instant; it names none. Of usage it looks at
    /// `most` rows (a row is a key's hour): keys that are used all day have millions, which nobody waits for.
    pub async fn deletion_impact(
        &self,
        filter: &KeyFilter,
        since: Instant,
        most: i64,
    ) -> Result<DeletionImpact, StoreError> {
        let kept = self.is_sqlite();
        let mut sql = Sql::new("SELECT COUNT(*), COUNT(CASE WHEN disabled_at IS NOT NULL OR expires_at <= ");
        sql.int(filter.now.as_millis());
        sql.push(" THEN 1 END), COALESCE(MAX(last_used_at), 0) FROM api_key WHERE ");
        self.push_filter(filter, &mut sql).await?;
        let (keys, idle, last): (i64, i64, i64) = on_db!(self, pool => {
            query!(query_as, sql, pool).persistent(kept).fetch_one(pool).await?
        });
        let mut sql =
            Sql::new("SELECT CAST(COALESCE(SUM(calls), 0) AS BIGINT), COUNT(*) FROM (SELECT calls FROM usage_bucket ");
        sql.push("WHERE installation_id = ").id(filter.installation.0);
        sql.push(" AND code = 'VALID' AND bucket_start >= ").int(since.as_millis());
        sql.push(" AND key_id IN (SELECT id FROM api_key WHERE ");
        self.push_filter(filter, &mut sql).await?;
        sql.push(") LIMIT ").int(most.saturating_add(1)).push(") AS added");
        let (calls, rows): (i64, i64) = on_db!(self, pool => {
            query!(query_as, sql, pool).persistent(kept).fetch_one(pool).await?
        });
        Ok(DeletionImpact {
            keys: keys.unsigned_abs(),
            idle: idle.unsigned_abs(),
            names: Vec::new(),
            calls_30_days: calls.unsigned_abs(),
            calls_is_lower_bound: rows > most,
            last_used_at: Some(last).filter(|ms| *ms != 0).map(Instant::from_millis),
        })
    }

    /// Those of these issued keys that are neither deleted nor disabled, and when they expire.
    pub async fn keys_switched_on(
        &self,
        installation: InstallationId,
        keys: &[KeyId],
    ) -> Result<Vec<(KeyId, Option<Instant>)>, StoreError> {
        let mut on = Vec::with_capacity(keys.len());
        for chunk in keys.chunks(CHUNK) {
            let mut sql = Sql::new("SELECT id, expires_at FROM api_key WHERE installation_id = ");
            sql.id(installation.0)
                .push(" AND kind = 'issued' AND deleted_at IS NULL AND disabled_at IS NULL AND id IN ");
            sql.list(chunk, |sql, id| {
                sql.id(id.0);
            });
            let rows: Vec<(Uuid, Option<i64>)> = on_db!(self, pool => {
                query!(query_as, sql, pool).fetch_all(pool).await?
            });
            on.extend(rows.into_iter().map(|(id, expires)| (KeyId(id), expires.map(Instant::from_millis))));
        }
        Ok(on)
    }

    /// The last allowed call with any of these keys, as written down so far.
    pub async fn last_use(&self, installation: InstallationId, keys: &[KeyId]) -> Result<Option<Instant>, StoreError> {
        let mut last = 0;
        for chunk in keys.chunks(CHUNK) {
            let mut sql = Sql::new("SELECT COALESCE(MAX(last_used_at), 0) FROM api_key WHERE installation_id = ");
            sql.id(installation.0).push(" AND id IN ").list(chunk, |sql, id| {
                sql.id(id.0);
            });
            let newest: i64 = on_db!(self, pool => query!(query_scalar, sql, pool).fetch_one(pool).await?);
            last = last.max(newest);
        }
        Ok(Some(last).filter(|ms| *ms != 0).map(Instant::from_millis))
    }

    /// Allowed calls with these keys since an instant: key, start of the hour, calls.
    pub async fn allowed_calls(
        &self,
        installation: InstallationId,
        keys: &[KeyId],
        since: Instant,
    ) -> Result<Vec<(KeyId, Instant, u64)>, StoreError> {
        let mut calls = Vec::new();
        for chunk in keys.chunks(CHUNK) {
            let mut sql = Sql::new("SELECT key_id, bucket_start, calls FROM usage_bucket WHERE installation_id = ");
            sql.id(installation.0).push(" AND code = 'VALID' AND bucket_start >= ").int(since.as_millis());
            sql.push(" AND key_id IN ").list(chunk, |sql, id| {
                sql.id(id.0);
            });
            let rows: Vec<(Uuid, i64, i64)> = on_db!(self, pool => query!(query_as, sql, pool).fetch_all(pool).await?);
            calls.extend(
                rows.into_iter().map(|(key, at, calls)| (KeyId(key), Instant::from_millis(at), calls.unsigned_abs())),
            );
        }
        Ok(calls)
    }
}
