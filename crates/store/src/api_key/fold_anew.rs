//! What an earlier release did not fold as this one does is folded anew, some rows at a time, and gets its place in the order of names. That
//! is no change of truth: nothing that anybody reads is altered but the order of a list.

use std::sync::atomic::Ordering;

use model::{FOLD_VERSION, SearchTexts, name_order};
use sqlx::{FromRow as _, Row as _};
use uuid::Uuid;

use super::{StoredKey, row::KeyRow, row::key_select};
use crate::{
    Store, StoreError,
    db::on_db,
    sql::{Sql, query},
    work::write_down,
};

/// Rows in one transaction: others wait for it no longer than for a change.
const BATCH: i64 = 400;

/// Deleted keys are among them: they can be found, and restored.
pub(crate) const TO_FOLD: &str =
    key_select!("FROM api_key WHERE kind = 'issued' AND fold_version < 4 AND id > $1 ORDER BY id LIMIT $2");

impl Store {
    /// Folds the texts of up to 400 keys after this id anew, and gives the last that it looked at. `None`: there was none; where that
    /// is so from the first id on, searches look for the new form alone from now on.
    pub async fn fold_some_anew(&self, after: Uuid) -> Result<Option<Uuid>, StoreError> {
        let rows: Vec<(Uuid, Option<StoredKey>)> = on_db!(self, pool => {
            let rows = sqlx::query(TO_FOLD).bind(after).bind(BATCH).fetch_all(pool).await?;
            let read = rows.iter().map(|row| {
                // A key that can't be read is left as it is: it is refused, and found by nobody.
                let key = KeyRow::from_row(row).map_err(StoreError::from).and_then(StoredKey::try_from);
                Ok::<_, sqlx::Error>((row.try_get("id")?, key.ok()))
            });
            read.collect::<Result<_, _>>()?
        });
        if after.is_nil() {
            self.all_folded.store(rows.is_empty(), Ordering::Relaxed);
        }
        let Some(last) = rows.last().map(|(id, _)| *id) else { return Ok(None) };
        let read: Vec<StoredKey> = rows.into_iter().filter_map(|(_, key)| key).collect();
        if !read.is_empty() {
            write_down!(self, connection => {
                query!(query, fold_anew(&read), connection).execute(&mut *connection).await?;
            });
        }
        Ok(Some(last))
    }
}

/// A key that was edited meanwhile is left alone: its texts were folded with that, or by an earlier release, and then it is looked at
/// again.
fn fold_anew(keys: &[StoredKey]) -> Sql {
    let mut sql = Sql::new(
        "UPDATE api_key SET client_name_folded = read.column3, owner_folded = read.column4, notes_folded = read.column5, \
         name_order = read.column6, fold_version = ",
    );
    sql.int(FOLD_VERSION).push(" FROM (VALUES ");
    for (index, key) in keys.iter().enumerate() {
        let SearchTexts { name, owner, notes } = SearchTexts::of(key.settings());
        sql.push(if index == 0 { "(" } else { ", (" }).id(key.id().0).push(", ").int(key.version());
        sql.push(", ").text(&name).push(", ").text(&owner).push(", ").text(&notes);
        sql.push(", ").bytes(&name_order(&name)).push(")");
    }
    sql.push(") AS read WHERE api_key.id = read.column1 AND api_key.version = read.column2 AND fold_version < ");
    sql.int(FOLD_VERSION);
    sql
}
