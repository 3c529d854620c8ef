//! SQLite's statistics for its planner, of which Keydesk keeps none.

use sqlx::SqliteConnection;

/// SQLite alone: the tables in which `ANALYZE` keeps statistics.
pub(crate) const STATISTICS: &str =
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name IN ('sqlite_stat1', 'sqlite_stat4')";

/// The tables of statistics that are there.
pub(crate) async fn statistics(connection: &mut SqliteConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(STATISTICS).fetch_all(connection).await
}

/// Removes what earlier releases, or somebody's `ANALYZE`, noted for the planner. Statistics of a small database make it scan
/// tables that have grown since: with those of a new one, creating 10,000 keys took seven times as long. Without any it takes
/// the indexes, which are made for every statement.
pub(crate) async fn forget_statistics(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let tables = statistics(connection).await?;
    if tables.iter().any(|table| table == "sqlite_stat1") {
        sqlx::query("DROP TABLE sqlite_stat1").execute(&mut *connection).await?;
    }
    if tables.iter().any(|table| table == "sqlite_stat4") {
        sqlx::query("DROP TABLE sqlite_stat4").execute(&mut *connection).await?;
    }
    Ok(())
}
