//! How a SQLite database is looked at: before it is opened, and where it can't be written, as on a file system that is mounted
//! read-only.

use std::{path::Path, time::Duration};

use rustix::io::Errno;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::{
    StoreError,
    database_lock::DatabaseLock,
    sqlite_files::{BESIDE, beside, one_name, real, unwritable},
    whose,
};

/// Why a database that can't be written is not opened to be changed.
pub(crate) fn refuse(database: &Path, error: Errno) -> StoreError {
    StoreError::Unsuitable(format!(
        "{} can't be written ({}); `keydesk doctor`, `audit verify`, `audit head` and the commands that list read it as it is, and \
         all else needs a copy that can be written",
        database.display(),
        cause(error)
    ))
}

fn cause(error: Errno) -> String {
    if error == Errno::ROFS {
        "its file system is read-only".to_owned()
    } else {
        std::io::Error::from(error).to_string()
    }
}

/// A connection to a database that is there, to look and no more.
pub(crate) struct Looking {
    pub(crate) connection: SqliteConnection,
    /// A restore may not put another file in place meanwhile: closing would remove that one's log.
    _lock: Option<DatabaseLock>,
}

impl Looking {
    pub(crate) async fn at(database: &Path) -> Result<Self, StoreError> {
        whose::require_ours(database).await?;
        if unwritable(database).is_some() {
            let connection = reading(database)?.connect().await.map_err(|error| unreadable(database, &error))?;
            return Ok(Self { connection, _lock: None });
        }
        one_name(database)?;
        let mut lock = DatabaseLock::shared(database).await?;
        lock.claim(database).await?;
        let connection = SqliteConnectOptions::new().filename(database).connect().await?;
        Ok(Self { connection, _lock: Some(lock) })
    }

    pub(crate) async fn close(self) -> Result<(), StoreError> {
        Ok(self.connection.close().await?)
    }
}

/// How a database is read that can't be written. SQLite finds in the file that the programs at work share what is in the log; where
/// that is missing, nobody is at work, and the database must be whole in its one file.
pub(crate) fn reading(database: &Path) -> Result<SqliteConnectOptions, StoreError> {
    let [log, shared] = BESIDE.map(|ending| beside(&real(database), ending));
    let has_log = log.metadata().is_ok_and(|log| log.len() > 0);
    if has_log && !shared.exists() {
        return Err(StoreError::Unsuitable(format!(
            "{} holds changes that SQLite can't read where it can't write; copy it and {} together to where both can be written",
            log.display(),
            database.display()
        )));
    }
    let options = SqliteConnectOptions::new().filename(database).read_only(true).immutable(!shared.exists());
    Ok(options.busy_timeout(Duration::from_secs(10)).pragma("temp_store", "MEMORY").pragma("trusted_schema", "OFF"))
}

pub(crate) fn unreadable(database: &Path, error: &sqlx::Error) -> StoreError {
    StoreError::Database(format!("{} can't be read where nothing can be written: {error}", database.display()))
}
