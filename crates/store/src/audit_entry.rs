use model::{Action, Actor, AuditId, Environment, InstallationId, Instant, KeyId};
use uuid::Uuid;

use crate::{
    StoreError,
    inserts::Insert,
    sql::{Sql, Value},
};

/// Bytes of a SHA-256, and of an HMAC with it.
pub const HASH_LEN: usize = 32;

/// One entry of an installation's audit log, chained to the one before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// 1, 2, 3, .. without a gap within the installation.
    pub seq: i64,
    /// Its own id.
    pub id: AuditId,
    /// When.
    pub at: Instant,
    /// The actor, as canonical JSON.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// The key that it concerns.
    pub key: Option<KeyId>,
    /// That key's environment. Unknown of an unsigned entry.
    pub environment: Option<Environment>,
    /// Details, as JSON. Never a secret.
    pub detail: String,
    /// The client's address, until the person is forgotten.
    pub address: Option<String>,
    /// The request, as the client was told.
    pub request_id: Option<Uuid>,
    /// The client's program, in its own words, until the person is forgotten.
    pub user_agent: Option<String>,
    /// A keyed digest of address and user agent, if there was any of the two.
    pub via_digest: Option<[u8; HASH_LEN]>,
    /// The audit key of [`AuditEntry::hash`]; `None`: an unsigned entry, whose hash needs no key.
    pub audit_key: Option<String>,
    /// The hash of the entry before; zeros for the first.
    pub previous_hash: [u8; HASH_LEN],
    /// Covers all the fields above but address and user agent, and the installation.
    pub hash: [u8; HASH_LEN],
}

impl AuditEntry {
    /// The actor, read back.
    pub fn actor(&self) -> Result<Actor, StoreError> {
        serde_json::from_str(&self.actor).map_err(|_| StoreError::Corrupt { column: "audit_entry.actor" })
    }

    /// The action, read back.
    pub fn action(&self) -> Result<Action, StoreError> {
        serde_json::from_value(serde_json::Value::String(self.action.clone()))
            .map_err(|_| StoreError::Corrupt { column: "audit_entry.action" })
    }
}

/// A hash, as a column holds it.
pub(crate) fn hash(bytes: Vec<u8>) -> Result<[u8; HASH_LEN], StoreError> {
    bytes.try_into().map_err(|_| StoreError::Corrupt { column: "audit_entry.hash" })
}

/// The beginning of the statement that appends entries.
pub(crate) const INSERT_ENTRIES: Insert = Insert(
    "INSERT INTO audit_entry (installation_id, seq, id, at, actor, action, key_id, environment, detail, address, request_id, \
     user_agent, via_digest, audit_key_id, previous_hash, hash) VALUES ",
);

/// One row of it.
pub(crate) fn entry_row(installation: InstallationId, entry: &AuditEntry) -> Sql {
    let mut sql = Sql::new("(");
    sql.id(installation.0).push(", ").int(entry.seq).push(", ").id(entry.id.0).push(", ");
    sql.int(entry.at.as_millis()).push(", ").text(&entry.actor).push(", ").text(&entry.action).push(", ");
    sql.bind(Value::MaybeId(entry.key.map(|key| key.0))).push(", ");
    sql.bind(Value::MaybeText(entry.environment.map(|environment| environment.as_str().to_owned()))).push(", ");
    sql.text(&entry.detail).push(", ").bind(Value::MaybeText(entry.address.clone())).push(", ");
    sql.bind(Value::MaybeId(entry.request_id)).push(", ").bind(Value::MaybeText(entry.user_agent.clone())).push(", ");
    sql.bind(Value::MaybeBytes(entry.via_digest.map(Vec::from))).push(", ");
    sql.text(entry.audit_key.as_deref().unwrap_or_default()).push(", ");
    sql.bind(Value::Bytes(entry.previous_hash.to_vec())).push(", ");
    sql.bind(Value::Bytes(entry.hash.to_vec())).push(")");
    sql
}
