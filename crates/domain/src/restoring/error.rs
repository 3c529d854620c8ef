use std::{io, path::PathBuf};

use model::KeyError;
use store::StoreError;

use crate::OpenError;

/// Why a backup was not restored. Unless it says otherwise, nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The database has its own tools for that.
    #[error(
        "PostgreSQL is restored with pg_restore; when that is done, and before any node starts, run `keydesk restore --after`"
    )]
    NotSqlite,
    /// Somebody reads or writes the database.
    #[error("Keydesk is at work on this database; stop every `keydesk` first")]
    AtWork,
    /// The file that is to be restored is the database itself.
    #[error("{} is the database itself", .0.display())]
    Itself(PathBuf),
    /// In the place of the database lies another program's.
    #[error("{} is another program's database, and stays as it is; give Keydesk a file of its own with --database", .0.display())]
    Another(PathBuf),
    /// The file is not fit to take the database's place.
    #[error("{} can't be restored: {reason}", .file.display())]
    Unfit {
        /// Which.
        file: PathBuf,
        /// Why.
        reason: String,
    },
    /// A file can't be read or written.
    #[error("{} can't be used: {source}", .file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The backup could not be opened: above all, its keyring is another.
    #[error("the backup can't be opened: {0}")]
    Open(#[from] OpenError),
    /// There is no deployment whose database another tool could have restored.
    #[error(transparent)]
    Missing(OpenError),
    /// The database failed.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// What was to be done in the restored database was refused.
    #[error("the restored database could not be made ready: {0}")]
    Key(#[from] KeyError),
}
