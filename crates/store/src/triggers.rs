//! Whether the triggers are there that protect the audit log and the Default API Key.

use std::collections::BTreeMap;

use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection, migrate::Migrator, sqlite::SqliteConnectOptions};

use crate::{
    Store, StoreError,
    db::Db,
    migrations::{POSTGRES_MIGRATIONS, SQLITE_MIGRATIONS},
};

/// SQLite alone.
pub(crate) const TRIGGERS_SQLITE: &str = "SELECT name, COALESCE(sql, '') FROM sqlite_schema WHERE type = 'trigger'";
/// PostgreSQL alone: each trigger with its definition and whether it is on, and the text of its function.
pub(crate) const TRIGGERS_POSTGRES: &str = "SELECT c.relname || '.' || t.tgname, \
     replace(pg_get_triggerdef(t.oid, true), chr(10), ' ') || ' ' || t.tgenabled::text, p.prosrc \
     FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid \
     WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace ORDER BY 1";
/// The names and definitions of the triggers that the migrations make in PostgreSQL, as [`TRIGGERS_POSTGRES`] gives them: a
/// line a trigger. The functions stand in the migrations alone.
static OF_POSTGRES: &str = include_str!("triggers_postgres.txt");

type Triggers = BTreeMap<String, String>;

impl Store {
    /// See [`Examination::triggers`](crate::Examination::triggers).
    pub(crate) async fn triggers(&self, migration: i64) -> Result<Vec<String>, StoreError> {
        match &self.db {
            Db::Sqlite { read, .. } => triggers_of_sqlite(&mut *read.acquire().await?, migration).await,
            Db::Postgres { read, .. } => {
                let found: Vec<(String, String, String)> = sqlx::query_as(TRIGGERS_POSTGRES).fetch_all(read).await?;
                let found = found.into_iter().map(|(name, trigger, function)| (name, trigger + &function)).collect();
                Ok(differences(&of_postgres(), &found))
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

/// What the migrations make in PostgreSQL.
fn of_postgres() -> Triggers {
    let functions: BTreeMap<_, _> =
        POSTGRES_MIGRATIONS.iter().flat_map(|migration| functions(migration.sql.as_str())).collect();
    let triggers = OF_POSTGRES.lines().filter_map(|line| line.split_once('\t'));
    let whole = |trigger: &str| {
        let called = trigger.rsplit_once("EXECUTE FUNCTION ").and_then(|(_, call)| call.split_once('('));
        let text = called.and_then(|(name, _)| functions.get(name)).copied().unwrap_or_default();
        trigger.to_owned() + text
    };
    triggers.map(|(name, trigger)| (name.to_owned(), whole(trigger))).collect()
}

/// The functions of triggers that a migration makes or makes anew: the name and the text of each.
fn functions(migration: &str) -> impl Iterator<Item = (&str, &str)> {
    migration.split("FUNCTION ").filter_map(|rest| {
        let (name, rest) = rest.split_once("() RETURNS trigger LANGUAGE plpgsql AS $$")?;
        Some((name, rest.split_once("$$")?.0))
    })
}

fn differences(expected: &Triggers, found: &Triggers) -> Vec<String> {
    let lost = expected.iter().filter_map(|(name, text)| match found.get(name) {
        None => Some(format!("the trigger {name} is missing")),
        Some(other) => (other != text).then(|| format!("the trigger {name} was altered")),
    });
    let more = found.keys().filter(|name| !expected.contains_key(*name));
    lost.chain(more.map(|name| format!("the trigger {name} is not Keydesk's"))).collect()
}
