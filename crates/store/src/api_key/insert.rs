use model::{Instant, fold};

use super::settings::{COLUMNS, settings_columns};
use crate::{
    Change, StoreError, StoredKey,
    sql::{Sql, Value},
};

impl Change {
    /// Writes the rows of new keys, without their secrets.
    pub(crate) async fn insert_key_rows(&mut self, keys: &[&StoredKey]) -> Result<(), StoreError> {
        let mut sql = Sql::new(concat!(
            "INSERT INTO api_key (",
            settings_columns!(),
            "client_name_folded, id, installation_id, kind, hint, environment, disabled_at, created_at, updated_at, version, \
             epoch) VALUES "
        ));
        for (index, stored) in keys.iter().enumerate() {
            let key = stored.columns();
            sql.push(if index == 0 { "(" } else { ", (" });
            for (_, value) in COLUMNS {
                sql.bind(value(&key.settings)).push(", ");
            }
            sql.text(&fold(key.settings.client_name.as_str()));
            sql.push(", ").id(key.id.0).push(", ").id(stored.installation.0);
            sql.push(", ").text(key.kind.as_str()).push(", ").text(&key.hint.0);
            sql.push(", ").text(key.environment.as_str());
            sql.push(", ").bind(Value::MaybeInt(stored.life.disabled_at.map(Instant::as_millis)));
            sql.push(", ").int(key.created_at.as_millis()).push(", ").int(key.updated_at.as_millis());
            sql.push(", ").int(key.version).push(", ").int(self.epoch()).push(")");
        }
        self.execute(sql).await
    }
}
