use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Attention, Environment, Instant, Key, KeyId, KeyStatus, Preset};

/// Keys on a page when nothing else is asked.
pub const PAGE_DEFAULT: u32 = 50;
/// Most keys on a page.
pub const PAGE_MAX: u32 = 200;

/// Longest cursor, in bytes: the hexadecimal of a folded Client Name takes less.
const CURSOR_MAX: usize = 8 * 1024;

/// The column that orders a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SortColumn {
    /// Client Name, without regard to case.
    ClientName,
    /// Age.
    CreatedAt,
    /// Last allowed call; keys never used count as the longest ago.
    LastUsedAt,
}

/// An order; ties are broken by id, in the same direction. The Default API Key comes first in every order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sort {
    /// The column.
    pub column: SortColumn,
    /// Largest first.
    pub descending: bool,
}

/// The text names no order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("sort is client_name, created_at or last_used_at, with - before it for descending")]
pub struct UnknownSort;

impl Default for Sort {
    fn default() -> Self {
        Self { column: SortColumn::ClientName, descending: false }
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let column = match self.column {
            SortColumn::ClientName => "client_name",
            SortColumn::CreatedAt => "created_at",
            SortColumn::LastUsedAt => "last_used_at",
        };
        write!(f, "{}{column}", if self.descending { "-" } else { "" })
    }
}

impl FromStr for Sort {
    type Err = UnknownSort;

    fn from_str(text: &str) -> Result<Self, UnknownSort> {
        let (column, descending) = match text.strip_prefix('-') {
            Some(column) => (column, true),
            None => (text, false),
        };
        let column = match column {
            "client_name" => SortColumn::ClientName,
            "created_at" => SortColumn::CreatedAt,
            "last_used_at" => SortColumn::LastUsedAt,
            _ => return Err(UnknownSort),
        };
        Ok(Self { column, descending })
    }
}

impl TryFrom<String> for Sort {
    type Error = UnknownSort;

    fn try_from(text: String) -> Result<Self, UnknownSort> {
        text.parse()
    }
}

impl From<Sort> for String {
    fn from(sort: Sort) -> Self {
        sort.to_string()
    }
}

/// Where the next page begins: after the row with these values. Opaque to callers.
///
/// Written as `1.<sort>.<id or ->.<value in hex>`, with only characters that need no escaping in a URL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cursor {
    /// The order that it belongs to; another order can't go on from it.
    pub sort: Sort,
    /// The value of the last row in the order's column; `None`: only the Default API Key has been shown.
    pub after: Option<(CursorValue, KeyId)>,
}

/// The value of a row in the column that orders the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CursorValue {
    /// A folded Client Name.
    Text(String),
    /// An instant in milliseconds.
    Millis(i64),
}

/// The text is no cursor, or belongs to another order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of this list; start again without one")]
pub struct InvalidCursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}.", self.sort)?;
        match &self.after {
            None => f.write_str("-."),
            Some((CursorValue::Millis(ms), id)) => write!(f, "{id}.{ms}"),
            Some((CursorValue::Text(text), id)) => {
                write!(f, "{id}.")?;
                text.bytes().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    }
}

impl TryFrom<String> for Cursor {
    type Error = InvalidCursor;

    fn try_from(text: String) -> Result<Self, InvalidCursor> {
        text.parse()
    }
}

impl From<Cursor> for String {
    fn from(cursor: Cursor) -> Self {
        cursor.to_string()
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        if text.len() > CURSOR_MAX {
            return Err(InvalidCursor);
        }
        let mut parts = text.splitn(4, '.');
        let mut part = || parts.next().ok_or(InvalidCursor);
        let (version, sort, id, value) = (part()?, part()?, part()?, part()?);
        let sort: Sort = sort.parse().map_err(|_| InvalidCursor)?;
        if version != "1" {
            return Err(InvalidCursor);
        }
        if id == "-" {
            return if value.is_empty() { Ok(Self { sort, after: None }) } else { Err(InvalidCursor) };
        }
        let id: KeyId = id.parse().map_err(|_| InvalidCursor)?;
        let value = match sort.column {
            SortColumn::ClientName => CursorValue::Text(unhex(value).ok_or(InvalidCursor)?),
            SortColumn::CreatedAt | SortColumn::LastUsedAt => {
                CursorValue::Millis(value.parse().map_err(|_| InvalidCursor)?)
            }
        };
        Ok(Self { sort, after: Some((value, id)) })
    }
}

fn unhex(text: &str) -> Option<String> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let bytes = (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok());
    // No name holds a NUL, and PostgreSQL refuses it in a text.
    String::from_utf8(bytes.collect::<Option<_>>()?).ok().filter(|text| !text.contains('\0'))
}

/// Which keys are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListQuery {
    /// What is searched for, as typed ([`crate::Search`]); `%`, `_` and `\` are ordinary characters. Empty: all.
    pub search: String,
    /// Only this environment.
    pub environment: Option<Environment>,
    /// Only this status; `revoked` lists deleted keys that can still be restored. Without it: all but those.
    pub status: Option<KeyStatus>,
    /// Only this preset.
    pub preset: Option<Preset>,
    /// Only keys that have not expired yet, and will before this instant.
    pub expiring_before: Option<Instant>,
    /// Only keys that want attention for this reason.
    #[serde(default)]
    pub attention: Option<Attention>,
    /// The order.
    pub sort: Sort,
    /// Keys on the page, 1 to [`PAGE_MAX`].
    pub limit: u32,
    /// Where the page begins.
    pub cursor: Option<Cursor>,
}

/// A page of keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeyPage {
    /// In the order asked.
    pub items: Vec<Key>,
    /// Where the next page begins; null: this was the last.
    pub next_cursor: Option<String>,
    /// How many keys match in all.
    pub total: u64,
    /// `total` is a lower bound: at least this many keys match. Without search and filters the total is always exact.
    pub total_is_lower_bound: bool,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_reads_back(name in "[^\0]{0,30}", ms in any::<i64>(), id in any::<u128>(), by_name in any::<bool>(), descending in any::<bool>()) {
            let id = KeyId(Uuid::from_u128(id));
            let (column, value) = if by_name {
                (SortColumn::ClientName, CursorValue::Text(name))
            } else {
                (SortColumn::CreatedAt, CursorValue::Millis(ms))
            };
            let cursor = Cursor { sort: Sort { column, descending }, after: Some((value, id)) };
            prop_assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }

        #[test]
        fn reading_a_cursor_never_panics(text in "\\PC{0,60}") {
            let _ = text.parse::<Cursor>();
        }
    }

    #[test]
    fn malformed_cursors_are_refused() {
        for bad in
            ["", "1", "2.client_name.-.", "1.name.-.", "1.client_name.-.61", "1.created_at.-", "1.client_name.x.61"]
        {
            assert_eq!(bad.parse::<Cursor>(), Err(InvalidCursor), "{bad}");
        }
        let zero = Uuid::nil();
        for value in ["6", "zz", "00", "ff", "+1"] {
            assert_eq!(format!("1.client_name.{zero}.{value}").parse::<Cursor>(), Err(InvalidCursor), "{value}");
        }
    }
}
