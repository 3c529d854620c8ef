use model::{Instant, fold};

use crate::{
    Change, NewSecret, StoreError, StoredKey,
    change::json,
    sql::{CHUNK, Sql, Value},
};

impl Change {
    /// Writes new keys, each with its first secret.
    pub async fn insert_keys(&mut self, keys: &[(StoredKey, NewSecret)]) -> Result<(), StoreError> {
        for chunk in keys.chunks(CHUNK) {
            self.insert_key_rows(chunk).await?;
            self.insert_secret_rows(chunk).await?;
        }
        Ok(())
    }

    async fn insert_key_rows(&mut self, keys: &[(StoredKey, NewSecret)]) -> Result<(), StoreError> {
        let mut sql = Sql::new(
            "INSERT INTO api_key (id, installation_id, kind, client_name, client_name_folded, hint, environment, preset, \
             scopes, allowed_ips, allowed_origins, metadata, owner_email, notes, disabled_at, expires_at, created_at, \
             updated_at, version, epoch) VALUES ",
        );
        for (index, (key, _)) in keys.iter().enumerate() {
            let columns = key.columns();
            sql.push(if index == 0 { "(" } else { ", (" }).id(columns.id.0).push(", ").id(key.installation.0);
            sql.push(", ").text(columns.kind.as_str()).push(", ").text(columns.client_name.as_str());
            sql.push(", ").text(&fold(columns.client_name.as_str())).push(", ").text(&columns.hint.0);
            sql.push(", ").text(columns.environment.as_str()).push(", ").text(columns.preset.as_str());
            sql.push(", ").text(&json!(&columns.scopes));
            sql.push(", ").text(&json!(&columns.allowed_ips)).push(", ").text(&json!(&columns.allowed_origins));
            sql.push(", ").text(&json!(&columns.metadata));
            sql.push(", ").bind(Value::MaybeText(columns.owner_email.clone().map(String::from)));
            sql.push(", ").bind(Value::MaybeText(columns.notes.clone().map(String::from)));
            sql.push(", ").bind(Value::MaybeInt(key.life.disabled_at.map(Instant::as_millis)));
            sql.push(", ").bind(Value::MaybeInt(columns.expires_at.map(Instant::as_millis)));
            sql.push(", ").int(columns.created_at.as_millis());
            sql.push(", ").int(columns.updated_at.as_millis()).push(", ").int(columns.version);
            sql.push(", ").int(self.epoch()).push(")");
        }
        self.execute(sql).await
    }
}
