//! The database with all tables that the tests' PostgreSQL makes others of. It stays in the server, for the next run.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use sqlx::{Connection as _, Executor as _, PgConnection};

use super::{address_of, statement};
use crate::migrations::POSTGRES_MIGRATIONS;

/// Only one process makes it.
const LOCK: &str = "SELECT pg_advisory_lock(7311502)";
const UNLOCK: &str = "SELECT pg_advisory_unlock(7311502)";

/// Its name. It is made if it is not there, under another name until it is whole.
pub(super) async fn ready(server: &mut PgConnection) -> String {
    let mut hasher = DefaultHasher::new();
    POSTGRES_MIGRATIONS.iter().for_each(|migration| migration.checksum.hash(&mut hasher));
    let name = format!("keydesk_template_{:016x}", hasher.finish());
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
