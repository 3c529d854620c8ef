use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use store::{DatabaseLock, Store, StoreError, on_both_databases, testing::TestDatabase};

use crate::fixture::{installation, put_names, two_installations};

on_both_databases!(
    many_open_a_fresh_database_at_once,
    opening_again_changes_nothing,
    closing_releases_the_database,
    looking_for_a_deployment_makes_nothing,
);

async fn many_open_a_fresh_database_at_once(database: TestDatabase) {
    database.remove_tables().await;
    let open = || Store::open(database.address());
    let opened = tokio::join!(open(), open(), open(), open(), open(), open());
    for store in [opened.0, opened.1, opened.2, opened.3, opened.4, opened.5] {
        assert_eq!(store.unwrap().epoch().await.unwrap(), 0);
    }
    assert_eq!(database.raw().await.number("SELECT COUNT(*) FROM epoch").await, 1);
}

async fn opening_again_changes_nothing(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme".to_owned()]).await;
    store.close().await;
    let before = database.raw().await.dump().await;
    let schema = database.raw().await.schema().await;
    let store = database.store().await;
    assert_eq!(store.key_count(installation(1)).await.unwrap(), 1);
    store.close().await;
    assert_eq!(database.raw().await.dump().await, before);
    assert_eq!(database.raw().await.schema().await.len(), schema.len());
}

async fn closing_releases_the_database(database: TestDatabase) {
    let store = database.store().await;
    store.close().await;
    assert!(matches!(store.epoch().await, Err(StoreError::Database(_))));
    if !database.is_postgres() {
        let wal = database.dir().join("keydesk.db-wal");
        assert!(!wal.exists(), "the log was not written back");
    }
}

#[tokio::test]
async fn sqlite_plans_without_statistics_of_what_the_tables_were() {
    const STATISTICS: &str = "SELECT COUNT(*) FROM sqlite_schema WHERE name LIKE 'sqlite_stat%'";
    let database = TestDatabase::sqlite().await;
    let store = two_installations(&database).await;
    store.close().await;
    let mut raw = database.raw().await;
    assert_eq!(raw.number(STATISTICS).await, 0, "closing noted statistics of an empty database");
    raw.execute("ANALYZE").await.unwrap();
    assert!(raw.number(STATISTICS).await > 0);
    drop(raw);
    database.store().await.close().await;
    assert_eq!(database.raw().await.number(STATISTICS).await, 0);
}

#[tokio::test]
async fn a_malformed_address_is_refused_in_one_sentence() {
    for address in ["", "mysql://localhost/x", "keydesk.db", "postgres://[", "sqlite"] {
        let error = Store::open(address).await.expect_err(address);
        assert!(matches!(error, StoreError::Address(_)), "{address}: {error:?}");
        assert!(!error.to_string().contains('\n'), "{error}");
    }
}

#[tokio::test]
async fn sqlite_trusts_no_schema_and_overwrites_what_is_deleted() {
    let database = TestDatabase::sqlite().await;
    let store = two_installations(&database).await;
    for (pragma, expected) in [("trusted_schema", 0), ("secure_delete", 1), ("foreign_keys", 1), ("synchronous", 2)] {
        assert_eq!(store.pragma(pragma).await, [expected; 2], "{pragma}");
    }
    // The index of names works all the same: it is written by a trigger, and asked.
    put_names(&store, 1, &["Acme Trading".to_owned()]).await;
    let hits = "SELECT COUNT(*) FROM api_key_search WHERE client_name_folded MATCH '\"trad\"'";
    assert_eq!(database.raw().await.number(hits).await, 1);
}

#[tokio::test]
async fn the_files_of_sqlite_are_for_their_owner_alone() {
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let database = TestDatabase::sqlite().await;
    fs::set_permissions(database.dir(), fs::Permissions::from_mode(0o755)).unwrap();
    let store = two_installations(&database).await;
    // The lock is there from the start; this one a restore has left.
    fs::write(database.dir().join("keydesk.db.replaced-2026-01-01"), "").unwrap();
    let files = store.files();
    assert_eq!(files.len(), 5, "{files:?}");
    fs::set_permissions(&files[4], fs::Permissions::from_mode(0o600)).unwrap();
    files.iter().for_each(|file| assert_eq!(mode(file), 0o600, "{}", file.display()));
    // What an earlier release left open is closed.
    files.iter().for_each(|file| fs::set_permissions(file, fs::Permissions::from_mode(0o644)).unwrap());
    let again = database.store().await;
    again.epoch().await.unwrap();
    files.iter().for_each(|file| assert_eq!(mode(file), 0o600, "{}", file.display()));
    assert_eq!(mode(&database.dir()), 0o755, "the folder is the operator's");
}

