use std::{
    fs,
    os::unix::{
        fs::{PermissionsExt as _, symlink},
        net::UnixListener,
    },
    path::Path,
};

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
        // Nor beside a file that is there, and empty.
        let empty = database.dir().join("keydesk.db");
        fs::write(&empty, "").unwrap();
        assert!(!Store::is_founded(database.address()).await.unwrap());
        assert_eq!(Store::tables(database.address()).await.unwrap().applied, 0);
        assert_eq!(names(&database.dir()), ["keydesk.db"]);
        fs::remove_file(&empty).unwrap();
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

/// The names of what is in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = entries.collect();
    names.sort();
    names
}

/// Whoever is at work notices it at its next look, and nobody else goes on with another log meanwhile.
#[tokio::test]
async fn a_log_or_a_lock_that_is_removed_under_the_store_is_noticed_and_nothing_is_lost() {
    for (removed, log) in [
        (&["keydesk.db-wal", "keydesk.db-shm"][..], true),
        (&["keydesk.db-wal"], true),
        (&["keydesk.db-shm"], true),
        (&["keydesk.db.lock"], false),
    ] {
        let database = TestDatabase::sqlite().await;
        let store = two_installations(&database).await;
        let other = database.store().await;
        put_names(&store, 1, &["Acme".to_owned()]).await;
        store.look().await.unwrap();
        for name in removed {
            fs::remove_file(database.dir().join(name)).unwrap();
        }
        if log {
            for refused in
                [Store::open(database.address()).await.map(drop), Store::is_founded(database.address()).await.map(drop)]
            {
                let refused = refused.unwrap_err().to_string();
                assert!(refused.contains("is not the one that a running `keydesk` has open"), "{removed:?} {refused}");
            }
        }
        for store in [&store, &other] {
            let error = store.look().await.unwrap_err();
            assert!(error.is_displaced() && error.to_string().contains(removed[0]), "{removed:?} {error}");
            store.abandon().await;
            assert!(store.change().await.is_err(), "{removed:?}");
        }
        store.close().await;
        other.close().await;
        let again = database.store().await;
        assert_eq!(again.key_count(installation(1)).await.unwrap(), 1, "{removed:?}");
        again.look().await.unwrap();
    }
}

#[tokio::test]
async fn a_file_that_is_emptied_in_its_place_is_noticed() {
    let database = TestDatabase::sqlite().await;
    let store = two_installations(&database).await;
    store.look().await.unwrap();
    fs::File::options().write(true).open(database.dir().join("keydesk.db")).unwrap().set_len(0).unwrap();
    assert!(matches!(store.look().await, Err(StoreError::Replaced)));
}

/// Who still reads then opens no other file with the log, and nobody writes that into it.
#[tokio::test]
async fn a_file_that_is_put_in_the_place_of_another_keeps_what_it_holds() {
    for noticed in [true, false] {
        let database = TestDatabase::sqlite().await;
        let store = two_installations(&database).await;
        let copy = database.snapshot().await;
        put_names(&store, 1, &(0..50).map(|number| format!("Client {number}")).collect::<Vec<_>>()).await;
        let file = database.dir().join("keydesk.db");
        copy.replace_file(&file);
        let there = fs::read(&file).unwrap();
        // More readers than have been open, which would open the file anew.
        let reads = futures::future::join_all((0..8).map(|_| store.key_count(installation(1))));
        let _ = tokio::time::timeout(std::time::Duration::from_millis(200), reads).await;
        if noticed {
            assert!(matches!(store.look().await, Err(StoreError::Replaced)));
            store.abandon().await;
        }
        store.close().await;
        assert!(fs::read(&file).unwrap() == there, "noticed: {noticed}");
        let again = database.store().await;
        assert_eq!(again.key_count(installation(1)).await.unwrap(), 0, "noticed: {noticed}");
        assert_eq!(database.raw().await.texts("PRAGMA integrity_check").await, ["ok"], "noticed: {noticed}");
    }
}

/// As a `kill -9` leaves them.
#[tokio::test]
async fn the_log_of_another_file_is_not_taken_for_that_of_the_one_that_is_there() {
    let (database, killed) = (TestDatabase::sqlite().await, TestDatabase::empty_sqlite());
    let store = two_installations(&database).await;
    let copy = database.snapshot().await;
    put_names(&store, 1, &["Acme".to_owned()]).await;
    let [was, is] = [&database, &killed].map(|database| database.dir().join("keydesk.db"));
    let beside = |file: &Path, ending: &str| file.with_file_name(format!("keydesk.db{ending}"));
    fs::hard_link(beside(&was, "-wal"), beside(&is, "-wal")).unwrap();
    fs::copy(beside(&was, ".lock"), beside(&is, ".lock")).unwrap();
    copy.replace_file(&is);
    let there = fs::read(&is).unwrap();
    for refused in [Store::open(killed.address()).await.map(drop), Store::is_founded(killed.address()).await.map(drop)]
    {
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("is that of another file"), "{refused}");
    }
    assert!(fs::read(&is).unwrap() == there);
    // As it was told.
    fs::rename(&is, beside(&was, ".copy")).unwrap();
    fs::rename(&was, &is).unwrap();
    let again = Store::open(killed.address()).await.unwrap();
    assert_eq!(again.key_count(installation(1)).await.unwrap(), 1);
    again.close().await;
    store.close().await;
}

