use store::{Store, StoreError, on_both_databases, testing::TestDatabase};

use crate::fixture::{installation, put_names, two_installations};

on_both_databases!(many_open_a_fresh_database_at_once, opening_again_changes_nothing, closing_releases_the_database);

async fn many_open_a_fresh_database_at_once(database: TestDatabase) {
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
    // The planner's statistics come and go.
    let facts = |cells: Vec<store::testing::Cell>| -> Vec<_> {
        cells.into_iter().filter(|cell| !cell.table.starts_with("sqlite_stat")).collect()
    };
    assert_eq!(facts(database.raw().await.dump().await), facts(before));
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
async fn a_malformed_address_is_refused_in_one_sentence() {
    for address in ["", "mysql://localhost/x", "keydesk.db", "postgres://[", "sqlite"] {
        let error = Store::open(address).await.expect_err(address);
        assert!(matches!(error, StoreError::Address(_)), "{address}: {error:?}");
        assert!(!error.to_string().contains('\n'), "{error}");
    }
}

#[tokio::test]
async fn sqlite_writes_ahead_so_that_readers_never_wait() {
    let database = TestDatabase::sqlite().await;
    let _store = database.store().await;
    let mode = database.raw().await.texts("PRAGMA journal_mode").await;
    assert_eq!(mode, ["wal"]);
}
