use model::Instant;

use crate::HASH_LEN;

/// The end of an audit log, signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditHead {
    /// How many entries there are: the number of the last one.
    pub entries: i64,
    /// The hash of the last one.
    pub hash: [u8; HASH_LEN],
    /// When it was signed.
    pub at: Instant,
    /// The audit key that signed it, which is the one for the next entry.
    pub audit_key: String,
    /// Covers all the fields above and the installation.
    pub mac: [u8; HASH_LEN],
}

/// What the database says of the end of an audit log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditEnd {
    /// Number and hash of the newest entry; `None`: there is none.
    pub last: Option<(i64, [u8; HASH_LEN])>,
    /// The signed end.
    pub head: Option<AuditHead>,
}

pub(crate) const SET_AUDIT_HEAD: &str = "INSERT INTO audit_head (installation_id, entries, hash, at, audit_key_id, mac) \
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (installation_id) DO UPDATE SET entries = excluded.entries, \
     hash = excluded.hash, at = excluded.at, audit_key_id = excluded.audit_key_id, mac = excluded.mac";
