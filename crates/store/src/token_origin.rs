use model::{Instant, OriginPattern};

use crate::{Store, StoreError, db::on_db, work::on_writer};

/// Origins that are kept: those that end last.
const KEPT: i64 = 10_000;

pub(crate) const NOTE_TOKEN_ORIGIN: &str = "INSERT INTO token_origin (origin, ends_at) VALUES ($1, $2) \
     ON CONFLICT (origin) DO UPDATE SET ends_at = excluded.ends_at WHERE token_origin.ends_at < excluded.ends_at";
pub(crate) const TOKEN_ORIGINS: &str =
    "SELECT origin FROM token_origin WHERE ends_at > $1 ORDER BY ends_at DESC LIMIT $2";
pub(crate) const PURGE_TOKEN_ORIGINS: &str = "DELETE FROM token_origin WHERE ends_at <= $1";
pub(crate) const TRIM_TOKEN_ORIGINS: &str = "DELETE FROM token_origin WHERE ends_at < \
     (SELECT ends_at FROM token_origin ORDER BY ends_at DESC LIMIT 1 OFFSET $1)";

impl Store {
    /// Tells all nodes that tokens of this origin may be in use until then. Those that ended before `now` are removed, and those beyond
    /// a bound.
    pub async fn note_token_origin(
        &self,
        origin: &OriginPattern,
        until: Instant,
        now: Instant,
    ) -> Result<(), StoreError> {
        let text = origin.to_string();
        on_writer!(self, connection => {
            sqlx::query(PURGE_TOKEN_ORIGINS).bind(now.as_millis()).execute(&mut *connection).await?;
            sqlx::query(TRIM_TOKEN_ORIGINS).bind(KEPT - 1).execute(&mut *connection).await?;
            sqlx::query(NOTE_TOKEN_ORIGIN).bind(&text).bind(until.as_millis()).execute(&mut *connection).await?;
        });
        Ok(())
    }

    /// The origins of which tokens may be in use at `now`. One that can't be read is left out.
    pub async fn token_origins(&self, now: Instant) -> Result<Vec<OriginPattern>, StoreError> {
        let texts: Vec<String> = on_db!(self, pool => {
            sqlx::query_scalar(TOKEN_ORIGINS).bind(now.as_millis()).bind(KEPT).fetch_all(pool).await?
        });
        Ok(texts.iter().filter_map(|text| text.parse().ok()).collect())
    }
}
