use std::{fs, os::unix::fs::OpenOptionsExt as _, path::Path};

use model::{Action, Actor, KeyError};
use serde_json::json;

use crate::{Keydesk, audit::AuditEvent, turn::ONE};

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
    /// It could not be written to the audit log.
    #[error("the backup can't be written to the audit log: {0}")]
    Audit(#[from] KeyError),
    /// The copy failed.
    #[error("the database can't be copied: {0}")]
    Store(#[from] store::StoreError),
}

impl Keydesk {
    /// Writes a consistent copy of the SQLite database to a new file, for its owner only, while others read and write. The
    /// audit logs have it before it begins, and so has the copy.
    pub async fn backup(&self, file: &Path) -> Result<(), BackupError> {
        if !self.inner.store.is_sqlite() {
            return Err(BackupError::NotSqlite);
        }
        // Created here first, with its permissions: SQLite also writes into an empty file.
        let failed = |source| BackupError::File { file: file.to_owned(), source };
        fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).map_err(failed)?;
        let copied = self.copy(file).await.and_then(|()| reach_disk(file).map_err(failed));
        if copied.is_err() {
            let _ = fs::remove_file(file);
        }
        copied
    }

    async fn copy(&self, file: &Path) -> Result<(), BackupError> {
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
        let installations = self.installations().await?;
        self.change(ONE, |this, mut change| async move {
            let now = this.now();
            for installation in installations {
                let event = AuditEvent::of(Action::BackupCreate, json!({ "file": name }));
                this.write_audit(&mut change, installation.id, Actor::Operator, now, vec![event]).await?;
            }
            this.commit(change).await
        })
        .await?;
        Ok(self.inner.store.copy_into(file).await?)
    }
}

/// SQLite does not wait until such a copy has reached the disk.
fn reach_disk(file: &Path) -> std::io::Result<()> {
    fs::File::open(file)?.sync_all()?;
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => fs::File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}
