use std::{
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{
    Change, StoreError,
    address::sqlite_file,
    db::Db,
    group::Queue,
    migrations::{SQLITE_MIGRATIONS, migrate_postgres},
    postgres,
    sqlite_files::{DatabaseLock, existing, keep_private, nothing_left_over},
};

/// 3.51.3 mends a race in which a reset of the write-ahead log could lose a commit.
const SQLITE_OLDEST: [u32; 3] = [3, 51, 3];

/// PostgreSQL alone: whether so many keys were written since the last look at them that plans would go wrong.
pub(crate) const ANALYZE_DUE: &str = "SELECT COALESCE(SUM(n_mod_since_analyze), 0) > 10000 FROM pg_stat_user_tables \
     WHERE schemaname = current_schema() AND relname = 'api_key'";

/// A database with Keydesk's tables. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) db: Db,
    /// Changes that wait for each other.
    pub(crate) changes: Arc<Queue>,
    /// Whether every name was found to be folded as this release folds it.
    pub(crate) all_folded: Arc<AtomicBool>,
    /// SQLite alone: its file, and the lock that says that we are at work on it.
    pub(crate) file: Option<Arc<(PathBuf, DatabaseLock)>>,
}

/// How every connection to a SQLite database is made.
pub(crate) fn sqlite_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(10))
        .foreign_keys(true)
        // Rows that wait between SQLite's thread and ours: with fewer, the two stop for each other in every long answer.
        .row_buffer_size(1_000)
        // 16 MiB a connection. Not memory-mapped: the kernel's cache serves as well, and is not this process's memory.
        .pragma("cache_size", "-16384")
        .pragma("temp_store", "MEMORY")
        // What a schema does that somebody else wrote, in a file that was restored, is not trusted.
        .pragma("trusted_schema", "OFF")
        // What is deleted or replaced is overwritten with zeros.
        .pragma("secure_delete", "ON")
}

/// The first connection. SQLite does not wait for others who bring a new file into the mode of our log at the same moment, so
/// it is asked again for as long as a connection is waited for elsewhere.
async fn connected(pool: SqlitePoolOptions, options: &SqliteConnectOptions) -> Result<SqlitePool, sqlx::Error> {
    const TRIES: u32 = 400;
    const BETWEEN: Duration = Duration::from_millis(50);
    for _ in 1..TRIES {
        match pool.clone().connect_with(options.clone()).await {
            Err(sqlx::Error::Database(error)) if is_busy(error.as_ref()) => tokio::time::sleep(BETWEEN).await,
            connected => return connected,
        }
    }
    pool.connect_with(options.clone()).await
}

/// SQLITE_BUSY, or a kind of it, which stands in the upper bits.
fn is_busy(error: &dyn sqlx::error::DatabaseError) -> bool {
    const BUSY: u32 = 5;
    error.code().and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == BUSY)
}

impl Store {
    /// Opens `sqlite:PATH` (the file is created) or `postgres://...`, and brings its tables up to date under a lock, so
    /// that any number of processes may start at once.
    pub async fn open(address: &str) -> Result<Self, StoreError> {
        match sqlite_file(address) {
            Some(path) => Self::open_sqlite(path, None).await,
            None => Self::open_postgres(address).await,
        }
    }

    /// As [`Store::open`], for somebody who has the database to themselves and keeps it so.
    pub async fn open_alone(address: &str, lock: DatabaseLock) -> Result<Self, StoreError> {
        match sqlite_file(address) {
            Some(path) => Self::open_sqlite(path, Some(lock)).await,
            None => Self::open(address).await,
        }
    }

