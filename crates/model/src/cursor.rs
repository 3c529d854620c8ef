use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{KeyId, Preset, Sort, SortColumn};

/// Longest cursor, in bytes: the hexadecimal of what a Client Name is ordered by takes less.
const CURSOR_MAX: usize = 8 * 1024;

/// Where the next page begins: after the row with these values. Opaque to callers.
///
/// Written as `2.<sort>.<id or ->.<value>`, with only characters that need no escaping in a URL. Those of version 1 had the folded name,
/// which orders no list any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cursor {
    /// The order that it belongs to; another order can't go on from it.
    pub sort: Sort,
    /// The value of the last row in the order's column; `None`: only the Default API Key has been shown.
    pub after: Option<(CursorValue, KeyId)>,
}

/// The value of a row in the column that orders the list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CursorValue {
    /// What a Client Name is ordered by.
    Name(Vec<u8>),
    /// A preset, and what a Client Name is ordered by.
    Preset(&'static str, Vec<u8>),
    /// A number, such as an instant in milliseconds.
    Number(i64),
}

/// The text is no cursor, or belongs to another order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of this list; start again without one")]
pub struct InvalidCursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "2.{}.", self.sort)?;
        let (value, id) = match &self.after {
            None => return f.write_str("-."),
            Some(after) => after,
        };
        write!(f, "{id}.")?;
        match value {
            CursorValue::Number(number) => write!(f, "{number}"),
            CursorValue::Name(order) => hex(order, f),
            CursorValue::Preset(preset, order) => {
                write!(f, "{preset}.")?;
                hex(order, f)
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
        if version != "2" {
            return Err(InvalidCursor);
        }
        if id == "-" {
            return if value.is_empty() { Ok(Self { sort, after: None }) } else { Err(InvalidCursor) };
        }
        let id: KeyId = id.parse().map_err(|_| InvalidCursor)?;
        let value = read(sort.column, value).ok_or(InvalidCursor)?;
        Ok(Self { sort, after: Some((value, id)) })
    }
}

fn read(column: SortColumn, value: &str) -> Option<CursorValue> {
    match column {
        SortColumn::ClientName => unhex(value).map(CursorValue::Name),
        SortColumn::Preset => {
            let (preset, order) = value.split_once('.')?;
            let preset: Preset = preset.parse().ok()?;
            Some(CursorValue::Preset(preset.as_str(), unhex(order)?))
        }
        SortColumn::Status | SortColumn::ExpiresAt | SortColumn::CreatedAt | SortColumn::LastUsedAt => {
            value.parse().ok().map(CursorValue::Number)
        }
    }
}

fn hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::select};
    use uuid::Uuid;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_reads_back(
            column in select(SortColumn::ALL.to_vec()), order in any::<Vec<u8>>(), preset in select(Preset::ALL.to_vec()), number in any::<i64>(),
            id in any::<u128>(), descending in any::<bool>(),
        ) {
            let value = match column {
                SortColumn::ClientName => CursorValue::Name(order),
                SortColumn::Preset => CursorValue::Preset(preset.as_str(), order),
                _ => CursorValue::Number(number),
            };
            let cursor = Cursor { sort: Sort { column, descending }, after: Some((value, KeyId(Uuid::from_u128(id)))) };
            prop_assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }

        #[test]
        fn reading_a_cursor_never_panics(text in "\\PC{0,60}") {
            let _ = text.parse::<Cursor>();
        }
    }

    #[test]
    fn malformed_cursors_are_refused() {
        let bad = [
            "",
            "2",
            "1.client_name.-.",
            "3.client_name.-.",
            "2.name.-.",
            "2.client_name.-.61",
            "2.created_at.-",
            "2.client_name.x.61",
        ];
        for bad in bad {
            assert_eq!(bad.parse::<Cursor>(), Err(InvalidCursor), "{bad}");
        }
        let zero = Uuid::nil();
        for value in ["6", "zz", "+1"] {
            assert_eq!(format!("2.client_name.{zero}.{value}").parse::<Cursor>(), Err(InvalidCursor), "{value}");
        }
        for value in ["61", "crm", "crm.6", "none.61", "crm..61"] {
            assert_eq!(format!("2.preset.{zero}.{value}").parse::<Cursor>(), Err(InvalidCursor), "{value}");
        }
    }
}
