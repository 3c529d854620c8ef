use uuid::Uuid;

/// Rows in one INSERT, ids in one IN: well under the 32,766 and 65,535 values that the databases take.
pub(crate) const CHUNK: usize = 500;

/// A statement put together from fixed pieces and bound values, for what can't be one constant: lists with filters and
/// statements over many ids. No text from outside ever becomes part of the statement.
#[derive(Default)]
pub(crate) struct Sql {
    pub(crate) text: String,
    pub(crate) values: Vec<Value>,
}

pub(crate) enum Value {
    Text(String),
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
        use std::fmt::Write as _;
        self.values.push(value);
        let _ = write!(self.text, "${}", self.values.len());
        self
    }

    pub(crate) fn text(&mut self, value: &str) -> &mut Self {
        self.bind(Value::Text(value.to_owned()))
    }

    pub(crate) fn int(&mut self, value: i64) -> &mut Self {
        self.bind(Value::Int(value))
    }

    pub(crate) fn id(&mut self, value: Uuid) -> &mut Self {
        self.bind(Value::Id(value))
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

/// Binds the values of a [`Sql`] to a query, whichever the database.
macro_rules! bind_all {
    ($query:expr, $values:expr) => {{
        let mut query = $query;
        for value in $values {
            query = match value {
                $crate::sql::Value::Text(text) => query.bind(text),
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

pub(crate) use bind_all;
