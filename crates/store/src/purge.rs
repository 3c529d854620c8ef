use model::Instant;

use crate::{
    Store, StoreError,
    api_key::PURGE_KEYS,
    api_key_secret::{PURGE_ENDED, PURGE_SECRETS},
    handover::PURGE_HANDOVERS,
    idempotency::PURGE_ANSWERS,
    installation::RECOUNT_KEYS,
    work::write_down,
};

impl Store {
    /// Counts the keys of every installation anew. Gives how many numbers were wrong.
    pub async fn recount_keys(&self) -> Result<u64, StoreError> {
        Ok(write_down!(self, connection => {
            sqlx::query(RECOUNT_KEYS).execute(&mut *connection).await?.rows_affected()
        }))
    }

    /// Removes answers kept for idempotency up to `answers`; keys deleted up to `keys`, with their secrets and hand-overs; and
    /// secrets that ended up to then. Returns how many keys were removed.
    pub async fn purge(&self, answers: Instant, keys: Instant) -> Result<u64, StoreError> {
        Ok(write_down!(self, connection => {
            sqlx::query(PURGE_ANSWERS).bind(answers.as_millis()).execute(&mut *connection).await?;
            sqlx::query(PURGE_ENDED).bind(keys.as_millis()).execute(&mut *connection).await?;
            sqlx::query(PURGE_HANDOVERS).bind(keys.as_millis()).execute(&mut *connection).await?;
            sqlx::query(PURGE_SECRETS).bind(keys.as_millis()).execute(&mut *connection).await?;
            sqlx::query(PURGE_KEYS).bind(keys.as_millis()).execute(&mut *connection).await?.rows_affected()
        }))
    }
}
