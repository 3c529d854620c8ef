//! Databases for tests: a separate one for each test, and a way in that goes past the [`Store`], as only
//! an intruder's would. Only with the feature `testing`, which no build for use switches on.

mod raw;
mod roles;
mod snapshot;
mod statements;
mod template;

use std::{fs, path::PathBuf};

use sqlx::{
    ConnectOptions as _, Connection as _, Executor as _, PgConnection, Postgres, Sqlite, migrate::Migrator,
    pool::PoolConnection, sqlite::SqliteConnectOptions,
};
use tempfile::TempDir;

pub use raw::{Cell, Raw, Schema};
pub use roles::Roles;
pub use snapshot::Snapshot;
pub use statements::{POSTGRES_STATEMENTS, SQLITE_STATEMENTS, STATEMENTS};

use crate::{
    Store,
    db::Db,
    migrations::{POSTGRES_MIGRATIONS, SQLITE_MIGRATIONS},
};

/// The name of a SQLite database in its folder.
const FILE: &str = "keydesk.db";

/// Where the tests' PostgreSQL is.
const URL: &str = "TEST_POSTGRES_URL";

/// A database without a deployment that is gone when this is dropped, and a folder beside it.
#[derive(Debug)]
pub struct TestDatabase {
    address: String,
    dir: TempDir,
    /// The server's own database and the name of ours in it.
    server: Option<(String, String)>,
    /// Roles that were made for it, and go with it.
    roles: Vec<String>,
}

impl TestDatabase {
    /// A file in a folder of its own, with all tables: making them in each would be a good part of the tests' time.
    pub async fn sqlite() -> Self {
        let database = Self::empty_sqlite();
        fs::copy(template::file().await, database.dir().join(FILE)).expect("a new file");
        database
    }

    /// The same without the file.
    pub fn empty_sqlite() -> Self {
        let dir = folder();
        let address = format!("sqlite:{}", dir.path().join(FILE).display());
        Self { address, dir, server: None, roles: Vec::new() }
    }

    /// A database in the server that the environment names, with all tables. Without a server the test fails; it is never
    /// skipped.
    pub async fn postgres() -> Self {
        let mut server = server().await;
        let template = template::ready(&mut server).await;
        Self::postgres_of(server, &format!("TEMPLATE {template} STRATEGY FILE_COPY")).await
    }

    /// The same without tables.
    pub async fn empty_postgres() -> Self {
        Self::postgres_as("").await
    }

    /// The same without tables, made with these options of CREATE DATABASE.
    pub async fn postgres_as(options: &str) -> Self {
        Self::postgres_of(server().await, options).await
    }

    async fn postgres_of(mut server: PgConnection, options: &str) -> Self {
        let id: String =
            sqlx::query_scalar("SELECT gen_random_uuid()::text").fetch_one(&mut server).await.expect("a new id");
        let name = format!("keydesk_test_{}", id.replace('-', ""));
        server.execute(statement(format!("CREATE DATABASE {name} {options}"))).await.expect("a new database");
        server.close().await.expect("a goodbye");
        let address = address_of(&name);
        Self { address, dir: folder(), server: Some((url(), name)), roles: Vec::new() }
    }

    /// The address, for [`Store::open`].
    pub fn address(&self) -> &str {
        &self.address
    }

    /// A folder that belongs to this database.
    pub fn dir(&self) -> PathBuf {
        self.dir.path().to_owned()
    }

    /// Whether it is PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        self.server.is_some()
    }

    /// Brings a new database up to this migration and no further, as an earlier release left it.
    pub async fn migrate_to(&self, version: i64) {
        let upto = |all: &Migrator| {
            Migrator::with_migrations(all.iter().filter(|migration| migration.version <= version).cloned().collect())
        };
        self.remove_tables().await;
        if let Some(path) = self.address.strip_prefix("sqlite:") {
            let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
            let mut connection = options.connect().await.expect("a new file");
            upto(&SQLITE_MIGRATIONS).run(&mut connection).await.expect("migrations");
        } else {
            let mut connection = PgConnection::connect(&self.address).await.expect("the new database");
            upto(&POSTGRES_MIGRATIONS).run(&mut connection).await.expect("migrations");
        }
    }

    /// Makes it what a text in SQL says, as an earlier release left it.
    pub async fn load(&self, sql: &str) {
        self.remove_tables().await;
        if !self.is_postgres() {
            fs::write(self.dir().join(FILE), "").expect("a new file");
        }
        let mut raw = self.raw().await;
        raw.execute(sql).await.unwrap_or_else(|error| panic!("a database in SQL: {error}"));
        raw.close().await;
    }

    /// Leaves what there is before Keydesk makes anything: an empty database of PostgreSQL, no file of SQLite.
    pub async fn remove_tables(&self) {
        if self.is_postgres() {
            let mut connection = PgConnection::connect(&self.address).await.expect("the new database");
            connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public").await.expect("an empty database");
        } else {
            // It may be gone already.
            let _ = fs::remove_file(self.dir().join(FILE));
        }
    }

    /// Opens it.
    pub async fn store(&self) -> Store {
        Store::open(&self.address).await.expect("an open store")
    }

    /// A connection that goes past the store.
    pub async fn raw(&self) -> Raw {
        Raw::connect(&self.address).await
    }
}

