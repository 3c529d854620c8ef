use std::path::Path;

use sqlx::{
    Connection as _, PgConnection, PgPool, SqliteConnection, SqlitePool,
    migrate::{MigrateError, Migrator},
    postgres::PgConnectOptions,
};

pub(crate) use crate::known_migrations::{POSTGRES_MIGRATIONS, SQLITE_MIGRATIONS};
use crate::{
    StoreError,
    looking::Looking,
    names,
    pending::{OLDEST_BESIDE, PendingMigration},
    postgres,
    statistics::{forget_statistics, statistics},
};

pub(crate) const APPLIED: &str = "SELECT version, checksum, success FROM _sqlx_migrations ORDER BY version";

/// SQLite alone: whether anything was ever migrated.
pub(crate) const MIGRATED_SQLITE: &str =
    "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = '_sqlx_migrations'";

/// PostgreSQL alone.
pub(crate) const MIGRATED_POSTGRES: &str = "SELECT COUNT(*) FROM pg_class WHERE oid = to_regclass('_sqlx_migrations')";

/// How a database's tables stand to this release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tables {
    /// The newest migration that was applied; 0: there are no tables.
    pub applied: i64,
    /// The newest migration that this release knows.
    pub newest: i64,
    /// Migrations that are to be applied.
    pub pending: Vec<PendingMigration>,
}

impl Tables {
    /// Whether nodes of the release that these tables are of must be stopped before the migrations are applied.
    pub fn stops_older_nodes(&self) -> bool {
        !self.pending.is_empty() && (1..OLDEST_BESIDE).contains(&self.applied)
    }
}

/// A row of the table that sqlx keeps: version, checksum, and whether it succeeded.
type Applied = (i64, Vec<u8>, bool);

/// Brings PostgreSQL's tables up to date. Where there is nothing to do, nothing but rows is asked for, so that a role that may
/// not make tables can start the server.
pub(crate) async fn migrate_postgres(pool: &PgPool) -> Result<(), StoreError> {
    let pending = postgres_tables(&mut *pool.acquire().await?).await?.pending.len();
    if pending == 0 {
        return Ok(());
    }
    tracing::info!(migrations = pending, "bringing the database's tables up to date");
    POSTGRES_MIGRATIONS.run(pool).await.map_err(|error| {
        let may_not = match &error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => is_forbidden(error),
            _ => false,
        };
        if may_not {
            StoreError::Unsuitable(
                "its tables are not up to date, and this role may not change them; run `keydesk migrate` with the role \
                 that owns them"
                    .to_owned(),
            )
        } else {
            error.into()
        }
    })
}

/// Brings a SQLite database's tables up to date, and removes statistics. Where there is nothing to do, nothing is written: whoever
/// only reads does not wait for the lock of whoever writes.
pub(crate) async fn migrate_sqlite(pool: &SqlitePool) -> Result<(), StoreError> {
    let mut connection = pool.acquire().await?;
    let pending = sqlite_tables(&mut connection).await?.pending.len();
    if pending == 0 && statistics(&mut connection).await?.is_empty() {
        return Ok(());
    }
    drop(connection);
    if pending > 0 {
        tracing::info!(migrations = pending, "bringing the database's tables up to date");
    }
    // sqlx takes no lock of its own on SQLite; inside an immediate transaction a second process waits here.
    let mut migration = pool.begin_with("BEGIN IMMEDIATE").await?;
    SQLITE_MIGRATIONS.run(&mut *migration).await?;
    forget_statistics(&mut migration).await?;
    Ok(migration.commit().await?)
}

/// How the tables of a file stand. One that is not there is not made.
pub(crate) async fn tables_of_sqlite(path: &Path) -> Result<Tables, StoreError> {
    if !path.exists() {
        return compare(&SQLITE_MIGRATIONS, &[]);
    }
    let mut looking = Looking::at(path).await?;
    let tables = sqlite_tables(&mut looking.connection).await;
    // The answer is there, whatever becomes of the connection.
    let _ = looking.close().await;
    tables
}

