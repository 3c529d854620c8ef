//! Sealed copies of secrets go where an installation shows secrets once. That is no change of truth: nobody may read them any more.

use model::{InstallationId, Instant, SecretId};
use uuid::Uuid;

use crate::{
    Store, StoreError,
    db::on_db,
    installation::COPIES_ERASED,
    sql::{Sql, query},
    work::{on_writer, write_down},
};

pub(crate) const COPIES_AFTER: &str = "SELECT id FROM api_key_secret WHERE id > $1 AND installation_id = $2 \
     AND master_key_id IS NOT NULL ORDER BY id LIMIT $3";

impl Store {
    /// Erases up to `limit` sealed copies of an installation after this secret, and gives the last of them; `None`: there was none.
    pub async fn erase_copies(
        &self,
        installation: InstallationId,
        after: SecretId,
        limit: i64,
    ) -> Result<Option<SecretId>, StoreError> {
        let ids: Vec<Uuid> = on_db!(self, pool => {
            sqlx::query_scalar(COPIES_AFTER).bind(after.0).bind(installation.0).bind(limit).fetch_all(pool).await?
        });
        let Some(last) = ids.last().copied() else { return Ok(None) };
        let mut sql = Sql::new(
            "UPDATE api_key_secret SET master_key_id = NULL, wrapped_key = NULL, sealed_secret = NULL WHERE id IN ",
        );
        sql.list(&ids, |sql, id| {
            sql.id(*id);
        });
        write_down!(self, connection => {
            query!(query, sql, connection).execute(&mut *connection).await?;
        });
        Ok(Some(SecretId(last)))
    }

    /// Notes that the copies are erased that were to be since then, unless that was asked for anew.
    pub async fn copies_erased(&self, installation: InstallationId, since: Instant) -> Result<(), StoreError> {
        on_writer!(self, connection => {
            sqlx::query(COPIES_ERASED).bind(installation.0).bind(since.as_millis()).execute(connection).await?;
        });
        Ok(())
    }
}
