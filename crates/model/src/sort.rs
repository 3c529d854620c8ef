use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The column that orders a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SortColumn {
    /// Client Name, as people sort names.
    ClientName,
    /// What needs a look first: expired keys, those that were first at the head; then active ones, those that end soonest at the
    /// head; then those that are disabled.
    Status,
    /// Preset, and within one Client Name.
    Preset,
    /// When they end; keys that never do are last.
    ExpiresAt,
    /// Age.
    CreatedAt,
    /// Last allowed call; keys never used count as the longest ago.
    LastUsedAt,
}

impl SortColumn {
    /// Every column that orders a list.
    pub const ALL: [Self; 6] =
        [Self::ClientName, Self::Status, Self::Preset, Self::ExpiresAt, Self::CreatedAt, Self::LastUsedAt];

    /// Its name in addresses and queries.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientName => "client_name",
            Self::Status => "status",
            Self::Preset => "preset",
            Self::ExpiresAt => "expires_at",
            Self::CreatedAt => "created_at",
            Self::LastUsedAt => "last_used_at",
        }
    }
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
#[error("sort is client_name, status, preset, expires_at, created_at or last_used_at, with - before it for descending")]
pub struct UnknownSort;

impl Default for Sort {
    fn default() -> Self {
        Self { column: SortColumn::ClientName, descending: false }
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.descending { "-" } else { "" }, self.column.as_str())
    }
}

impl FromStr for Sort {
    type Err = UnknownSort;

    fn from_str(text: &str) -> Result<Self, UnknownSort> {
        let (name, descending) = match text.strip_prefix('-') {
            Some(name) => (name, true),
            None => (text, false),
        };
        let column = SortColumn::ALL.into_iter().find(|column| column.as_str() == name).ok_or(UnknownSort)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_reads_back_from_its_name() {
        for column in SortColumn::ALL {
            for descending in [false, true] {
                let sort = Sort { column, descending };
                assert_eq!(sort.to_string().parse(), Ok(sort));
            }
        }
        for other in ["", "-", "name", "--status", "Status"] {
            assert_eq!(other.parse::<Sort>(), Err(UnknownSort), "{other}");
        }
    }
}
