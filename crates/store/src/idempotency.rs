use model::{Actor, InstallationId, Instant};

use crate::{Change, StoreError, group::on_tx};

/// The answer to a request that carried an `Idempotency-Key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAnswer {
    /// Whose request.
    pub installation: InstallationId,
    /// Which caller of the installation.
    pub caller: String,
    /// As the caller sent it.
    pub idempotency_key: String,
    /// SHA-256 of the request.
    pub fingerprint: [u8; 32],
    /// The master key that it is sealed under.
    pub master_key_id: String,
    /// The answer, sealed: it holds a secret.
    pub sealed_answer: Vec<u8>,
}

pub(crate) const FIND_ANSWER: &str = "SELECT fingerprint, master_key_id, sealed_answer FROM idempotency \
     WHERE installation_id = $1 AND caller = $2 AND idempotency_key = $3 AND created_at > $4";
/// A new answer replaces one that is too old to be kept.
pub(crate) const KEEP_ANSWER: &str = "INSERT INTO idempotency \
     (installation_id, caller, idempotency_key, fingerprint, master_key_id, sealed_answer, created_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (installation_id, caller, idempotency_key) DO UPDATE SET \
     fingerprint = excluded.fingerprint, master_key_id = excluded.master_key_id, \
     sealed_answer = excluded.sealed_answer, created_at = excluded.created_at";
pub(crate) const DROP_ANSWERS: &str = "DELETE FROM idempotency";
pub(crate) const DROP_ANSWERS_OF: &str = "DELETE FROM idempotency WHERE installation_id = $1";
pub(crate) const PURGE_ANSWERS: &str = "DELETE FROM idempotency WHERE created_at <= $1";

impl Change {
    /// The answer to an earlier request with this `Idempotency-Key`, unless it is as old as `oldest`.
    pub async fn find_answer(
        &mut self,
        installation: InstallationId,
        caller: &Actor,
        idempotency_key: &str,
        oldest: Instant,
    ) -> Result<Option<StoredAnswer>, StoreError> {
        let caller = caller_text(caller);
        let row: Option<(Vec<u8>, String, Vec<u8>)> = on_tx!(self, connection => {
            sqlx::query_as(FIND_ANSWER)
                .bind(installation.0)
                .bind(&caller)
                .bind(idempotency_key)
                .bind(oldest.as_millis())
                .fetch_optional(connection)
                .await?
        });
        row.map(|(fingerprint, master_key_id, sealed_answer)| {
            let fingerprint =
                fingerprint.try_into().map_err(|_| StoreError::Corrupt { column: "idempotency.fingerprint" })?;
            let idempotency_key = idempotency_key.to_owned();
            Ok(StoredAnswer { installation, caller, idempotency_key, fingerprint, master_key_id, sealed_answer })
        })
        .transpose()
    }

    /// Drops every answer that is kept in an installation.
    pub async fn drop_answers_of(&mut self, installation: InstallationId) -> Result<(), StoreError> {
        on_tx!(self, connection => {
            sqlx::query(DROP_ANSWERS_OF).bind(installation.0).execute(connection).await?;
        });
        Ok(())
    }

    /// Keeps an answer for whoever asks again.
    pub async fn keep_answer(&mut self, answer: &StoredAnswer, now: Instant) -> Result<(), StoreError> {
        on_tx!(self, connection => {
            sqlx::query(KEEP_ANSWER)
                .bind(answer.installation.0)
                .bind(&answer.caller)
                .bind(&answer.idempotency_key)
                .bind(&answer.fingerprint[..])
                .bind(&answer.master_key_id)
                .bind(&answer.sealed_answer)
                .bind(now.as_millis())
                .execute(connection)
                .await?;
        });
        Ok(())
    }
}

/// A caller as a part of a primary key.
fn caller_text(caller: &Actor) -> String {
    serde_json::to_string(caller).expect("a kind and an id, which JSON can always hold")
}