    async fn open_sqlite(path: &Path, lock: Option<DatabaseLock>) -> Result<Self, StoreError> {
        let unusable = |error| StoreError::Database(format!("{} can't be used: {error}", path.display()));
        let lock = lock.map_or_else(|| DatabaseLock::shared(path), Ok)?;
        nothing_left_over(path)?;
        keep_private(path).map_err(unusable)?;
        let options = sqlite_options(path);
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            // It is a thread of this process, and was asked when it was given back.
            .test_before_acquire(false)
            .acquire_timeout(Duration::from_secs(20))
            .idle_timeout(None)
            .max_lifetime(None);
        let write = connected(write, &options).await?;
        let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&write).await?;
        let parts: Vec<u32> = version.split('.').filter_map(|part| part.parse().ok()).collect();
        if parts.as_slice() < SQLITE_OLDEST.as_slice() {
            return Err(StoreError::Unsuitable(format!(
                "SQLite {version} can lose a commit (the WAL-reset race); Keydesk needs 3.51.3 or newer"
            )));
        }
        // sqlx takes no lock of its own on SQLite; inside an immediate transaction a second process waits here.
        let mut migration = write.begin_with("BEGIN IMMEDIATE").await?;
        SQLITE_MIGRATIONS.run(&mut *migration).await?;
        migration.commit().await?;
        let read = SqlitePoolOptions::new()
            .max_connections(4)
            .acquire_timeout(Duration::from_secs(20))
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_lazy_with(options.pragma("query_only", "ON"));
        let file = Some(Arc::new((path.to_owned(), lock)));
        Ok(Self { db: Db::Sqlite { read, write }, changes: Arc::default(), all_folded: Arc::default(), file })
    }

    async fn open_postgres(address: &str) -> Result<Self, StoreError> {
        let options = postgres::options(address)?;
        let write = postgres::pool()
            .max_connections(4)
            .acquire_timeout(Duration::from_secs(20))
            .connect_with(options.clone())
            .await?;
        migrate_postgres(&write).await?;
        let read =
            postgres::pool().max_connections(12).acquire_timeout(Duration::from_secs(5)).connect_lazy_with(options);
        Ok(Self { db: Db::Postgres { read, write }, changes: Arc::default(), all_folded: Arc::default(), file: None })
    }

    /// Waits for connections to be given back and closes them; SQLite then checkpoints its log.
    pub async fn close(&self) {
        match &self.db {
            Db::Sqlite { read, write } => {
                read.close().await;
                // Statistics for the planner, where the tables have changed enough to want them. Nothing depends on it.
                let _ = sqlx::query("PRAGMA optimize").execute(write).await;
                write.close().await;
                if let Some(file) = &self.file {
                    file.1.release();
                }
            }
            Db::Postgres { read, write } => {
                read.close().await;
                // After an import the server's own job would come within a minute; until then it plans blindly.
                let due: Result<bool, _> = sqlx::query_scalar(ANALYZE_DUE).fetch_one(write).await;
                if due.unwrap_or(false) {
                    let _ = sqlx::query("ANALYZE api_key").execute(write).await;
                }
                write.close().await;
            }
        }
    }

    /// The files of a SQLite database that are there; none for PostgreSQL.
    pub fn files(&self) -> Vec<PathBuf> {
        self.file.as_ref().map(|file| existing(&file.0)).unwrap_or_default()
    }

    /// Begins a change, as soon as those before it are made.
    pub async fn change(&self) -> Result<Change, StoreError> {
        self.changes.turn(&self.db, false).await
    }

    /// Begins a change of many rows: it is committed by itself, so that no other waits for it longer than it must.
    pub async fn change_alone(&self) -> Result<Change, StoreError> {
        self.changes.turn(&self.db, true).await
    }

    /// How many changes wait for their turn.
    pub fn changes_waiting(&self) -> usize {
        self.changes.len()
    }

    /// Why what passes between this process and its database can be read or changed on the way, as a sentence without its
    /// full stop; `None`: it can't.
    pub fn exposure(&self) -> Option<String> {
        match &self.db {
            Db::Sqlite { .. } => None,
            Db::Postgres { read, .. } => postgres::exposure(&read.connect_options()),
        }
    }

    /// `SQLite` or `PostgreSQL`, for people.
    pub fn kind(&self) -> &'static str {
        match self.db {
            Db::Sqlite { .. } => "SQLite",
            Db::Postgres { .. } => "PostgreSQL",
        }
    }
}
