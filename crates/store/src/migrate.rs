use crate::{
    Store, StoreError,
    migrations::{Tables, tables_of_postgres, tables_of_sqlite},
    postgres, sqlite_file,
};

impl Store {
    /// Asks how the tables of a database stand, and changes nothing: a SQLite file that is not there is not made.
    pub async fn tables(address: &str) -> Result<Tables, StoreError> {
        match sqlite_file(address) {
            Some(path) => tables_of_sqlite(path).await,
            None => tables_of_postgres(&postgres::options(address)?).await,
        }
    }

    /// Brings the tables of a database up to date, and says how they stood before.
    pub async fn migrate(address: &str) -> Result<Tables, StoreError> {
        let before = Self::tables(address).await?;
        Self::open(address).await?.close().await;
        Ok(before)
    }
}
