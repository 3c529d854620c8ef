use std::pin::Pin;

use sqlx::{PgPool, SqlitePool};

/// The connections to a database, of whichever kind.
#[derive(Clone, Debug)]
pub(crate) enum Db {
    Sqlite {
        /// Many connections that can't write.
        read: SqlitePool,
        /// One connection: SQLite has one writer, and a queue in the pool is fairer than a busy loop in the file.
        write: SqlitePool,
    },
    Postgres {
        /// For reads, which are over soon.
        read: PgPool,
        /// For changes, which wait for each other: however many do, a read gets a connection at once, and memory stays
        /// fresh.
        write: PgPool,
    },
}

/// Runs an expression on a pool to read from, whichever the database; it is compiled once for each.
macro_rules! on_db {
    ($store:expr, $pool:ident => $body:expr) => {{
        let _timed = $store.changes.witness.times.read(module_path!());
        match &$store.db {
            $crate::db::Db::Sqlite { read: $pool, .. } => $body,
            $crate::db::Db::Postgres { read: $pool, .. } => $body,
        }
    }};
}

/// Connections that only read, set apart for one use, so that no other can starve it.
#[derive(Clone, Debug)]
pub(crate) enum Apart {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Apart {
    /// From now on they are given to nobody. The future ends when those that are used were given back.
    pub(crate) fn close(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        match self {
            Self::Sqlite(pool) => Box::pin(pool.close()),
            Self::Postgres(pool) => Box::pin(pool.close()),
        }
    }
}

/// The same on connections that are set apart: those of the `poll`, or for `lookups`.
macro_rules! on_apart {
    ($store:ident.$apart:ident, $pool:ident => $body:expr) => {{
        let _timed = $store.changes.witness.times.$apart(module_path!());
        match &$store.$apart {
            $crate::db::Apart::Sqlite($pool) => $body,
            $crate::db::Apart::Postgres($pool) => $body,
        }
    }};
}

pub(crate) use {on_apart, on_db};
