//! SQLite databases that can't be written, and are read as they are.

use std::{sync::Arc, time::Duration};

use sqlx::sqlite::SqlitePoolOptions;

use crate::{
    Store, StoreError,
    address::{check_address, sqlite_file},
    db::{Apart, Db},
    looking::{reading, unreadable},
    migrations::sqlite_tables,
    sqlite_files::unwritable,
    whose,
};

impl Store {
    /// Whether a database can be read and not be written.
    pub fn can_only_be_read(address: &str) -> bool {
        sqlite_file(address).is_some_and(|file| unwritable(file).is_some())
    }

    /// Opens a SQLite database that can't be written, and is read as it is: nothing is made beside it, and no table is brought up to
    /// date.
    pub async fn open_to_read(address: &str) -> Result<Self, StoreError> {
        check_address(address)?;
        let Some(file) = sqlite_file(address) else {
            return Err(StoreError::Address("only a SQLite database is read where it can't be written".to_owned()));
        };
        whose::require_ours(file).await?;
        let options = reading(file)?;
        let pool = |connections| {
            let pool = SqlitePoolOptions::new().max_connections(connections).idle_timeout(None).max_lifetime(None);
            pool.acquire_timeout(Duration::from_secs(20)).connect_lazy_with(options.clone())
        };
        let (read, write, poll, lookups) = (pool(4), pool(1), Apart::Sqlite(pool(1)), Apart::Sqlite(pool(2)));
        let mut connection = read.acquire().await.map_err(|error| unreadable(file, &error))?;
        let tables = sqlite_tables(&mut connection).await?;
        if !tables.pending.is_empty() {
            return Err(StoreError::Unsuitable(format!(
                "{} is of an earlier release and can't be written, so its tables can't be brought up to date; copy it to where it can be \
                 written",
                file.display()
            )));
        }
        drop(connection);
        let db = Db::Sqlite { read, write };
        Ok(Self {
            db,
            poll,
            lookups,
            changes: Arc::default(),
            all_folded: Arc::default(),
            search_map: Arc::default(),
            file: None,
            read_only: true,
        })
    }

    /// Whether it was opened to be read alone.
    pub fn is_read_only(&self) -> bool {
        self.read_only
    }
}
