//! Whose a SQLite file is, found out before anything in it is touched.

use std::{collections::BTreeSet, path::Path, time::Duration};

use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::time::sleep;

use crate::{
    StoreError,
    sqlite_files::{BESIDE, beside, real},
};

/// SQLite alone: its tables, without those that SQLite makes for itself, and all else that somebody has made in it, as views, with
/// its kind.
pub(crate) const TABLES_SQLITE: &str = "SELECT CASE type WHEN 'table' THEN name ELSE type || ' ' || name END FROM sqlite_schema \
     WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";

/// Tables that every release of Keydesk has, as the migrations make them.
const OURS: [&str; 6] = ["_sqlx_migrations", "api_key", "audit_entry", "deployment", "epoch", "installation"];

/// Whose a SQLite file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Keydesk's, or nobody's yet.
    Ours,
    /// Another program keeps its tables in it.
    Another,
    /// It is no database.
    NoDatabase,
}

/// Whose a SQLite file is. It is opened as one that nobody changes, so that SQLite makes nothing beside it, takes no lock, and
/// leaves the log as it is. What can't be told is ours: opening it tells more.
pub async fn whose(file: &Path) -> Whose {
    if !file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() > 0) {
        return Whose::Ours;
    }
    let options = SqliteConnectOptions::new().filename(file).read_only(true).immutable(true);
    for _ in 0..LOOKS {
        match tables(&options).await {
            Ok(tables) if tables.is_empty() || OURS.iter().all(|table| tables.contains(*table)) => return Whose::Ours,
            Ok(_) => {}
            Err(error) if is_no_database(&error) => return Whose::NoDatabase,
            Err(_) => return Whose::Ours,
        }
        // A part of a log may just be written back.
        if !beside(&real(file), BESIDE[0]).exists() {
            break;
        }
        sleep(BETWEEN_LOOKS).await;
    }
    Whose::Another
}

/// How often the tables of a database are looked at that has a log, and how long between.
const LOOKS: u32 = 5;
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

async fn tables(options: &SqliteConnectOptions) -> Result<BTreeSet<String>, sqlx::Error> {
    let mut connection: SqliteConnection = options.connect().await?;
    let names: Result<Vec<String>, _> = sqlx::query_scalar(TABLES_SQLITE).fetch_all(&mut connection).await;
    connection.close().await?;
    Ok(names?.into_iter().collect())
}

/// SQLITE_NOTADB.
fn is_no_database(error: &sqlx::Error) -> bool {
    const NOTADB: &str = "26";
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| code == NOTADB)
}

/// Refuses what is there and is no file: a folder, a device, a pipe, a socket. It stays as it is.
pub fn require_file(file: &Path) -> Result<(), StoreError> {
    let shown = file.display();
    match file.metadata() {
        Ok(metadata) if metadata.is_dir() => {
            Err(StoreError::Unsuitable(format!("{shown} is a folder; name the file in it")))
        }
        Ok(metadata) if !metadata.is_file() => {
            Err(StoreError::Unsuitable(format!("{shown} is not a regular file; name one with --database")))
        }
        _ => Ok(()),
    }
}

/// Refuses a file that is not Keydesk's. It stays as it is.
pub(crate) async fn require_ours(file: &Path) -> Result<(), StoreError> {
    require_file(file)?;
    let shown = file.display();
    let why = match whose(file).await {
        Whose::Ours => return Ok(()),
        Whose::Another => "is another program's database",
        Whose::NoDatabase => "is not a SQLite database",
    };
    Err(StoreError::Unsuitable(format!(
        "{shown} {why}, and stays as it is; give Keydesk a file of its own with --database"
    )))
}
