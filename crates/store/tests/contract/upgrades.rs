//! Keys of every earlier release, after its tables were brought up to date, and while one of the releases that may run beside this
//! one goes on writing them.

use std::collections::BTreeSet;

use store::{OLDEST_BESIDE, Store, on_both_databases, testing::Raw, testing::TestDatabase};

use crate::fixture::{digest, installation, key_id, secret};

on_both_databases!(a_key_of_every_release_is_read_and_edited, a_release_of_before_writes_keys_that_are_read);

/// Writes an installation and a key in it with the columns that every release has.
async fn write_key(raw: &mut Raw) {
    let [own, id, secret_id] = [installation(1).0, key_id(1).0, secret(1, false).id.0].map(|id| raw.id(id));
    let digest = raw.bytes(digest(1).as_ref());
    for sql in [
        format!(
            "INSERT INTO installation (id, name, title, recoverable, key_count, created_at) \
             VALUES ({own}, 'default', 'Default', 1, 1, 5)"
        ),
        format!(
            "INSERT INTO api_key (id, installation_id, kind, client_name, client_name_folded, hint, environment, preset, \
             scopes, created_at, updated_at, version, epoch) \
             VALUES ({id}, {own}, 'issued', 'Acme', 'acme', 'x', 'live', 'crm', '[\"calls:read\"]', 7, 8, 3, 1)"
        ),
        format!(
            "INSERT INTO api_key_secret (id, installation_id, key_id, digest, pepper_id, created_at) \
             VALUES ({secret_id}, {own}, {id}, {digest}, 'p1', 7)"
        ),
        "UPDATE epoch SET value = 1".to_owned(),
    ] {
        assert_eq!(raw.execute(&sql).await, Ok(1), "{sql}");
    }
}

async fn newest(database: &TestDatabase) -> i64 {
    Store::tables(database.address()).await.unwrap().newest
}

async fn a_key_of_every_release_is_read_and_edited(database: TestDatabase) {
    for release in 1..newest(&database).await {
        database.remove_tables().await;
        database.migrate_to(release).await;
        let mut raw = database.raw().await;
        write_key(&mut raw).await;
        raw.close().await;
        let store = database.store().await;
        let record = store.record_by_digest(&digest(1)).await.unwrap();
        assert!(record.is_some_and(|record| record.key == key_id(1)), "{release}");
        let key = store.key(installation(1), key_id(1)).await.unwrap().unwrap();
        assert_eq!((key.client_name().as_str(), key.scopes().len(), key.version()), ("Acme", 1, 3), "{release}");
        assert_eq!(store.key_count(installation(1)).await.unwrap(), 1, "{release}");
        store.close().await;
    }
}

async fn a_release_of_before_writes_keys_that_are_read(database: TestDatabase) {
    for release in OLDEST_BESIDE..newest(&database).await {
        database.remove_tables().await;
        database.migrate_to(release).await;
        let mut before = database.raw().await;
        // What that release knows of a key, and so what it writes.
        let schema = before.schema().await;
        let columns: BTreeSet<&str> =
            schema.keys().filter(|(table, _)| table == "api_key").map(|(_, column)| column.as_str()).collect();
        write_key(&mut before).await;
        let store = database.store().await;
        let id = before.id(key_id(2).0);
        let copied: Vec<&str> =
            columns.into_iter().filter(|column| !matches!(*column, "seq" | "id" | "epoch")).collect();
        let copied = copied.join(", ");
        for sql in [
            "UPDATE epoch SET value = value + 1".to_owned(),
            format!("INSERT INTO api_key (id, epoch, {copied}) SELECT {id}, 2, {copied} FROM api_key"),
            "UPDATE epoch SET value = value + 1".to_owned(),
            format!(
                "UPDATE api_key SET client_name = 'Beta', client_name_folded = 'beta', version = 4, epoch = 3 WHERE id = {id}"
            ),
        ] {
            assert_eq!(before.execute(&sql).await, Ok(1), "{release}: {sql}");
        }
        assert_eq!(store.epoch().await.unwrap(), 3, "{release}");
        let key = store.key(installation(1), key_id(2)).await.unwrap().unwrap();
        assert_eq!((key.client_name().as_str(), key.version()), ("Beta", 4), "{release}");
        before.close().await;
        store.close().await;
    }
}
