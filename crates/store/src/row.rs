//! Structs that are rows.

/// Lets the fields of a struct be the columns of a row, by name. A field after `..` is such a struct itself.
///
/// `sqlx::FromRow` could be derived, but the crate that derives it is built on both databases' drivers: each build would compile
/// SQLite and them once more, for itself.
macro_rules! row {
    (
        $(#[$meta:meta])* $visible:vis struct $name:ident {
            $(.. $inner:ident: $struct:ty,)?
            $($column:ident: $kind:ty),+ $(,)?
        }
    ) => {
        $(#[$meta])* $visible struct $name {
            $($inner: $struct,)?
            $($column: $kind),+
        }

        impl<'r, R: sqlx::Row> sqlx::FromRow<'r, R> for $name
        where
            &'r str: sqlx::ColumnIndex<R>,
            $($struct: sqlx::FromRow<'r, R>,)?
            $($kind: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>),+
        {
            fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
                Ok(Self {
                    $($inner: sqlx::FromRow::from_row(row)?,)?
                    $($column: row.try_get(stringify!($column).trim_start_matches("r#"))?),+
                })
            }
        }
    };
}

pub(crate) use row;
