//! Whether the triggers are there that protect the audit log and the Default API Key.

use std::collections::BTreeMap;

use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection, migrate::Migrator, sqlite::SqliteConnectOptions};

use crate::{Store, StoreError, db::Db, migrations::SQLITE_MIGRATIONS};

/// SQLite alone.
pub(crate) const TRIGGERS_SQLITE: &str = "SELECT name, COALESCE(sql, '') FROM sqlite_schema WHERE type = 'trigger'";
/// PostgreSQL alone. With a trigger goes the text of its function, and whether it is on.
pub(crate) const TRIGGERS_POSTGRES: &str = "SELECT c.relname || '.' || t.tgname, \
     replace(pg_get_triggerdef(t.oid, true), chr(10), ' ') || ' ' || t.tgenabled::text || ' ' || md5(p.prosrc) \
     FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid \
     WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace ORDER BY 1";
/// What the migrations make in PostgreSQL, as [`TRIGGERS_POSTGRES`] gives it: a line a trigger.
static OF_POSTGRES: &str = include_str!("triggers_postgres.txt");

type Triggers = BTreeMap<String, String>;

impl Store {
    /// See [`Examination::triggers`](crate::Examination::triggers).
    pub(crate) async fn triggers(&self, migration: i64) -> Result<Vec<String>, StoreError> {
        match &self.db {
            Db::Sqlite { read, .. } => triggers_of_sqlite(&mut *read.acquire().await?, migration).await,
            Db::Postgres { read, .. } => {
                let found: Vec<(String, String)> = sqlx::query_as(TRIGGERS_POSTGRES).fetch_all(read).await?;
                let expected = OF_POSTGRES.lines().filter_map(|line| line.split_once('\t'));
                let expected = expected.map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
                Ok(differences(&expected, &found.into_iter().collect()))
            }
        }
    }
}

/// Compares with a new database that has the same migrations.
pub(crate) async fn triggers_of_sqlite(
    connection: &mut SqliteConnection,
    migration: i64,
) -> Result<Vec<String>, StoreError> {
    let found: Vec<(String, String)> = sqlx::query_as(TRIGGERS_SQLITE).fetch_all(connection).await?;
    let mut fresh: SqliteConnection = SqliteConnectOptions::new().filename(":memory:").connect().await?;
    let upto = SQLITE_MIGRATIONS.iter().filter(|known| known.version <= migration).cloned().collect();
    Migrator::with_migrations(upto).run(&mut fresh).await?;
    let expected: Vec<(String, String)> = sqlx::query_as(TRIGGERS_SQLITE).fetch_all(&mut fresh).await?;
    fresh.close().await?;
    Ok(differences(&expected.into_iter().collect(), &found.into_iter().collect()))
}

fn differences(expected: &Triggers, found: &Triggers) -> Vec<String> {
    let lost = expected.iter().filter_map(|(name, text)| match found.get(name) {
        None => Some(format!("the trigger {name} is missing")),
        Some(other) => (other != text).then(|| format!("the trigger {name} was altered")),
    });
    let more = found.keys().filter(|name| !expected.contains_key(*name));
    lost.chain(more.map(|name| format!("the trigger {name} is not Keydesk's"))).collect()
}
