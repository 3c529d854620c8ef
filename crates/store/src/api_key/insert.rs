use model::{FOLD_VERSION, Instant, SearchTexts};

use super::settings::{COLUMNS, settings_columns};
use crate::{
    StoredKey,
    inserts::Insert,
    sql::{Sql, Value},
};

/// The beginning of the statement that writes new keys, without their secrets.
pub(crate) const INSERT_KEYS: Insert = Insert(concat!(
    "INSERT INTO api_key (",
    settings_columns!(),
    "client_name_folded, name_order, owner_folded, notes_folded, fold_version, id, installation_id, kind, hint, environment, disabled_at, \
     created_at, updated_at, version, \
     epoch, import_id) VALUES "
));

/// One row of it.
pub(crate) fn key_row(stored: &StoredKey, epoch: i64) -> Sql {
    let key = stored.columns();
    let mut sql = Sql::new("(");
    for (_, value) in COLUMNS {
        sql.bind(value(&key.settings)).push(", ");
    }
    let SearchTexts { owner, notes, .. } = SearchTexts::of(&key.settings);
    sql.text(stored.folded_name())
        .push(", ")
        .bytes(stored.name_order())
        .push(", ")
        .text(&owner)
        .push(", ")
        .text(&notes)
        .push(", ")
        .int(FOLD_VERSION);
    sql.push(", ").id(key.id.0).push(", ").id(stored.installation.0);
    sql.push(", ").word(key.kind.as_str()).push(", ").text(&key.hint.0);
    sql.push(", ").word(key.environment.as_str());
    sql.push(", ").bind(Value::MaybeInt(stored.life.disabled_at.map(Instant::as_millis)));
    sql.push(", ").int(key.created_at.as_millis()).push(", ").int(key.updated_at.as_millis());
    sql.push(", ").int(key.version).push(", ").int(epoch);
    sql.push(", ").bind(Value::MaybeId(stored.import().map(|import| import.0))).push(")");
    sql
}
