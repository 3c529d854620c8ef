use model::InstallationId;

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
/// An answer older than the time for which it is kept gives its place to the new one.
pub(crate) const KEEP_ANSWER: &str = "INSERT INTO idempotency \
     (installation_id, caller, idempotency_key, fingerprint, master_key_id, sealed_answer, created_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (installation_id, caller, idempotency_key) DO UPDATE SET \
     fingerprint = excluded.fingerprint, master_key_id = excluded.master_key_id, \
     sealed_answer = excluded.sealed_answer, created_at = excluded.created_at";
