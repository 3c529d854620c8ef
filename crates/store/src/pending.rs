//! What a migration that is to be applied does, for whoever decides when.

use sqlx::migrate::Migration;

/// The oldest migration whose release may go on while nodes are replaced one by one. Those before write columns that are gone.
pub const OLDEST_BESIDE: i64 = 9;

/// A migration that is to be applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingMigration {
    /// Its number.
    pub number: i64,
    /// Its name.
    pub name: String,
    /// What it is for: the first sentence of its text.
    pub what: String,
    /// What of it is noticed while it is applied, and after.
    pub noticed: Option<&'static str>,
}

/// What is noticed of a migration, by its number. Any other takes moments, and adds what releases of before leave alone.
static NOTICED: [(i64, &str); 12] = [
    (7, "answers that were kept for repeated requests are removed where secrets are shown once"),
    (8, "the audit log is signed from then on: at the next start it is read once, and its end is signed"),
    (
        13,
        "names are folded anew in the background, some ten minutes for a million keys; until then they are found as before",
    ),
    (
        16,
        "the indexes of the search are made anew, during which keys can't be changed: seconds for each hundred thousand; \
         what is noted down of keys is found once it was folded anew in the background",
    ),
    (
        17,
        "an index of keys is made, during which they can't be changed: seconds for a million; older nodes keep no ceilings",
    ),
    (19, "with two roles on PostgreSQL, run docs/postgres/least-privilege.sql again: the server removes old usage"),
    (22, "indexes of the audit log are made: some seconds for a million entries"),
    (24, "indexes of the audit log are made anew: some seconds for a million entries"),
    (
        27,
        "indexes of keys are made, during which they can't be changed, and on PostgreSQL not be read: some seconds for a million; \
         names get their place in the list in the background, and stand first until then",
    ),
    (
        29,
        "with two roles on PostgreSQL, run docs/postgres/least-privilege.sql again; older nodes ask nobody for a second factor",
    ),
    (30, "older nodes know nothing of the new settings of installations, and send no letters"),
    (
        32,
        "an index of keys is made, during which they can't be changed: seconds for a million; import keys when all nodes are new",
    ),
];

impl PendingMigration {
    pub(crate) fn of(migration: &Migration) -> Self {
        let number = migration.version;
        Self {
            number,
            name: migration.description.to_string(),
            what: first_sentence(migration.sql.as_str()),
            noticed: NOTICED.iter().find(|(of, _)| *of == number).map(|(_, words)| *words),
        }
    }
}

/// The first sentence of the comment with which a migration begins.
fn first_sentence(sql: &str) -> String {
    let lines = sql.lines().map_while(|line| line.strip_prefix("--"));
    let comment = lines.map(str::trim).take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    comment.split_once(". ").map_or(comment.clone(), |(first, _)| format!("{first}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::known_migrations::{POSTGRES_MIGRATIONS, SQLITE_MIGRATIONS};

    #[test]
    fn every_migration_says_what_it_is_for() {
        for known in [&SQLITE_MIGRATIONS, &POSTGRES_MIGRATIONS] {
            for migration in known.iter() {
                let PendingMigration { number, name, what, .. } = PendingMigration::of(migration);
                assert!(what.ends_with('.') && (10..400).contains(&what.len()), "{number} {name}: {what}");
            }
            let numbers: Vec<i64> = known.iter().map(|migration| migration.version).collect();
            assert!(NOTICED.iter().all(|(number, _)| numbers.contains(number)));
        }
        assert_eq!(first_sentence("-- One. Two.\nCREATE"), "One.");
        assert_eq!(first_sentence("-- One\n-- and more.\n\n-- Two."), "One and more.");
    }
}
