//! Keys that a text names, whatever its words are: by an id, or by the end of a hint.

use model::{ExactSearch, Hint, HintEnd, InstallationId, KeyId, Search};
use uuid::Uuid;

use crate::{
    Store, StoreError,
    db::on_db,
    sql::{Sql, query},
};

/// Most secrets whose hints end alike that are looked at. Of a million hardly two do.
const ALIKE: i64 = 200;

impl Store {
    /// The keys of which a secret has a hint that ends so, oldest first: deleted ones, too, and those with a secret that was
    /// rotated away.
    pub async fn keys_by_hint(&self, installation: InstallationId, end: &HintEnd) -> Result<Vec<KeyId>, StoreError> {
        let mut sql = Sql::new("SELECT key_id, hint FROM api_key_secret WHERE installation_id = ");
        sql.id(installation.0);
        // As the index of each database has it.
        sql.push(if self.is_sqlite() { " AND substr(hint, -4) = " } else { " AND right(hint, 4) = " });
        sql.text(end.tail()).push(" LIMIT ").int(ALIKE);
        let rows: Vec<(Uuid, String)> = on_db!(self, pool => query!(query_as, sql, pool).fetch_all(pool).await?);
        let named = rows.into_iter().filter(|(_, hint)| end.is_of(&Hint(hint.clone())));
        let mut keys: Vec<KeyId> = named.map(|(key, _)| KeyId(key)).collect();
        keys.sort_unstable();
        keys.dedup();
        Ok(keys)
    }

    /// The keys that a search names.
    pub(super) async fn named(&self, installation: InstallationId, search: &Search) -> Result<Vec<KeyId>, StoreError> {
        match search.exact() {
            None => Ok(Vec::new()),
            Some(ExactSearch::Id(id)) => Ok(vec![*id]),
            Some(ExactSearch::Hint(end)) => self.keys_by_hint(installation, end).await,
        }
    }
}
