use std::fmt::Write as _;

use model::Instant;
use sqlx::{PgConnection, PgPool, SqliteConnection, SqlitePool};
use uuid::Uuid;

/// Rows in one INSERT, ids in one IN: well under the 32,766 and 65,535 values that the databases take.
pub(crate) const CHUNK: usize = 500;

/// A statement put together from fixed pieces and bound values, where it can't be one constant: lists with filters and
/// statements over many ids. No text from outside ever becomes part of the statement.
///
/// The place of a value is `?` here, and becomes `$n` for PostgreSQL ([`Dialect`]). SQLite takes `$n`, too, but looks each
/// such name up in a list of all of them, with every execution: of five thousand values that is most of the work.
#[derive(Debug, Default)]
pub(crate) struct Sql {
    pub(crate) text: String,
    pub(crate) values: Vec<Value>,
}

#[derive(Debug)]
pub(crate) enum Value {
    Text(String),
    /// A text that is part of the program.
    Word(&'static str),
    Int(i64),
    Id(Uuid),
    Bytes(Vec<u8>),
    MaybeInt(Option<i64>),
    MaybeId(Option<Uuid>),
    MaybeText(Option<String>),
    MaybeBytes(Option<Vec<u8>>),
}

impl Sql {
    pub(crate) fn new(text: &'static str) -> Self {
        Self { text: text.to_owned(), values: Vec::new() }
    }

    pub(crate) fn push(&mut self, text: &'static str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    pub(crate) fn bind(&mut self, value: Value) -> &mut Self {
        self.values.push(value);
        self.push("?")
    }

    pub(crate) fn text(&mut self, value: &str) -> &mut Self {
        self.bind(Value::Text(value.to_owned()))
    }

    pub(crate) fn word(&mut self, value: &'static str) -> &mut Self {
        self.bind(Value::Word(value))
    }

    pub(crate) fn int(&mut self, value: i64) -> &mut Self {
        self.bind(Value::Int(value))
    }

    /// A number where a SELECT gives it back: PostgreSQL must be told there what it is.
    pub(crate) fn cast(&mut self, value: i64) -> &mut Self {
        self.push("CAST(").int(value).push(" AS BIGINT)")
    }

    pub(crate) fn id(&mut self, value: Uuid) -> &mut Self {
        self.bind(Value::Id(value))
    }

    pub(crate) fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.bind(Value::Bytes(value.to_vec()))
    }

    /// Adds a piece that was put together elsewhere.
    pub(crate) fn append(&mut self, other: Self) -> &mut Self {
        self.text.push_str(&other.text);
        self.values.extend(other.values);
        self
    }

    /// `($1, $2, ..)`
    pub(crate) fn list<T>(&mut self, items: &[T], mut bind: impl FnMut(&mut Self, &T)) -> &mut Self {
        self.push("(");
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.push(", ");
            }
            bind(self, item);
        }
        self.push(")")
    }
}

/// How a database writes the places of values.
pub(crate) trait Dialect {
    /// The statement as the database takes it.
    fn statement(text: String) -> String;
}

impl Dialect for SqliteConnection {
    fn statement(text: String) -> String {
        text
    }
}

impl Dialect for PgConnection {
    fn statement(text: String) -> String {
        numbered(&text)
    }
}

impl Dialect for SqlitePool {
    fn statement(text: String) -> String {
        text
    }
}

impl Dialect for PgPool {
    fn statement(text: String) -> String {
        numbered(&text)
    }
}

fn numbered(text: &str) -> String {
    let mut numbered = String::with_capacity(text.len() * 2);
    for (number, piece) in text.split('?').enumerate() {
        if number > 0 {
            let _ = write!(numbered, "${number}");
        }
        numbered.push_str(piece);
    }
    numbered
}

/// The statement of a [`Sql`] for this connection or pool.
pub(crate) fn statement<D: Dialect>(_: &D, text: String) -> String {
    D::statement(text)
}

/// A query of a [`Sql`] with its values bound, for a connection or a pool of whichever database.
macro_rules! query {
    ($query:ident, $sql:expr, $connection:expr) => {{
        let $crate::sql::Sql { text, values } = $sql;
        let mut query = sqlx::$query(sqlx::AssertSqlSafe($crate::sql::statement(&*$connection, text)));
        for value in values {
            query = match value {
                $crate::sql::Value::Text(text) => query.bind(text),
                $crate::sql::Value::Word(word) => query.bind(word),
                $crate::sql::Value::Int(int) => query.bind(int),
                $crate::sql::Value::Id(id) => query.bind(id),
                $crate::sql::Value::Bytes(bytes) => query.bind(bytes),
                $crate::sql::Value::MaybeInt(int) => query.bind(int),
                $crate::sql::Value::MaybeId(id) => query.bind(id),
                $crate::sql::Value::MaybeText(text) => query.bind(text),
                $crate::sql::Value::MaybeBytes(bytes) => query.bind(bytes),
            };
        }
        query
    }};
}

pub(crate) use query;

/// The instant of a column that may be NULL.
pub(crate) fn instant(ms: Option<i64>) -> Option<Instant> {
    ms.map(Instant::from_millis)
}

/// Sets and pairs as a row holds them: nothing but texts, which JSON can always hold. Were it otherwise one day, the change
/// would end here: an empty text would be another set.
macro_rules! json {
    ($value:expr) => {
        serde_json::to_string($value).expect("texts, which JSON can always hold")
    };
}

pub(crate) use json;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_numbered_for_postgresql() {
        let mut sql = Sql::new("UPDATE t SET a = ");
        sql.int(1).push(" WHERE b IN ").list(&[2, 3], |sql, int| {
            sql.int(*int);
        });
        assert_eq!(sql.text, "UPDATE t SET a = ? WHERE b IN (?, ?)");
        assert_eq!(numbered(&sql.text), "UPDATE t SET a = $1 WHERE b IN ($2, $3)");
    }
}