/// However often those at work change, and whatever was noted of those before.
#[tokio::test]
async fn a_log_that_the_last_one_has_removed_is_nobodys() {
    let database = TestDatabase::sqlite().await;
    for _ in 0..3 {
        let (one, two) = (database.store().await, database.store().await);
        one.look().await.unwrap();
        one.close().await;
        two.look().await.unwrap();
        assert!(Store::tables(database.address()).await.is_ok());
        two.close().await;
        assert!(!database.dir().join("keydesk.db-wal").exists());
    }
}

#[tokio::test]
async fn a_link_is_followed_before_what_it_leads_to_is_there() {
    let database = TestDatabase::empty_sqlite();
    let volume = database.dir().join("volume");
    fs::create_dir(&volume).unwrap();
    let link = database.dir().join("link.db");
    symlink("volume/keydesk.db", &link).unwrap();
    let address = format!("sqlite:{}", link.display());
    assert!(!Store::is_founded(&address).await.unwrap());
    let store = Store::open(&address).await.unwrap();
    assert_eq!(names(&database.dir()), ["link.db", "volume"]);
    assert_eq!(names(&volume), ["keydesk.db", "keydesk.db-shm", "keydesk.db-wal", "keydesk.db.lock"]);
    for file in store.files() {
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
    for name in [&link, &volume.join("keydesk.db")] {
        assert!(DatabaseLock::alone(name).unwrap().is_none(), "{}", name.display());
    }
    // A link that leads elsewhere now is another database's.
    store.look().await.unwrap();
    fs::remove_file(&link).unwrap();
    symlink("volume/another.db", &link).unwrap();
    assert!(matches!(store.look().await, Err(StoreError::Replaced)));
}

#[tokio::test]
async fn a_file_with_a_second_name_is_refused_by_both() {
    let database = TestDatabase::sqlite().await;
    two_installations(&database).await.close().await;
    let (file, second) = (database.dir().join("keydesk.db"), database.dir().join("second.db"));
    fs::hard_link(&file, &second).unwrap();
    let before = names(&database.dir());
    for name in [&file, &second] {
        let address = format!("sqlite:{}", name.display());
        for refused in [Store::open(&address).await.map(drop), Store::is_founded(&address).await.map(drop)] {
            let refused = refused.unwrap_err().to_string();
            assert!(refused.contains("has another name as well"), "{refused}");
        }
    }
    assert_eq!(names(&database.dir()), before);
    fs::remove_file(&second).unwrap();
    // The second name under which a restore keeps what it replaces is none of those.
    fs::hard_link(&file, database.dir().join("keydesk.db.replaced-2026-01-01")).unwrap();
    database.store().await.epoch().await.unwrap();
}

#[tokio::test]
async fn what_is_no_file_stays_as_it_is() {
    let folder = TestDatabase::empty_sqlite();
    let socket = folder.dir().join("socket");
    let _listening = UnixListener::bind(&socket).unwrap();
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o644)).unwrap();
    let address = format!("sqlite:{}", socket.display());
    for refused in [
        Store::open(&address).await.map(drop),
        Store::open_to_read(&address).await.map(drop),
        Store::is_founded(&address).await.map(drop),
        Store::tables(&address).await.map(drop),
    ] {
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("socket is not a regular file"), "{refused}");
    }
    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o644);
    assert_eq!(names(&folder.dir()), ["socket"]);
}

#[tokio::test]
async fn a_file_that_was_moved_away_is_said_to_be_in_use() {
    let database = TestDatabase::sqlite().await;
    let store = two_installations(&database).await;
    let (file, aside) = (database.dir().join("keydesk.db"), database.dir().join("aside.db"));
    fs::rename(&file, &aside).unwrap();
    for refused in
        [Store::open(database.address()).await.map(drop), Store::is_founded(database.address()).await.map(drop)]
    {
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("was moved away while a `keydesk` is at work on it"), "{refused}");
    }
    assert!(!file.exists());
    fs::rename(&aside, &file).unwrap();
    store.look().await.unwrap();
}
