use crate::{
    Store, StoreError,
    db::{Db, on_db},
};

/// What can be said of the database's health.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examination {
    /// `SQLite 3.51.3` or `PostgreSQL 17.1`.
    pub version: String,
    /// The newest migration that was applied.
    pub migration: i64,
    /// What the engine's own check of its file says; `None` where the engine has none.
    pub integrity: Option<String>,
    /// PostgreSQL alone: whether this role owns the tables, and so may change them and take their triggers away.
    pub owns_tables: Option<bool>,
    /// What differs in the set and the text of the triggers from what the migrations make, each as a part of a sentence. Without
    /// its trigger the database lets anybody who can write it alter the audit log or the Default API Key.
    pub triggers: Vec<String>,
    /// Secrets whose key is missing, keys without a secret that has no end, and issued keys that the audit log never saw
    /// issued. Of keys that were imported it has one entry for all that came together.
    pub orphans: i64,
}

pub(crate) const NEWEST_MIGRATION: &str = "SELECT COALESCE(MAX(version), 0) FROM _sqlx_migrations";
/// PostgreSQL alone. A superuser is a member of every role.
pub(crate) const OWNS_TABLES: &str =
    "SELECT pg_has_role(current_user, relowner, 'MEMBER') FROM pg_class WHERE oid = to_regclass('audit_entry')";
pub(crate) const ORPHANS: &str = "SELECT \
     (SELECT COUNT(*) FROM api_key_secret s WHERE NOT EXISTS (SELECT 1 FROM api_key k WHERE k.id = s.key_id)) \
     + (SELECT COUNT(*) FROM api_key k WHERE NOT EXISTS \
        (SELECT 1 FROM api_key_secret s WHERE s.key_id = k.id AND s.expires_at IS NULL)) \
     + (SELECT COUNT(*) FROM api_key k WHERE kind = 'issued' AND import_id IS NULL AND NOT EXISTS \
        (SELECT 1 FROM audit_entry a WHERE a.key_id = k.id AND a.action = 'key.issue'))";

impl Store {
    /// Examines the database. Reads every page of it: for an operator who asks, not for a health check.
    pub async fn examine(&self) -> Result<Examination, StoreError> {
        let version: String = match &self.db {
            Db::Sqlite { read, .. } => {
                sqlx::query_scalar("SELECT 'SQLite ' || sqlite_version()").fetch_one(read).await?
            }
            Db::Postgres { read, .. } => {
                sqlx::query_scalar("SELECT 'PostgreSQL ' || current_setting('server_version')").fetch_one(read).await?
            }
        };
        let integrity = match &self.db {
            Db::Sqlite { read, .. } => {
                let lines: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check").fetch_all(read).await?;
                Some(lines.join("; "))
            }
            Db::Postgres { .. } => None,
        };
        let owns_tables = match &self.db {
            Db::Sqlite { .. } => None,
            Db::Postgres { read, .. } => sqlx::query_scalar(OWNS_TABLES).fetch_optional(read).await?,
        };
        let migration: i64 = on_db!(self, pool => sqlx::query_scalar(NEWEST_MIGRATION).fetch_one(pool).await?);
        let triggers = self.triggers(migration).await?;
        let orphans = on_db!(self, pool => sqlx::query_scalar(ORPHANS).fetch_one(pool).await?);
        Ok(Examination { version, migration, integrity, owns_tables, triggers, orphans })
    }
}
