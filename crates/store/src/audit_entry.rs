use model::{Action, Actor, AuditId, InstallationId, Instant, KeyId};

use crate::{
    StoreError,
    inserts::Insert,
    sql::{Sql, Value},
};

/// Bytes of a SHA-256.
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
    /// Details, as JSON. Never a secret.
    pub detail: String,
    /// The hash of the entry before; zeros for the first.
    pub previous_hash: [u8; HASH_LEN],
    /// Covers all the fields above and the installation.
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

/// The beginning of the statement that appends entries.
pub(crate) const INSERT_ENTRIES: Insert = Insert(
    "INSERT INTO audit_entry (installation_id, seq, id, at, actor, action, key_id, detail, previous_hash, hash) VALUES ",
);

/// One row of it.
pub(crate) fn entry_row(installation: InstallationId, entry: &AuditEntry) -> Sql {
    let mut sql = Sql::new("(");
    sql.id(installation.0).push(", ").int(entry.seq).push(", ").id(entry.id.0).push(", ");
    sql.int(entry.at.as_millis()).push(", ").text(&entry.actor).push(", ").text(&entry.action).push(", ");
    sql.bind(Value::MaybeId(entry.key.map(|key| key.0))).push(", ").text(&entry.detail).push(", ");
    sql.bind(Value::Bytes(entry.previous_hash.to_vec())).push(", ");
    sql.bind(Value::Bytes(entry.hash.to_vec())).push(")");
    sql
}
