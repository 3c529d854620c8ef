use std::{fs, os::unix::fs::OpenOptionsExt as _, path::Path};

use crate::Keydesk;

/// Why no copy was made.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The file can't be created; an existing file is never overwritten.
    #[error("{} can't be created: {source}", .file.display())]
    File {
        /// Which.
        file: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The database has its own tools for backups.
    #[error("PostgreSQL is backed up with pg_dump; `keydesk backup` copies SQLite databases only.")]
    NotSqlite,
    /// The copy failed.
    #[error("the database can't be copied: {0}")]
    Store(#[from] store::StoreError),
}

impl Keydesk {
    /// Writes a consistent copy of the SQLite database to a new file, for its owner only, while others read and write.
    pub async fn backup(&self, file: &Path) -> Result<(), BackupError> {
        if !self.inner.store.is_sqlite() {
            return Err(BackupError::NotSqlite);
        }
        // Created here first, with its permissions: SQLite also writes into an empty file.
        let failed = |source| BackupError::File { file: file.to_owned(), source };
        fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).map_err(failed)?;
        let copied = self.inner.store.copy_into(file).await;
        if copied.is_err() {
            let _ = fs::remove_file(file);
        }
        Ok(copied?)
    }
}
