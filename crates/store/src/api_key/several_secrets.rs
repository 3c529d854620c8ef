use model::{InstallationId, Instant, KeyId};
use uuid::Uuid;

use crate::{
    Store, StoreError,
    db::on_db,
    sql::{CHUNK, Sql, query},
};

impl Store {
    /// Those of these keys that have more than one secret at an instant, and how many.
    pub async fn several_secrets(
        &self,
        installation: InstallationId,
        keys: &[KeyId],
        now: Instant,
    ) -> Result<Vec<(KeyId, u32)>, StoreError> {
        let mut several = Vec::new();
        for chunk in keys.chunks(CHUNK) {
            let mut sql = Sql::new("SELECT key_id, COUNT(*) FROM api_key_secret WHERE installation_id = ");
            sql.id(installation.0).push(" AND (expires_at IS NULL OR expires_at > ").int(now.as_millis());
            sql.push(") AND key_id IN ").list(chunk, |sql, id| {
                sql.id(id.0);
            });
            sql.push(" GROUP BY key_id HAVING COUNT(*) > 1");
            let rows: Vec<(Uuid, i64)> = on_db!(self, pool => query!(query_as, sql, pool).fetch_all(pool).await?);
            several.extend(
                rows.into_iter().map(|(key, secrets)| (KeyId(key), u32::try_from(secrets).unwrap_or(u32::MAX))),
            );
        }
        Ok(several)
    }
}
