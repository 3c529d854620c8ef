//! The first few of what wants somebody's attention.

use model::{InstallationId, Instant, KeyId};
use uuid::Uuid;

use crate::{Store, StoreError, db::on_db, live_keys::live_keys};

/// A key of which something is told, and when it is so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldKey {
    /// The key.
    pub id: KeyId,
    /// Whom it was generated for.
    pub client_name: String,
    /// When.
    pub at: Instant,
}

/// Keys that work and end between two instants; the first end first.
pub(crate) const ENDING_FIRST: &str = concat!(
    "SELECT id, client_name, expires_at FROM api_key WHERE installation_id = $1 \
     AND expires_at > $2 AND expires_at <= $3 AND expires_at IS NOT NULL AND deleted_at IS NULL AND disabled_at IS NULL \
     AND kind = 'issued' AND ",
    live_keys!(),
    " ORDER BY expires_at, id LIMIT $4"
);
/// Hand-over links that nobody has opened, and can be opened; the first end first.
pub(crate) const UNOPENED: &str = "SELECT k.id, k.client_name, h.expires_at FROM handover h JOIN api_key k ON k.id = h.key_id \
     WHERE h.installation_id = $1 AND h.sealed_secret IS NOT NULL AND h.expires_at > $2 AND k.deleted_at IS NULL \
     ORDER BY h.expires_at, h.id LIMIT $3";

type Row = (Uuid, String, i64);

fn told((id, client_name, at): Row) -> ToldKey {
    ToldKey { id: KeyId(id), client_name, at: Instant::from_millis(at) }
}

impl Store {
    /// Up to `limit` keys that work and end after `now` and not after `until`, the first end first.
    pub async fn ending_first(
        &self,
        installation: InstallationId,
        now: Instant,
        until: Instant,
        limit: i64,
    ) -> Result<Vec<ToldKey>, StoreError> {
        let rows: Vec<Row> = on_db!(self, pool => {
            let ending = sqlx::query_as(ENDING_FIRST).bind(installation.0).bind(now.as_millis());
            ending.bind(until.as_millis()).bind(limit).fetch_all(pool).await?
        });
        Ok(rows.into_iter().map(told).collect())
    }

    /// Up to `limit` keys with a hand-over link that nobody has opened and that can be opened at `now`, once for each link; the first
    /// end first.
    pub async fn unopened(
        &self,
        installation: InstallationId,
        now: Instant,
        limit: i64,
    ) -> Result<Vec<ToldKey>, StoreError> {
        let rows: Vec<Row> = on_db!(self, pool => {
            let unopened = sqlx::query_as(UNOPENED).bind(installation.0).bind(now.as_millis());
            unopened.bind(limit).fetch_all(pool).await?
        });
        Ok(rows.into_iter().map(told).collect())
    }
}
