use sqlx::Connection as _;

use crate::{
    Store, StoreError, check_address,
    database_file::not_moved_away,
    looking::Looking,
    migrations::{postgres_tables, sqlite_tables},
    postgres, sqlite_file,
    sqlite_files::nothing_left_over,
};

/// The first installation comes last when a deployment is made.
pub(crate) const FOUNDED: &str = "SELECT COUNT(*) FROM installation";

impl Store {
    /// Whether there is a deployment in a database, which is looked at and stays as it is: a SQLite file that is not there is not
    /// made. One that is not ours, or of a newer release, is refused.
    pub async fn is_founded(address: &str) -> Result<bool, StoreError> {
        check_address(address)?;
        match sqlite_file(address) {
            Some(path) if !path.exists() => {
                not_moved_away(path)?;
                nothing_left_over(path)?;
                Ok(false)
            }
            Some(path) => {
                let mut looking = Looking::at(path).await?;
                let mut founded: i64 = sqlite_tables(&mut looking.connection).await?.applied;
                if founded > 0 {
                    founded = sqlx::query_scalar(FOUNDED).fetch_one(&mut looking.connection).await?;
                }
                looking.close().await?;
                Ok(founded > 0)
            }
            None => {
                let mut connection = postgres::connect(&postgres::options(address)?).await?;
                let mut founded: i64 = postgres_tables(&mut connection).await?.applied;
                if founded > 0 {
                    founded = sqlx::query_scalar(FOUNDED).fetch_one(&mut connection).await?;
                }
                connection.close().await?;
                Ok(founded > 0)
            }
        }
    }
}