/// As [`postgres_tables`].
pub(crate) async fn sqlite_tables(connection: &mut SqliteConnection) -> Result<Tables, StoreError> {
    let migrated: i64 = sqlx::query_scalar(MIGRATED_SQLITE).fetch_one(&mut *connection).await?;
    let applied: Vec<Applied> =
        if migrated == 0 { Vec::new() } else { sqlx::query_as(APPLIED).fetch_all(&mut *connection).await? };
    compare(&SQLITE_MIGRATIONS, &applied)
}

/// How the tables of a PostgreSQL stand.
pub(crate) async fn tables_of_postgres(options: &PgConnectOptions) -> Result<Tables, StoreError> {
    let mut connection = postgres::connect(options).await?;
    let tables = postgres_tables(&mut connection).await;
    // The answer is there, whatever becomes of the connection.
    let _ = connection.close().await;
    tables
}

/// How the tables stand that a connection reaches. Those of another program are refused, and so are a newer release's.
pub(crate) async fn postgres_tables(connection: &mut PgConnection) -> Result<Tables, StoreError> {
    let mut applied = applied_to_postgres(connection).await?;
    if applied.is_empty()
        && let Err(error) = names::require_free(connection, &POSTGRES_MIGRATIONS).await
    {
        // Another node may have made them meanwhile.
        applied = applied_to_postgres(connection).await?;
        if applied.is_empty() {
            return Err(error);
        }
    }
    compare(&POSTGRES_MIGRATIONS, &applied)
}

async fn applied_to_postgres(connection: &mut PgConnection) -> Result<Vec<Applied>, StoreError> {
    let migrated: i64 = sqlx::query_scalar(MIGRATED_POSTGRES).fetch_one(&mut *connection).await?;
    if migrated == 0 {
        return Ok(Vec::new());
    }
    sqlx::query_as(APPLIED).fetch_all(&mut *connection).await.map_err(|error| {
        if is_forbidden(&error) {
            let role = "this role may not read its tables; grant what docs/postgres/least-privilege.sql grants";
            StoreError::Unsuitable(role.to_owned())
        } else {
            error.into()
        }
    })
}

/// Whether PostgreSQL says that the role may not do it.
fn is_forbidden(error: &sqlx::Error) -> bool {
    const INSUFFICIENT_PRIVILEGE: &str = "42501";
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| code == INSUFFICIENT_PRIVILEGE)
}

/// Compares what was applied with what this release knows.
fn compare(known: &Migrator, applied: &[Applied]) -> Result<Tables, StoreError> {
    let is_first = |(version, checksum, _): &Applied| {
        known.iter().next().is_some_and(|first| first.version == *version && first.checksum == *checksum)
    };
    // Every program that uses sqlx keeps a table of this name.
    if applied.first().is_some_and(|oldest| !is_first(oldest)) {
        return Err(StoreError::Unsuitable(
            "the tables in it are another program's, and stay as they are; give Keydesk a database or a schema of its own"
                .to_owned(),
        ));
    }
    for (version, checksum, success) in applied {
        let Some(migration) = known.iter().find(|migration| migration.version == *version) else {
            return Err(StoreError::Unsuitable(format!(
                "its tables are those of a newer Keydesk (migration {version}); run that one, or restore the backup \
                 from before the upgrade"
            )));
        };
        if !success {
            return Err(StoreError::Migration(format!("{version} was begun and did not finish")));
        }
        if migration.checksum != *checksum {
            return Err(StoreError::Migration(format!("{version} was applied in another form than this release has")));
        }
    }
    Ok(Tables {
        applied: applied.last().map_or(0, |(version, ..)| *version),
        newest: known.iter().map(|migration| migration.version).max().unwrap_or(0),
        pending: known
            .iter()
            .filter(|migration| !applied.iter().any(|(version, ..)| *version == migration.version))
            .map(PendingMigration::of)
            .collect(),
    })
}