impl Store {
    /// What a SQLite database's connections say of one of their own settings: the one that writes, then one that reads.
    pub async fn pragma(&self, name: &str) -> Vec<i64> {
        let Db::Sqlite { read, write } = &self.db else { return Vec::new() };
        let mut values = Vec::new();
        for pool in [write, read] {
            let sql = statement(format!("PRAGMA {name}"));
            values.push(sqlx::query_scalar(sql).fetch_one(pool).await.expect("a setting"));
        }
        values
    }
}

/// Connections that are held, and given back when this is dropped.
#[derive(Debug)]
pub struct Held {
    sqlite: Vec<PoolConnection<Sqlite>>,
    postgres: Vec<PoolConnection<Postgres>>,
}

impl Store {
    /// Takes every connection by which people read.
    pub async fn hold_readers(&self) -> Held {
        let mut held = Held { sqlite: Vec::new(), postgres: Vec::new() };
        match &self.db {
            Db::Sqlite { read, .. } => {
                for _ in 0..read.options().get_max_connections() {
                    held.sqlite.push(read.acquire().await.expect("a connection"));
                }
            }
            Db::Postgres { read, .. } => {
                for _ in 0..read.options().get_max_connections() {
                    held.postgres.push(read.acquire().await.expect("a connection"));
                }
            }
        }
        held
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Some((url, name)) = self.server.take() else { return };
        drop_from_server(url, vec![name], std::mem::take(&mut self.roles));
    }
}

/// Dropping can't wait, and must happen in a test that failed as well: a thread with a runtime of its own does.
fn drop_from_server(url: String, databases: Vec<String>, roles: Vec<String>) {
    let dropped = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let mut server = PgConnection::connect(&url).await.map_err(std::io::Error::other)?;
            let databases = databases.iter().map(|name| format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
            for drop in databases.chain(roles.iter().map(|role| format!("DROP ROLE IF EXISTS {role}"))) {
                server.execute(statement(drop)).await.map_err(std::io::Error::other)?;
            }
            Ok::<_, std::io::Error>(())
        })
    });
    if !matches!(dropped.join(), Ok(Ok(()))) {
        tracing::warn!("a test database was left behind");
    }
}

fn url() -> String {
    std::env::var(URL).unwrap_or_else(|_| {
        panic!("{URL} names no PostgreSQL; run the tests with `cargo xtask postgres -- cargo nextest run`")
    })
}

/// The address of another database of the tests' server.
fn address_of(database: &str) -> String {
    let url = url();
    let (before, query) = url.split_once('?').map_or((url.as_str(), None), |(url, query)| (url, Some(query)));
    let (host, _) = before.rsplit_once('/').expect("a database in the address");
    format!("{host}/{database}{}", query.map(|query| format!("?{query}")).unwrap_or_default())
}

async fn server() -> PgConnection {
    PgConnection::connect(&url()).await.expect("the PostgreSQL that the environment names")
}

/// In memory where the machine has such a place: durability is not under test, and waiting for a disk takes long.
fn folder() -> TempDir {
    let memory = std::path::Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.expect("a temporary folder")
}

fn statement(text: String) -> sqlx::AssertSqlSafe<String> {
    sqlx::AssertSqlSafe(text)
}

/// Makes of each `async fn name(database: TestDatabase)` two tests, `sqlite::name` and `postgres::name`.
#[macro_export]
macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name($crate::testing::TestDatabase::sqlite().await).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name($crate::testing::TestDatabase::postgres().await).await;
            })+
        }
    };
}
