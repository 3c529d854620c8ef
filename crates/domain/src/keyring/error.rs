use std::{io, path::PathBuf};

/// Why a keyring can't be used. Its text never holds a key.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The file is not there, and the database was made with one.
    #[error("the keyring {} is missing, and without it no key of this database verifies; restore it from your backup", .0.display())]
    Missing(PathBuf),
    /// Others could read it.
    #[error("the keyring {} can be read by others (mode {mode:03o}); run: chmod 600 {}{}", .path.display(), .path.display(),
        more(*named))]
    Permissions {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
        /// Whether the operator named it.
        named: bool,
    },
    /// It can't be read or written.
    #[error("the keyring {} can't be used: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Reading it was broken off.
    #[error("the keyring can't be read: {0}")]
    Unreadable(String),
    /// A line is not `pepper ID BASE64`, `master ID BASE64`, `audit ID BASE64` or `token ID BASE64`.
    #[error(
        "line {0} of the keyring is not `pepper ID KEY`, `master ID KEY`, `audit ID KEY` or `token ID KEY` with a key of 32 bytes in \
         base64"
    )]
    Line(usize),
    /// Two audit keys have the same id.
    #[error("two audit keys of the keyring have the same id")]
    Twice,
    /// Two keys that sign tokens have the same id.
    #[error("two keys of the keyring that sign tokens have the same id")]
    TokensTwice,
    /// A kind has no key.
    #[error("the keyring needs a pepper and a master key")]
    Incomplete,
    /// It is another deployment's.
    #[error("this keyring belongs to another database; restore the one that belongs to this database from your backup")]
    Foreign,
    /// A pepper or a master key is not the one that was in use under its id.
    #[error(
        "the {kind} key {id} of this keyring is not the one that this database was used with; restore its line from your backup, or \
         copy the keyring of another node"
    )]
    ForeignKey {
        /// `pepper` or `master`.
        kind: &'static str,
        /// Its id.
        id: String,
    },
    /// The first of its kind was given up.
    #[error("the {kind} key {id} of this keyring was retired; put the key that took its place before it")]
    Retired {
        /// `pepper` or `master`.
        kind: String,
        /// Its id.
        id: String,
    },
    /// One that is needed is no longer there.
    #[error(
        "the {kind} key {id} is missing, and is still needed by {needed}; put its line back, or give it up with \
         `keydesk keyring retire {kind} {id} --force`"
    )]
    StillNeeded {
        /// `pepper` or `master`.
        kind: String,
        /// Its id.
        id: String,
        /// What needs it, as words.
        needed: String,
    },
    /// An audit key is not the one that was in use under its id.
    #[error(
        "the audit key {0} of this keyring is not the one that signed this database's audit log; give every node the same keyring"
    )]
    ForeignAudit(String),
    /// The audit key that signs the audit log is not there.
    #[error(
        "this database's audit log is signed under the audit key {0}, which this keyring lacks; restore its line from your backup, or copy the keyring of another node"
    )]
    AuditMissing(String),
}

/// What else can be done about permissions.
fn more(named: bool) -> &'static str {
    if named {
        "; from a Kubernetes secret, give its volume `defaultMode: 0400`, or 0440 beside an fsGroup, or the text itself in \
         KEYDESK_KEYRING"
    } else {
        "; a file that its group must read (mode 440, as from a Kubernetes secret) is named in KEYDESK_KEYRING_FILE, or its \
         text is given in KEYDESK_KEYRING"
    }
}
