//! Names that an earlier release folded are folded anew, some at a time. That is no change of truth: nothing that anybody reads
//! is altered.

use std::sync::atomic::Ordering;

use model::{ClientName, FOLD_VERSION, fold_name};
use uuid::Uuid;

use super::settings::client_name;
use crate::{
    Store, StoreError,
    db::on_db,
    sql::{Sql, query},
    work::write_down,
};

/// Rows in one transaction: others wait for it no longer than for a change.
const BATCH: i64 = 200;

/// Deleted keys are among them: they can be found, and restored.
pub(crate) const TO_FOLD: &str = "SELECT id, client_name FROM api_key WHERE kind = 'issued' AND fold_version < 2 AND id > $1 \
     ORDER BY id LIMIT $2";

impl Store {
    /// Folds up to 200 names after this id anew, and gives the last that it looked at. `None`: there was none; where that is so
    /// from the first id on, searches look for the new form alone from now on.
    pub async fn fold_some_anew(&self, after: Uuid) -> Result<Option<Uuid>, StoreError> {
        let rows: Vec<(Uuid, String)> = on_db!(self, pool => {
            sqlx::query_as(TO_FOLD).bind(after).bind(BATCH).fetch_all(pool).await?
        });
        if after.is_nil() {
            self.all_folded.store(rows.is_empty(), Ordering::Relaxed);
        }
        let Some(last) = rows.last().map(|(id, _)| *id) else { return Ok(None) };
        // A name that can't be read is left as it is: its key is refused, and found by nobody.
        let named = rows.into_iter().filter_map(|(id, text)| client_name(&text).ok().map(|name| (id, name)));
        let named: Vec<(Uuid, ClientName)> = named.collect();
        if !named.is_empty() {
            write_down!(self, connection => {
                query!(query, fold_anew(&named), connection).execute(&mut *connection).await?;
            });
        }
        Ok(Some(last))
    }
}

/// A name that was edited meanwhile is left alone: it was folded with that.
fn fold_anew(named: &[(Uuid, ClientName)]) -> Sql {
    let mut sql = Sql::new("UPDATE api_key SET client_name_folded = named.column3, fold_version = ");
    sql.int(FOLD_VERSION).push(" FROM (VALUES ");
    for (index, (id, name)) in named.iter().enumerate() {
        sql.push(if index == 0 { "(" } else { ", (" }).id(*id).push(", ").text(name.as_str());
        sql.push(", ").text(&fold_name(name.as_str())).push(")");
    }
    sql.push(") AS named WHERE api_key.id = named.column1 AND api_key.client_name = named.column2 AND fold_version < ");
    sql.int(FOLD_VERSION);
    sql
}
