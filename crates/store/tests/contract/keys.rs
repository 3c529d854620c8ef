use model::{Key, KeyId, KeyKind, KeySettings, KeyStatus, Metadata, NetworkSet, OriginSet, Preset, Scope};
use store::{StoreError, StoredKey, on_both_databases, testing::TestDatabase};

use crate::fixture::{at, installation, key, key_id, name, put, put_names, two_installations};

on_both_databases!(
    a_key_reads_back_as_it_was_written,
    a_key_is_found_in_its_own_installation_only,
    updating,
    switching_changes_issued_keys_in_the_other_state,
    deleting_affects_each_issued_key_once,
    more_keys_than_one_statement_can_name_are_deleted,
    restoring,
    a_change_that_is_dropped_leaves_nothing,
    a_change_sees_what_it_wrote,
    a_digest_and_an_id_are_unique,
    keys_are_counted_for_each_installation,
    changes_are_numbered_in_the_order_of_commits
);

fn named(text: &str) -> KeySettings {
    KeySettings { client_name: name(text), ..key(1, "Acme").settings }
}

fn from_json<T: serde::de::DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).unwrap()
}

/// Every setting with a value that is not the usual one.
fn unusual() -> KeySettings {
    KeySettings {
        enabled: false,
        client_name: name("100% <b>Ünïcode</b> \\ _ \" ' 漢字 🦀"),
        preset: Preset::LiveWidget,
        scopes: ["calls:read", "contacts:*"].iter().map(|scope| Scope::parse(scope).unwrap()).collect(),
        expires_at: Some(at(9_000)),
        allowed_ips: NetworkSet::new(["10.0.0.0/8", "2001:db8::1"].map(|text| text.parse().unwrap())).unwrap(),
        allowed_origins: OriginSet::new(["https://*.example.com".parse().unwrap()]).unwrap(),
        rate_limits: from_json(
            r#"[{"name":"calls","limit":60,"window_seconds":60,"burst":9,"scopes":["calls:make"]}]"#,
        ),
        quotas: from_json(r#"[{"name":"daily","limit":0,"period":"day","time_zone":"Europe/Berlin"}]"#),
        metadata: Metadata::new([("a \"'".to_owned(), "🦀\\".to_owned())].into()).unwrap(),
        owner_email: Some("ada@example.com".parse().unwrap()),
        notes: Some("one\ntwo".parse().unwrap()),
        issue_bounds: Some("10.0.0.0/8 https://*.example.com 90d".parse().unwrap()),
        contact_centre: "calls=60/hour +=0/hour +61=any hours=9-20 streams=5 recordings=1GB/day agent=none"
            .parse()
            .unwrap(),
        sandbox_world: Some("acme-ci".parse().unwrap()),
    }
}

async fn a_key_reads_back_as_it_was_written(database: TestDatabase) {
    let store = two_installations(&database).await;
    let written = Key { settings: unusual(), status: KeyStatus::Disabled, ..key(9, "Acme") };
    let mut change = store.change().await.unwrap();
    put(&mut change, installation(1), written.clone()).await.unwrap();
    let epoch = change.epoch();
    change.commit().await.unwrap();
    let read = store.key(installation(1), key_id(9)).await.unwrap().unwrap();
    assert_eq!(read, StoredKey::new(installation(1), written.clone(), epoch));
    assert_eq!((read.id(), read.kind(), read.version()), (key_id(9), KeyKind::Issued, 1));
    assert_eq!(read.life.disabled_at, Some(at(9)), "disabled since it was made");
    assert_eq!(read.at(at(100)), written);
    assert_eq!(store.key(installation(1), key_id(10)).await.unwrap(), None);
    let default = store.default_key(installation(2)).await.unwrap().unwrap();
    assert_eq!((default.id(), default.kind()), (key_id(1_000_002), KeyKind::Default));
    assert_eq!(store.default_key(installation(3)).await.unwrap(), None);
}

async fn a_key_is_found_in_its_own_installation_only(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme".to_owned()]).await;
    let (foreign, id) = (installation(2), key_id(1));
    assert_eq!(store.key(foreign, id).await.unwrap(), None);
    assert_eq!(store.records_of_key(foreign, id).await.unwrap(), []);
    let before = store.key(installation(1), id).await.unwrap();

    let mut change = store.change().await.unwrap();
    assert_eq!(change.key(foreign, id).await.unwrap(), None);
    assert_eq!(change.records_of_key(foreign, id).await.unwrap(), []);
    assert_eq!(change.records_of_keys(foreign, &[id]).await.unwrap().read, []);
    assert_eq!(change.sealed_copy(foreign, id).await.unwrap(), None);
    assert!(!change.update_key(foreign, id, &named("Mine"), at(50)).await.unwrap());
    assert_eq!(change.switch_keys(foreign, &[id], false, at(50)).await.unwrap(), []);
    assert_eq!(change.delete_keys(foreign, &[id], at(50)).await.unwrap(), []);
    change.delete_keys(installation(1), &[id], at(50)).await.unwrap();
    assert!(!change.restore_key(foreign, id, at(60)).await.unwrap());
    drop(change);
    assert_eq!(store.key(installation(1), id).await.unwrap(), before);
}

async fn updating(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme".to_owned(), "Beta".to_owned()]).await;
    let mut change = store.change().await.unwrap();
    assert!(change.update_key(installation(1), key_id(1), &named("ÄCME"), at(70)).await.unwrap());
    assert!(!change.update_key(installation(1), key_id(3), &named("Nobody"), at(70)).await.unwrap());
    let (epoch, inside) = (change.epoch(), change.key(installation(1), key_id(1)).await.unwrap().unwrap());
    change.commit().await.unwrap();
    let after = store.key(installation(1), key_id(1)).await.unwrap().unwrap();
    assert_eq!(inside, after);
    assert_eq!((after.client_name(), after.version(), after.epoch), (&name("ÄCME"), 2, epoch));
    let after = after.at(at(80));
    assert_eq!((after.updated_at, after.created_at), (at(70), at(1)));
    let mut change = store.change().await.unwrap();
    assert!(change.update_key(installation(1), key_id(1), &unusual(), at(75)).await.unwrap());
    change.commit().await.unwrap();
    let after = store.key(installation(1), key_id(1)).await.unwrap().unwrap();
    assert_eq!((after.settings(), after.life.expires_at), (&unusual(), Some(at(9_000))));
    let mut change = store.change().await.unwrap();
    for (enabled, ms, expected) in
        [(false, 76, Some(at(75))), (true, 77, None), (true, 78, None), (false, 79, Some(at(79)))]
    {
        let settings = KeySettings { enabled, ..unusual() };
        assert!(change.update_key(installation(1), key_id(1), &settings, at(ms)).await.unwrap());
        let after = change.key(installation(1), key_id(1)).await.unwrap().unwrap();
        assert_eq!((after.settings(), after.life.disabled_at), (&settings, expected), "{enabled} {ms}");
    }
    change.commit().await.unwrap();
    let mut change = store.change().await.unwrap();
    change.delete_keys(installation(1), &[key_id(2)], at(80)).await.unwrap();
    assert!(!change.update_key(installation(1), key_id(2), &named("Gone"), at(90)).await.unwrap());
}

async fn switching_changes_issued_keys_in_the_other_state(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme".to_owned(), "Beta".to_owned(), "Gone".to_owned()]).await;
    let ids = [key_id(1), key_id(2), key_id(3), key_id(77), key_id(1_000_001), key_id(1_000_002)];
    let mut change = store.change().await.unwrap();
    change.delete_keys(installation(1), &[key_id(3)], at(40)).await.unwrap();
    assert_eq!(change.switch_keys(installation(1), &ids, true, at(50)).await.unwrap(), []);
    assert_eq!(change.switch_keys(installation(1), &[key_id(2)], false, at(50)).await.unwrap(), [key_id(2)]);
    assert_eq!(change.switch_keys(installation(1), &ids, false, at(60)).await.unwrap(), [key_id(1)]);
    let epoch = change.epoch();
    change.commit().await.unwrap();
    let off = store.key(installation(1), key_id(1)).await.unwrap().unwrap();
    assert_eq!((off.life.disabled_at, off.version(), off.epoch), (Some(at(60)), 2, epoch));
    let mut change = store.change().await.unwrap();
    let mut on = change.switch_keys(installation(1), &ids, true, at(70)).await.unwrap();
    on.sort();
    assert_eq!(on, [key_id(1), key_id(2)]);
    let on = change.key(installation(1), key_id(1)).await.unwrap().unwrap();
    assert_eq!((on.life.disabled_at, on.version(), on.at(at(80)).updated_at), (None, 3, at(70)));
}

async fn deleting_affects_each_issued_key_once(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme".to_owned(), "Beta".to_owned()]).await;
    let ids = [key_id(1), key_id(2), key_id(77), key_id(1_000_001), key_id(1_000_002)];
    let mut change = store.change().await.unwrap();
    let mut deleted = change.delete_keys(installation(1), &ids, at(50)).await.unwrap();
    deleted.sort();
    assert_eq!(deleted, [key_id(1), key_id(2)]);
    assert_eq!(change.delete_keys(installation(1), &ids, at(60)).await.unwrap(), []);
    assert_eq!(change.delete_keys(installation(1), &[], at(60)).await.unwrap(), []);
    let epoch = change.epoch();
    change.commit().await.unwrap();
    let gone = store.key(installation(1), key_id(1)).await.unwrap().unwrap();
    assert_eq!((gone.life.deleted_at, gone.version(), gone.epoch), (Some(at(50)), 2, epoch));
}

async fn more_keys_than_one_statement_can_name_are_deleted(database: TestDatabase) {
    let store = two_installations(&database).await;
    let names: Vec<_> = (0..1_100).map(|number| format!("Client {number}")).collect();
    put_names(&store, 2_000, &names[..]).await;
    let ids: Vec<KeyId> = (1_000..4_000).map(key_id).collect();
    let mut change = store.change().await.unwrap();
    let deleted = change.delete_keys(installation(1), &ids, at(5_000)).await.unwrap();
    let records = change.records_of_keys(installation(1), &ids).await.unwrap().read;
    assert_eq!(deleted.len(), 1_100);
    assert!(
        records.iter().filter(|record| record.kind == KeyKind::Issued).all(|record| record.life.deleted_at.is_some())
    );
    assert_eq!(records.len(), 1_100);
}

async fn restoring(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme".to_owned()]).await;
    let mut change = store.change().await.unwrap();
    assert!(!change.restore_key(installation(1), key_id(1), at(50)).await.unwrap());
    change.delete_keys(installation(1), &[key_id(1)], at(60)).await.unwrap();
    assert!(change.restore_key(installation(1), key_id(1), at(70)).await.unwrap());
    let epoch = change.epoch();
    change.commit().await.unwrap();
    let back = store.key(installation(1), key_id(1)).await.unwrap().unwrap();
    assert_eq!((back.life.deleted_at, back.version(), back.epoch), (None, 3, epoch));
    assert_eq!(back.at(at(80)).updated_at, at(70));
}

async fn a_change_that_is_dropped_leaves_nothing(database: TestDatabase) {
    let store = two_installations(&database).await;
    let before = store.epoch().await.unwrap();
    let mut change = store.change().await.unwrap();
    put(&mut change, installation(1), key(1, "Acme")).await.unwrap();
    drop(change);
    // The next change waits until the lock of the dropped one is gone.
    let change = store.change().await.unwrap();
    assert_eq!(change.epoch(), before + 1);
    change.commit().await.unwrap();
    assert_eq!(store.key(installation(1), key_id(1)).await.unwrap(), None);
    assert_eq!(store.record_by_digest(&crate::fixture::digest(1)).await.unwrap(), None);
    assert_eq!(store.key_count(installation(1)).await.unwrap(), 0);
}

async fn a_change_sees_what_it_wrote(database: TestDatabase) {
    let store = two_installations(&database).await;
    let mut change = store.change().await.unwrap();
    put(&mut change, installation(1), key(1, "Acme")).await.unwrap();
    assert!(change.key(installation(1), key_id(1)).await.unwrap().is_some());
    assert_eq!(change.records_of_key(installation(1), key_id(1)).await.unwrap().len(), 1);
    let (_, copy) = change.sealed_copy(installation(1), key_id(1)).await.unwrap().unwrap();
    assert_eq!(copy.unwrap().sealed_secret, [4, 5, 6]);
    assert_eq!(store.key(installation(1), key_id(1)).await.unwrap(), None, "others must not see it yet");
}

async fn a_digest_and_an_id_are_unique(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme".to_owned()]).await;
    let mut change = store.change().await.unwrap();
    let again = put(&mut change, installation(2), key(1, "Acme")).await;
    assert!(matches!(again, Err(StoreError::Database(_))), "{again:?}");
    drop(change);
    let mut change = store.change().await.unwrap();
    let stored = StoredKey::new(installation(1), key(2, "Beta"), change.epoch());
    let mut secret = crate::fixture::secret(2, false);
    secret.digest = crate::fixture::digest(1);
    assert!(change.insert_keys(&[(stored, secret)]).await.is_err());
}

async fn keys_are_counted_for_each_installation(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme".to_owned(), "Beta".to_owned()]).await;
    assert_eq!(store.key_count(installation(1)).await.unwrap(), 2);
    assert_eq!(store.key_count(installation(2)).await.unwrap(), 0);
    assert_eq!(store.key_count(installation(3)).await.unwrap(), 0);
    let mut change = store.change().await.unwrap();
    // A number that is wrong makes no deletion fail, and is counted anew.
    change.count_keys(installation(1), -5).await.unwrap();
    change.count_keys(installation(2), -1).await.unwrap();
    change.commit().await.unwrap();
    assert_eq!(store.key_count(installation(1)).await.unwrap(), 0);
    assert_eq!(store.key_count(installation(2)).await.unwrap(), 0);
    assert_eq!(store.recount_keys().await.unwrap(), 1);
    assert_eq!(store.key_count(installation(1)).await.unwrap(), 2);
    assert_eq!(store.recount_keys().await.unwrap(), 0);
}

async fn changes_are_numbered_in_the_order_of_commits(database: TestDatabase) {
    let store = two_installations(&database).await;
    let first = store.epoch().await.unwrap();
    let committed = std::sync::Arc::new(tokio::sync::Mutex::new(Vec::new()));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let (store, committed) = (store.clone(), std::sync::Arc::clone(&committed));
        tasks.spawn(async move {
            let change = store.change().await.unwrap();
            let epoch = change.epoch();
            assert!(store.epoch().await.unwrap() < epoch, "seen before it was committed");
            committed.lock().await.push(epoch);
            change.commit().await.unwrap();
        });
    }
    tasks.join_all().await;
    let expected: Vec<_> = (first + 1..=first + 40).collect();
    assert_eq!(*committed.lock().await, expected);
}
