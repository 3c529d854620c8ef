//! The databases with all tables that those of the tests are made of: one in the tests' PostgreSQL, and a file of SQLite. They
//! stay, for the next test and the next run.

use std::{
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::PathBuf,
};

use sqlx::{
    ConnectOptions as _, Connection as _, Executor as _, PgConnection, migrate::Migrator, sqlite::SqliteConnectOptions,
};

use super::{FILE, address_of, folder, statement};
use crate::migrations::{POSTGRES_MIGRATIONS, SQLITE_MIGRATIONS};

/// Only one process makes it.
const LOCK: &str = "SELECT pg_advisory_lock(7311502)";
const UNLOCK: &str = "SELECT pg_advisory_unlock(7311502)";

/// Another name for other migrations.
fn name(migrations: &Migrator) -> String {
    let mut hasher = DefaultHasher::new();
    migrations.iter().for_each(|migration| migration.checksum.hash(&mut hasher));
    format!("keydesk_template_{:016x}", hasher.finish())
}

/// The file. It is put in its place when it is whole.
pub(super) async fn file() -> PathBuf {
    let template = std::env::temp_dir().join(name(&SQLITE_MIGRATIONS)).with_extension("db");
    if !template.exists() {
        let making = folder();
        let file = making.path().join(FILE);
        let options = SqliteConnectOptions::new().filename(&file).create_if_missing(true);
        let mut connection = options.connect().await.expect("a new file");
        SQLITE_MIGRATIONS.run(&mut connection).await.expect("migrations");
        connection.close().await.expect("a goodbye");
        let whole = template.with_extension(std::process::id().to_string());
        fs::copy(&file, &whole).and_then(|_| fs::rename(&whole, &template)).expect("a whole file");
    }
    template
}

/// The database's name. It is made if it is not there, under another name until it is whole.
pub(super) async fn ready(server: &mut PgConnection) -> String {
    let name = name(&POSTGRES_MIGRATIONS);
    if !exists(server, &name).await {
        server.execute(LOCK).await.expect("a lock");
        if !exists(server, &name).await {
            make(server, &name).await;
        }
        server.execute(UNLOCK).await.expect("a lock");
    }
    name
}

async fn exists(server: &mut PgConnection, name: &str) -> bool {
    let found = sqlx::query_scalar("SELECT COUNT(*) FROM pg_database WHERE datname = $1").bind(name);
    let found: i64 = found.fetch_one(server).await.expect("the server's databases");
    found == 1
}

async fn make(server: &mut PgConnection, name: &str) {
    let making = format!("{name}_making");
    for begin in [format!("DROP DATABASE IF EXISTS {making} WITH (FORCE)"), format!("CREATE DATABASE {making}")] {
        server.execute(statement(begin)).await.expect("a new database");
    }
    let mut connection = PgConnection::connect(&address_of(&making)).await.expect("the new database");
    POSTGRES_MIGRATIONS.run(&mut connection).await.expect("migrations");
    connection.close().await.expect("a goodbye");
    server.execute(statement(format!("ALTER DATABASE {making} RENAME TO {name}"))).await.expect("a whole database");
}
