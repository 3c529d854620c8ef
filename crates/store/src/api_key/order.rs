//! The orders of lists: what each goes by, in a row and in a statement. Both databases serve each by an index.

use model::{CursorValue, Instant, KeyId, Sort, SortColumn};

use super::StoredKey;
use crate::sql::Sql;

macro_rules! end_order {
    () => {
        "(COALESCE(expires_at, 9223372036854775807))"
    };
}

macro_rules! status_order {
    () => {
        "(CASE WHEN disabled_at IS NULL THEN COALESCE(expires_at, 4611686018427387903) ELSE 4611686018427387904 END)"
    };
}

/// Where keys that never end stand in the order of ends.
const NEVER: i64 = i64::MAX;
/// Where keys stand in the order of states that are disabled: behind all that work or have expired, which stand there by their ends.
const DISABLED: i64 = 1 << 62;

impl StoredKey {
    /// Its place in an order, after which a list goes on.
    pub fn place(&self, column: SortColumn) -> (CursorValue, KeyId) {
        let key = self.columns();
        let end = self.life.expires_at.map(Instant::as_millis);
        let value = match column {
            SortColumn::ClientName => CursorValue::Name(self.name_order().to_vec()),
            SortColumn::Preset => CursorValue::Preset(key.settings.preset.as_str(), self.name_order().to_vec()),
            SortColumn::Status if self.life.disabled_at.is_some() => CursorValue::Number(DISABLED),
            SortColumn::Status => CursorValue::Number(end.unwrap_or(DISABLED - 1)),
            SortColumn::ExpiresAt => CursorValue::Number(end.unwrap_or(NEVER)),
            SortColumn::CreatedAt => CursorValue::Number(key.created_at.as_millis()),
            SortColumn::LastUsedAt => CursorValue::Number(key.last_used_at.map_or(0, Instant::as_millis)),
        };
        (value, key.id)
    }
}

/// An order in a statement, and the place after which it goes on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order<'a> {
    pub(super) sort: Sort,
    pub(super) after: Option<&'a (CursorValue, KeyId)>,
    pub(super) sqlite: bool,
}

impl Order<'_> {
    /// Adds the place and the order.
    pub(super) fn push(self, sql: &mut Sql) {
        self.push_by(sql, self.column());
    }

    /// The same where PostgreSQL must take no index for the order: with something added it knows none.
    pub(super) fn push_sorted(self, sql: &mut Sql) {
        let sorted = match self.sort.column {
            _ if self.sqlite => self.column(),
            SortColumn::ClientName => "name_order || ''::bytea",
            SortColumn::Preset => "preset || ''",
            SortColumn::Status => concat!(status_order!(), " + 0"),
            SortColumn::ExpiresAt => concat!(end_order!(), " + 0"),
            SortColumn::CreatedAt => "created_at + 0",
            SortColumn::LastUsedAt => "last_used_at + 0",
        };
        self.push_by(sql, sorted);
    }

    /// Adds the order alone.
    pub(super) fn push_order(self, sql: &mut Sql) {
        Self { after: None, ..self }.push(sql);
    }

    /// As the index has it: SQLite's columns and PostgreSQL's expressions are those of the migration.
    fn column(self) -> &'static str {
        match (self.sort.column, self.sqlite) {
            (SortColumn::ClientName, _) => "name_order",
            (SortColumn::Preset, _) => "preset",
            (SortColumn::Status, true) => "status_order",
            (SortColumn::Status, false) => status_order!(),
            (SortColumn::ExpiresAt, true) => "end_order",
            (SortColumn::ExpiresAt, false) => end_order!(),
            (SortColumn::CreatedAt, _) => "created_at",
            (SortColumn::LastUsedAt, _) => "last_used_at",
        }
    }

    fn push_by(self, sql: &mut Sql, first: &'static str) {
        let named = self.sort.column == SortColumn::Preset;
        if let Some((value, id)) = self.after {
            // A row comparison is one range on the index of the order, in both databases.
            sql.push(" AND (").push(first).push(if named { ", name_order, id) " } else { ", id) " });
            sql.push(if self.sort.descending { "< (" } else { "> (" });
            match value {
                CursorValue::Name(order) => _ = sql.bytes(order),
                CursorValue::Preset(preset, order) => {
                    sql.word(preset).push(", ").bytes(order);
                }
                CursorValue::Number(number) => _ = sql.int(*number),
            }
            sql.push(", ").id(id.0).push(")");
        }
        let direction = if self.sort.descending { " DESC" } else { " ASC" };
        sql.push(" ORDER BY ").push(first).push(direction);
        if named {
            sql.push(", name_order").push(direction);
        }
        sql.push(", id").push(direction);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_statements() {
        assert!(end_order!().contains(&NEVER.to_string()));
        assert!(status_order!().contains(&DISABLED.to_string()));
        assert!(status_order!().contains(&(DISABLED - 1).to_string()));
    }
}
