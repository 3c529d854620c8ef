use std::{collections::BTreeSet, fs, path::Path};

use store::testing::{POSTGRES_STATEMENTS, SQLITE_STATEMENTS, STATEMENTS, Schema, TestDatabase};

/// Both databases' tables; what only one needs for itself is left out.
async fn schema(database: &TestDatabase) -> Schema {
    let _store = database.store().await;
    let mut schema = database.raw().await.schema().await;
    schema.retain(|(table, _), _| !table.starts_with("sqlite_") && !table.starts_with("api_key_search"));
    // sqlx's own book-keeping differs in what may be NULL.
    schema.retain(|(table, _), _| table != "_sqlx_migrations");
    schema
}

#[tokio::test]
async fn both_databases_have_the_same_tables() {
    let (sqlite, postgres) = (TestDatabase::sqlite().await, TestDatabase::postgres().await);
    let (sqlite, postgres) = (schema(&sqlite).await, schema(&postgres).await);
    assert_eq!(sqlite, postgres);
    assert!(sqlite.len() > 60, "{sqlite:?}");
}

#[tokio::test]
async fn both_databases_have_the_same_migrations() {
    let migrations = |name: &str| -> BTreeSet<_> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(name);
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name()).collect()
    };
    assert_eq!(migrations("sqlite"), migrations("postgres"));
}

#[tokio::test]
async fn both_databases_understand_every_statement() {
    for database in [TestDatabase::sqlite().await, TestDatabase::postgres().await] {
        let _store = database.store().await;
        let mut raw = database.raw().await;
        let own = if database.is_postgres() { POSTGRES_STATEMENTS } else { SQLITE_STATEMENTS };
        for (name, sql) in STATEMENTS.iter().chain(own) {
            assert_eq!(raw.prepare(sql).await, Ok(()), "{name}");
        }
    }
}

/// A statement that is missing from the list would not be prepared by the tests.
#[test]
fn every_statement_is_in_the_list() {
    let mut in_source = BTreeSet::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for file in fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.ends_with("testing") {
                // The folder `testing` is in no build for use.
            } else if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                let text = fs::read_to_string(path).unwrap();
                in_source.extend(text.lines().filter_map(|line| {
                    let (before, after) = line.split_once("const ")?;
                    let (name, _) = after.split_once(": &str")?;
                    (before.is_empty() || before == "pub(crate) ").then(|| name.to_owned())
                }));
            }
        }
    }
    let listed =
        STATEMENTS.iter().chain(SQLITE_STATEMENTS).chain(POSTGRES_STATEMENTS).map(|(name, _)| (*name).to_owned());
    assert_eq!(listed.collect::<BTreeSet<_>>(), in_source);
}
