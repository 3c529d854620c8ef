use sqlx::Connection as _;

use crate::{
    Store, StoreError, check_address,
    migrations::{Tables, tables_of_postgres, tables_of_sqlite},
    postgres, sqlite_file,
};

impl Store {
    /// Asks how the tables of a database stand, and changes nothing: a SQLite file that is not there is not made.
    pub async fn tables(address: &str) -> Result<Tables, StoreError> {
        check_address(address)?;
        match sqlite_file(address) {
            Some(path) => tables_of_sqlite(path).await,
            None => tables_of_postgres(&postgres::options(address)?).await,
        }
    }

    /// Connects to the server of a database, and ends the connection. A file is not looked at.
    pub async fn reach(address: &str) -> Result<(), StoreError> {
        check_address(address)?;
        match sqlite_file(address) {
            Some(_) => Ok(()),
            None => Ok(postgres::connect(&postgres::options(address)?).await?.close().await?),
        }
    }

    /// Brings the tables of a database up to date, and says how they stood before.
    pub async fn migrate(address: &str) -> Result<Tables, StoreError> {
        let before = Self::tables(address).await?;
        Self::open(address).await?.close().await;
        Ok(before)
    }
}
