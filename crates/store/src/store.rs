use std::{
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use sqlx::{
    Connection as _, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{
    Change, StoreError,
    address::{check_address, sqlite_file},
    courtesy,
    database_file::{DatabaseFile, not_moved_away},
    database_lock::DatabaseLock,
    db::{Apart, Db},
    error::is_busy,
    group::{Queue, Turn},
    looking,
    migrations::{migrate_postgres, migrate_sqlite},
    postgres,
    search_map::SearchMap,
    sqlite_files::{existing, keep_private, nothing_left_over, one_name, unwritable},
    whose,
};

/// 3.51.3 mends a race in which a reset of the write-ahead log could lose a commit.
const SQLITE_OLDEST: [u32; 3] = [3, 51, 3];

/// SQLite alone.
pub(crate) const OPEN_LOG: &str = "SELECT COUNT(*) FROM sqlite_schema";

/// Seconds that the poll waits for its connection, and a call with a key that memory does not know for one of its own.
const POLL_WAITS: u64 = 5;
const LOOKUP_WAITS: u64 = 5;

/// PostgreSQL alone: whether so many keys were written since the last look at them that plans would go wrong.
pub(crate) const ANALYZE_DUE: &str = "SELECT COALESCE(SUM(n_mod_since_analyze), 0) > 10000 FROM pg_stat_user_tables \
     WHERE schemaname = current_schema() AND relname = 'api_key'";

/// A database with Keydesk's tables. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) db: Db,
    /// For what proves that memory is fresh, and nothing else: whatever people read, it goes on.
    pub(crate) poll: Apart,
    /// For calls with keys that memory does not know.
    pub(crate) lookups: Apart,
    /// Changes that wait for each other.
    pub(crate) changes: Arc<Queue>,
    /// Whether every name was found to be folded as this release folds it.
    pub(crate) all_folded: Arc<AtomicBool>,
    /// Which parts of the order of names can hold what is searched for.
    pub(crate) search_map: Arc<SearchMap>,
    /// SQLite alone: its file, and the lock that says that we are at work on it.
    pub(crate) file: Option<Arc<DatabaseFile>>,
    /// A SQLite database that can't be written, which is read as it is.
    pub(crate) read_only: bool,
}

/// How every connection to a SQLite database is made.
pub(crate) fn sqlite_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        // Also when many programs write at once: each holds the lock for a few milliseconds.
        .busy_timeout(Duration::from_secs(20))
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

impl Store {
    /// Opens `sqlite:PATH` (the file is created) or `postgres://...`, and brings its tables up to date under a lock, so
    /// that any number of processes may start at once.
    pub async fn open(address: &str) -> Result<Self, StoreError> {
        check_address(address)?;
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
        whose::require_ours(path).await?;
        if let Some(error) = unwritable(path) {
            return Err(looking::refuse(path, error));
        }
        one_name(path)?;
        let alone = lock.is_some();
        if !alone {
            not_moved_away(path)?;
        }
        let mut lock = match lock {
            Some(lock) => lock,
            None => DatabaseLock::shared(path).await?,
        };
        nothing_left_over(path)?;
        if !alone {
            lock.claim(path).await?;
        }
        keep_private(path).map_err(unusable)?;
        if !alone {
            // It may have been made just now.
            lock.claim(path).await?;
        }
        let options = sqlite_options(path);
        let write = SqlitePoolOptions::new()
            .after_connect(|_, _| {
                courtesy::step_back();
                Box::pin(async { Ok(()) })
            })
            .max_connections(1)
            // It is a thread of this process, and was asked when it was given back.
            .test_before_acquire(false)
            .acquire_timeout(Duration::from_secs(20))
            .idle_timeout(None)
            .max_lifetime(None);
        let write = connected(write, &options.clone().thread_name(courtesy::name)).await?;
        let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&write).await?;
        let parts: Vec<u32> = version.split('.').filter_map(|part| part.parse().ok()).collect();
        if parts.as_slice() < SQLITE_OLDEST.as_slice() {
            return Err(StoreError::Unsuitable(format!(
                "SQLite {version} can lose a commit (the WAL-reset race); Keydesk needs 3.51.3 or newer"
            )));
        }
        // SQLite opens the log with the first thing that is read.
        let _: i64 = sqlx::query_scalar(OPEN_LOG).fetch_one(&write).await?;
        if !alone {
            lock.note_log(path)?;
        }
        let file = Arc::new(DatabaseFile::new(path, lock));
        migrate_sqlite(&write).await?;
        // What can't write never takes itself for the last one either: were it at another file than the one that writes, which was
        // put in its place, it would write our log back into that.
        let options = options.read_only(true);
        let readers = |most, seconds| {
            let opened = Arc::clone(&file);
            let pool = SqlitePoolOptions::new()
                .max_connections(most)
                .acquire_timeout(Duration::from_secs(seconds))
                .idle_timeout(None)
                .max_lifetime(None)
                .after_connect(move |_, _| {
                    let refused = opened.displaced();
                    Box::pin(
                        async move { refused.map_or(Ok(()), |error| Err(sqlx::Error::Configuration(error.into()))) },
                    )
                });
            pool.connect_lazy_with(options.clone())
        };
        let poll = readers(1, POLL_WAITS);
        // It stays open whatever becomes of the others: with the last connection SQLite would remove the log, whose identity is watched.
        drop(poll.acquire().await?);
        let (poll, lookups) = (Apart::Sqlite(poll), Apart::Sqlite(readers(2, LOOKUP_WAITS)));
        let db = Db::Sqlite { read: readers(4, 20), write };
        Ok(Self {
            db,
            poll,
            lookups,
            changes: Arc::default(),
            all_folded: Arc::default(),
            search_map: Arc::default(),
            file: Some(file),
            read_only: false,
        })
    }

    async fn open_postgres(address: &str) -> Result<Self, StoreError> {
        let options = postgres::options(address)?;
        postgres::connect(&options).await?.close().await?;
        let write = postgres::pool()
            .max_connections(4)
            .acquire_timeout(Duration::from_secs(20))
            .connect_with(options.clone())
            .await?;
        migrate_postgres(&write).await?;
        let readers = |most, seconds| {
            let pool = postgres::pool().max_connections(most).acquire_timeout(Duration::from_secs(seconds));
            pool.connect_lazy_with(options.clone())
        };
        let (poll, lookups) = (Apart::Postgres(readers(1, POLL_WAITS)), Apart::Postgres(readers(4, LOOKUP_WAITS)));
        let db = Db::Postgres { read: readers(8, 5), write };
        Ok(Self {
            db,
            poll,
            lookups,
            changes: Arc::default(),
            all_folded: Arc::default(),
            search_map: Arc::default(),
            file: None,
            read_only: false,
        })
    }

    /// Waits for connections to be given back and closes them; SQLite then checkpoints its log.
    pub async fn close(&self) {
        if self.file.as_ref().is_some_and(|file| file.displaced().is_some()) {
            self.abandon().await;
        }
        self.poll.close().await;
        self.lookups.close().await;
        match &self.db {
            Db::Sqlite { read, write } => {
                read.close().await;
                write.close().await;
                if let Some(file) = &self.file {
                    file.lock.release();
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
        self.file.as_ref().map(|file| existing(&file.path)).unwrap_or_default()
    }

    /// Begins a change, as soon as those before it are made.
    pub async fn change(&self) -> Result<Change, StoreError> {
        self.change_in(Turn::default()).await
    }

    /// Begins a change when its turn has come.
    pub async fn change_in(&self, turn: Turn) -> Result<Change, StoreError> {
        self.changes.wait(&self.db, turn).await
    }

    /// How many changes wait for their turn.
    pub fn changes_waiting(&self) -> usize {
        let (revoking, others) = self.changes.waiting();
        revoking + others
    }

    /// How many changes were refused since the start, because too many waited or they had waited too long.
    pub fn changes_refused(&self) -> u64 {
        self.changes.refused()
    }

    /// Why what passes between this process and its database can be read or changed on the way, as a sentence without its
    /// full stop; `None`: it can't.
    pub fn exposure(&self) -> Option<String> {
        match &self.db {
            Db::Sqlite { .. } => None,
            Db::Postgres { read, .. } => postgres::exposure(&read.connect_options()),
        }
    }

    /// Whether other nodes may run on this database.
    pub fn is_shared(&self) -> bool {
        matches!(self.db, Db::Postgres { .. })
    }

    /// `SQLite` or `PostgreSQL`, for people.
    pub fn kind(&self) -> &'static str {
        match self.db {
            Db::Sqlite { .. } => "SQLite",
            Db::Postgres { .. } => "PostgreSQL",
        }
    }
}
