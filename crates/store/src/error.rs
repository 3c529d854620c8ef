use std::path::PathBuf;

use sqlx::{error::DatabaseError, sqlite::SqliteError};
use thiserror::Error;

/// What can go wrong below the domain. A row that is not there is not an error: it is `Ok(None)`.
#[derive(Clone, Debug, Error)]
pub enum StoreError {
    /// The Default API Key's trigger refused.
    #[error("the database protects the Default API Key")]
    DefaultKeyProtected,
    /// The name of an installation is taken.
    #[error("an installation of this name exists")]
    InstallationNameTaken,
    /// An administrator with this email address exists in the installation.
    #[error("an administrator with this email address exists")]
    AdministratorEmailTaken,
    /// A column holds what this version of Keydesk can't read.
    #[error("column {column} holds an unreadable value")]
    Corrupt {
        /// Table and column.
        column: &'static str,
    },
    /// The database's address is malformed.
    #[error("{0}")]
    Address(String),
    /// The database is of a kind or age that Keydesk can't keep its promises on.
    #[error("{0}")]
    Unsuitable(String),
    /// There is no connection to PostgreSQL.
    #[error("{reason}")]
    Unreachable {
        /// Why, as a sentence without its full stop.
        reason: String,
        /// Whether it may pass by itself, as while the server starts.
        passing: bool,
    },
    /// The tables could not be brought up to date.
    #[error("migration failed: {0}")]
    Migration(String),
    /// Too many changes wait, or this one has waited too long, for others here or for another program that writes.
    #[error("too many changes wait for their turn, or another program holds the database's write lock")]
    Busy,
    /// A SQLite database's file was moved away, or another is in its place.
    #[error(
        "the database's file was moved away or replaced while Keydesk was at work; stop every `keydesk`, put the file in its \
         place with `keydesk restore`, and start again"
    )]
    Replaced,
    /// A file beside a SQLite database, its log or its lock, was removed, or another is in its place.
    #[error(
        "{} was removed or replaced while Keydesk was at work; stop every `keydesk`, and start again", .0.display()
    )]
    Removed(PathBuf),
    /// PostgreSQL: this is a standby.
    #[error("it is a standby, which may be behind; the address must lead to the primary")]
    Standby,
    /// Everything else: the database does not answer, the disk is full.
    #[error("the database failed: {0}")]
    Database(String),
}

impl StoreError {
    /// Whether the files of a SQLite database are no longer those that are open, so that nothing may be written to them.
    pub fn is_displaced(&self) -> bool {
        matches!(self, Self::Replaced | Self::Removed(_))
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if let Some(database) = error.as_database_error() {
            if is_busy(database) {
                return Self::Busy;
            }
            // SQLite names the columns of a broken constraint, PostgreSQL its name.
            let message = database.message();
            let broke = |name: &str, columns: &str| database.constraint() == Some(name) || message.contains(columns);
            if message.contains("default_key_protected") {
                return Self::DefaultKeyProtected;
            }
            if broke("installation_name_unique", "installation.name") {
                return Self::InstallationNameTaken;
            }
            if broke("administrator_email_unique", "administrator.email_folded") {
                return Self::AdministratorEmailTaken;
            }
        }
        if matches!(error, sqlx::Error::PoolTimedOut) {
            return Self::Database(
                "no connection to it was free in time: it does not answer, or is overloaded".to_owned(),
            );
        }
        Self::Database(error.to_string())
    }
}

/// Whether SQLite says that somebody else holds the lock. PostgreSQL's codes are other numbers.
pub(crate) fn is_busy(error: &(dyn DatabaseError + 'static)) -> bool {
    /// The kind of an error, which its code has in its lowest byte.
    const SQLITE_BUSY: u32 = 5;
    let code = error.try_downcast_ref::<SqliteError>().and_then(|_| error.code()?.parse::<u32>().ok());
    code.is_some_and(|code| code & 0xff == SQLITE_BUSY)
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        Self::Migration(error.to_string())
    }
}
