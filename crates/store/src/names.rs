//! What is in a schema of PostgreSQL before Keydesk makes its tables there.

use std::collections::BTreeSet;

use sqlx::{PgConnection, migrate::Migrator};

use crate::StoreError;

/// PostgreSQL alone: the names that are taken in the schema in which tables are made.
pub(crate) const NAMES_TAKEN: &str = "SELECT relname::text FROM pg_class c \
     JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema() \
     UNION SELECT proname::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace \
     WHERE n.nspname = current_schema()";

/// Refuses a schema in which Keydesk has no tables yet, and somebody else has what is named as what the migrations make.
pub(crate) async fn require_free(connection: &mut PgConnection, migrations: &Migrator) -> Result<(), StoreError> {
    let taken: Vec<String> = sqlx::query_scalar(NAMES_TAKEN).fetch_all(connection).await?;
    let taken: BTreeSet<&str> = taken.iter().map(String::as_str).collect();
    let theirs: Vec<&str> = made(migrations).into_iter().filter(|name| taken.contains(name)).collect();
    let Some(first) = theirs.first() else { return Ok(()) };
    let more = if theirs.len() > 1 { format!(" and {} more", theirs.len() - 1) } else { String::new() };
    Err(StoreError::Unsuitable(format!(
        "another program has what Keydesk would make in it ({first}{more}), and it stays as it is; give Keydesk a database or a \
         schema of its own"
    )))
}

/// The names of the tables, indexes and functions that migrations make.
fn made(migrations: &Migrator) -> BTreeSet<&str> {
    fn named(line: &str) -> Option<&str> {
        let made = line.strip_prefix("CREATE ")?;
        let made = made.strip_prefix("UNIQUE ").unwrap_or(made);
        let name = ["TABLE ", "INDEX ", "FUNCTION "].iter().find_map(|kind| made.strip_prefix(kind))?;
        name.split([' ', '(']).next()
    }
    migrations.iter().flat_map(|migration| migration.sql.as_str().lines().filter_map(named)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_migrations_say_what_they_make() {
        let made = made(&crate::known_migrations::POSTGRES_MIGRATIONS);
        for name in ["api_key", "installation", "epoch", "handover", "api_key_one_default", "api_key_protect_default"] {
            assert!(made.contains(name), "{name}: {made:?}");
        }
        assert!(
            made.iter().all(|name| name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')),
            "{made:?}"
        );
    }
}