#[tokio::test]
async fn nobody_opens_a_database_that_is_being_replaced() {
    let database = TestDatabase::sqlite().await;
    let file = database.dir().join("keydesk.db");
    let (one, two) = (database.store().await, database.store().await);
    assert!(DatabaseLock::alone(&file).unwrap().is_none(), "two are at work");
    one.close().await;
    assert!(DatabaseLock::alone(&file).unwrap().is_none(), "one is at work");
    two.close().await;
    let lock = DatabaseLock::alone(&file).unwrap().unwrap();
    let refused = Store::open(database.address()).await.unwrap_err();
    assert!(matches!(refused, StoreError::Unsuitable(_)), "{refused}");
    assert!(Store::tables(database.address()).await.is_err(), "nor looks into it");
    assert!(Store::is_founded(database.address()).await.is_err());
    // But whoever replaces it, and still nobody else.
    let own = Store::open_alone(database.address(), lock).await.unwrap();
    assert!(matches!(Store::open(database.address()).await.unwrap_err(), StoreError::Unsuitable(_)));
    own.close().await;
    assert!(Store::open(database.address()).await.is_ok());
}

#[tokio::test]
async fn no_database_is_made_beside_what_another_one_left() {
    for (left, words) in
        [("keydesk.db-wal", "belongs to a database that is missing"), ("keydesk.db.restoring", "again")]
    {
        let database = TestDatabase::empty_sqlite();
        fs::write(database.dir().join(left), "left").unwrap();
        let refused = Store::open(database.address()).await.unwrap_err().to_string();
        assert!(refused.contains(words), "{refused}");
        assert!(!database.dir().join("keydesk.db").exists() && database.dir().join(left).exists());
    }
}

async fn looking_for_a_deployment_makes_nothing(database: TestDatabase) {
    database.remove_tables().await;
    assert!(!Store::is_founded(database.address()).await.unwrap());
    assert_eq!(Store::tables(database.address()).await.unwrap().applied, 0);
    if database.is_postgres() {
        assert_eq!(database.raw().await.tables().await, Vec::<String>::new());
    } else {
        assert_eq!(fs::read_dir(database.dir()).unwrap().count(), 0);
    }
    let _store = database.store().await;
    assert!(!Store::is_founded(database.address()).await.unwrap(), "tables alone are no deployment");
}

#[tokio::test]
async fn kept_answers_are_removed_at_the_upgrade_where_secrets_are_shown_once() {
    for database in [TestDatabase::sqlite().await, TestDatabase::postgres().await] {
        database.migrate_to(6).await;
        let mut raw = database.raw().await;
        for (number, recoverable) in [(1, 1), (2, 0)] {
            let id = raw.id(installation(number).0);
            let bytes = if database.is_postgres() { "decode(repeat('00', 32), 'hex')" } else { "zeroblob(32)" };
            let sql = format!(
                "INSERT INTO installation (id, name, title, recoverable, created_at) VALUES ({id}, 'i{number}', 'x', {recoverable}, 1);
                 INSERT INTO idempotency (installation_id, caller, idempotency_key, fingerprint, master_key_id, sealed_answer, \
                 created_at) VALUES ({id}, 'c', 'k', {bytes}, 'm1', {bytes}, 1)"
            );
            raw.execute(&sql).await.unwrap();
        }
        let _store = database.store().await;
        assert_eq!(raw.number("SELECT COUNT(*) FROM idempotency").await, 1);
        assert_eq!(
            raw.number("SELECT recoverable FROM installation WHERE id = (SELECT installation_id FROM idempotency)")
                .await,
            1
        );
    }
}

#[tokio::test]
async fn sqlite_writes_ahead_so_that_readers_never_wait() {
    let database = TestDatabase::sqlite().await;
    let _store = database.store().await;
    let mode = database.raw().await.texts("PRAGMA journal_mode").await;
    assert_eq!(mode, ["wal"]);
}
