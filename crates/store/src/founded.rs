use sqlx::{ConnectOptions as _, Connection as _, PgConnection, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::{
    Store, StoreError,
    migrations::{MIGRATED_POSTGRES, MIGRATED_SQLITE},
    postgres, sqlite_file,
    sqlite_files::{DatabaseLock, nothing_left_over},
};

/// The first installation comes last when a deployment is made.
pub(crate) const FOUNDED: &str = "SELECT COUNT(*) FROM installation";

impl Store {
    /// Whether there is a deployment in a database, which is looked at and stays as it is: a SQLite file that is not there is not
    /// made.
    pub async fn is_founded(address: &str) -> Result<bool, StoreError> {
        match sqlite_file(address) {
            Some(path) if !path.exists() => {
                nothing_left_over(path)?;
                Ok(false)
            }
            Some(path) => {
                let _lock = DatabaseLock::shared(path)?;
                let mut connection: SqliteConnection = SqliteConnectOptions::new().filename(path).connect().await?;
                let mut founded: i64 = sqlx::query_scalar(MIGRATED_SQLITE).fetch_one(&mut connection).await?;
                if founded > 0 {
                    founded = sqlx::query_scalar(FOUNDED).fetch_one(&mut connection).await?;
                }
                connection.close().await?;
                Ok(founded > 0)
            }
            None => {
                let mut connection: PgConnection = postgres::options(address)?.connect().await?;
                let mut founded: i64 = sqlx::query_scalar(MIGRATED_POSTGRES).fetch_one(&mut connection).await?;
                if founded > 0 {
                    founded = sqlx::query_scalar(FOUNDED).fetch_one(&mut connection).await?;
                }
                connection.close().await?;
                Ok(founded > 0)
            }
        }
    }
}
