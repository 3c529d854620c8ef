use std::{collections::BTreeMap, path::Path, str::FromStr as _};

use sqlx::{
    Column as _, ConnectOptions as _, Connection as _, Executor as _, PgConnection, Row as _, SqliteConnection,
    TypeInfo as _, ValueRef as _, postgres::PgConnectOptions, sqlite::SqliteConnectOptions,
};
use uuid::Uuid;

use super::statement;

/// A connection that runs any statement.
#[derive(Debug)]
pub enum Raw {
    /// With SQLite's own defaults, as its shell has them: foreign keys are not looked at.
    Sqlite(SqliteConnection),
    /// As superuser, or as whom its address names.
    Postgres(PgConnection),
}

/// One value of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Of which table.
    pub table: String,
    /// Of which column.
    pub column: String,
    /// As the database sends it; a text and a blob as they are.
    pub bytes: Vec<u8>,
}

/// Table, column, and whether it may be NULL.
pub type Schema = BTreeMap<(String, String), bool>;

impl Raw {
    /// Connects to a database by its address.
    pub async fn connect(address: &str) -> Self {
        match address.strip_prefix("sqlite:") {
            Some(path) => {
                let options = SqliteConnectOptions::new().filename(Path::new(path)).foreign_keys(false);
                Self::Sqlite(options.connect().await.expect("a connection to the file"))
            }
            None => {
                let options = PgConnectOptions::from_str(address).expect("an address");
                Self::Postgres(options.connect().await.expect("a connection to the server"))
            }
        }
    }

    /// Runs statements and returns how many rows the last one touched, or what the database said.
    pub async fn execute(&mut self, sql: &str) -> Result<u64, String> {
        let sql = statement(sql.to_owned());
        match self {
            Self::Sqlite(connection) => connection.execute(sqlx::raw_sql(sql)).await.map(|done| done.rows_affected()),
            Self::Postgres(connection) => connection.execute(sqlx::raw_sql(sql)).await.map(|done| done.rows_affected()),
        }
        .map_err(|error| error.to_string())
    }

    /// Ends it. SQLite then writes a log back, if nobody else has the file open.
    pub async fn close(self) {
        match self {
            Self::Sqlite(connection) => connection.close().await,
            Self::Postgres(connection) => connection.close().await,
        }
        .expect("a goodbye");
    }

    /// Has the database prepare a statement, without running it.
    pub async fn prepare(&mut self, sql: &'static str) -> Result<(), String> {
        use sqlx::SqlStr;
        match self {
            Self::Sqlite(connection) => connection.prepare(SqlStr::from_static(sql)).await.map(drop),
            Self::Postgres(connection) => connection.prepare(SqlStr::from_static(sql)).await.map(drop),
        }
        .map_err(|error| error.to_string())
    }

    /// The one number that a query gives.
    pub async fn number(&mut self, sql: &str) -> i64 {
        let sql = statement(sql.to_owned());
        match self {
            Self::Sqlite(connection) => sqlx::query_scalar(sql).fetch_one(connection).await,
            Self::Postgres(connection) => sqlx::query_scalar(sql).fetch_one(connection).await,
        }
        .expect("a number")
    }

    /// The texts that a query gives.
    pub async fn texts(&mut self, sql: &str) -> Vec<String> {
        let sql = statement(sql.to_owned());
        match self {
            Self::Sqlite(connection) => sqlx::query_scalar(sql).fetch_all(connection).await,
            Self::Postgres(connection) => sqlx::query_scalar(sql).fetch_all(connection).await,
        }
        .expect("texts")
    }

    /// An id as this database writes it in a statement.
    pub fn id(&self, id: Uuid) -> String {
        match self {
            Self::Sqlite(_) => format!("x'{}'", id.simple()),
            Self::Postgres(_) => format!("'{id}'::uuid"),
        }
    }

    /// Bytes as this database writes them in a statement.
    pub fn bytes(&self, bytes: &[u8]) -> String {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        match self {
            Self::Sqlite(_) => format!("x'{hex}'"),
            Self::Postgres(_) => format!("'\\x{hex}'::bytea"),
        }
    }

    /// Every table, an index's hidden ones included.
    pub async fn tables(&mut self) -> Vec<String> {
        match self {
            Self::Sqlite(_) => self.texts("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").await,
            Self::Postgres(_) => {
                let sql = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public' \
                           ORDER BY table_name";
                self.texts(sql).await
            }
        }
    }

    /// The columns of every table.
    pub async fn schema(&mut self) -> Schema {
        let rows = match self {
            Self::Sqlite(_) => {
                let sql = "SELECT t.name || ' ' || c.name || ' ' || (c.\"notnull\" = 0 AND c.pk = 0) \
                           FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'";
                self.texts(sql).await
            }
            Self::Postgres(_) => {
                let sql = "SELECT table_name || ' ' || column_name || ' ' || (is_nullable = 'YES')::int \
                           FROM information_schema.columns WHERE table_schema = 'public'";
                self.texts(sql).await
            }
        };
        rows.iter()
            .map(|row| {
                let words: Vec<_> = row.split(' ').collect();
                ((words[0].to_owned(), words[1].to_owned()), words[2] == "1")
            })
            .collect()
    }

    /// Every value of every row of every table.
    pub async fn dump(&mut self) -> Vec<Cell> {
        let mut cells = Vec::new();
        for table in self.tables().await {
            let sql = statement(format!("SELECT * FROM {table}"));
            match self {
                Self::Sqlite(connection) => {
                    for row in sqlx::query(sql).fetch_all(connection).await.expect("rows") {
                        for (index, column) in row.columns().iter().enumerate() {
                            let kind = row.try_get_raw(index).expect("a value").type_info().name().to_owned();
                            let bytes = match kind.as_str() {
                                "NULL" => continue,
                                "INTEGER" => row.get::<i64, _>(index).to_string().into_bytes(),
                                "TEXT" => row.get::<String, _>(index).into_bytes(),
                                "BLOB" => row.get::<Vec<u8>, _>(index),
                                _ => row.get_unchecked::<Vec<u8>, _>(index),
                            };
                            cells.push(Cell { table: table.clone(), column: column.name().to_owned(), bytes });
                        }
                    }
                }
                Self::Postgres(connection) => {
                    for row in sqlx::query(sql).fetch_all(connection).await.expect("rows") {
                        for (index, column) in row.columns().iter().enumerate() {
                            let value = row.try_get_raw(index).expect("a value");
                            if value.is_null() {
                                continue;
                            }
                            let bytes = value.as_bytes().expect("bytes").to_vec();
                            cells.push(Cell { table: table.clone(), column: column.name().to_owned(), bytes });
                        }
                    }
                }
            }
        }
        cells
    }
}
