//! Which keys have usage: from one key to the next, without reading the rows of each.

use model::{Environment, InstallationId, KeyId};
use uuid::Uuid;

use crate::{
    Store, StoreError,
    db::on_db,
    sql::{CHUNK, Sql, query},
};

macro_rules! called {
    ($table:literal) => {
        concat!(
            "WITH RECURSIVE called (key_id, number) AS (SELECT (SELECT u.key_id FROM ",
            $table,
            " u WHERE u.installation_id = $1 AND u.key_id > $2 ORDER BY u.key_id LIMIT 1), CAST(1 AS BIGINT) \
             UNION ALL SELECT (SELECT u.key_id FROM ",
            $table,
            " u WHERE u.installation_id = $1 AND u.key_id > called.key_id ORDER BY u.key_id LIMIT 1), called.number + 1 \
             FROM called WHERE called.key_id IS NOT NULL AND called.number < $3) \
             SELECT key_id FROM called WHERE key_id IS NOT NULL"
        )
    };
}

pub(crate) const KEYS_WITH_HOURS: &str = called!("usage_bucket");
pub(crate) const KEYS_WITH_ROWS: &str = called!("usage_key");

impl Store {
    /// Up to `limit` keys that were ever called, in the order of their ids, after the given one; also purged ones.
    pub async fn keys_with_usage(
        &self,
        installation: InstallationId,
        after: KeyId,
        limit: i64,
    ) -> Result<Vec<KeyId>, StoreError> {
        let mut all: Vec<Uuid> = Vec::new();
        for sql in [KEYS_WITH_HOURS, KEYS_WITH_ROWS] {
            all.extend::<Vec<Uuid>>(on_db!(self, pool => {
                sqlx::query_scalar(sql).bind(installation.0).bind(after.0).bind(limit).fetch_all(pool).await?
            }));
        }
        all.sort_unstable();
        all.dedup();
        all.truncate(usize::try_from(limit).unwrap_or_default());
        Ok(all.into_iter().map(KeyId).collect())
    }

    /// Those of these keys that are of an environment. Of a purged key nobody knows it.
    pub async fn keys_of_environment(
        &self,
        installation: InstallationId,
        environment: Environment,
        keys: &[KeyId],
    ) -> Result<Vec<KeyId>, StoreError> {
        let mut all = Vec::new();
        for keys in keys.chunks(CHUNK) {
            let mut sql = Sql::new("SELECT id FROM api_key WHERE installation_id = ");
            sql.id(installation.0).push(" AND environment = ").word(environment.as_str());
            sql.push(" AND id IN ").list(keys, |sql, key| _ = sql.id(key.0)).push(" ORDER BY id");
            let found: Vec<Uuid> = on_db!(self, pool => query!(query_scalar, sql, pool).fetch_all(pool).await?);
            all.extend(found.into_iter().map(KeyId));
        }
        Ok(all)
    }
}
