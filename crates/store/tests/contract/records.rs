use model::{Environment, InstallationId, Key, KeyKind, KeySettings, LifeCycle, NetworkSet, OriginSet, SecretId};
use store::{NewSecret, StoredKey, StoredRecord, on_both_databases, testing::TestDatabase};
use uuid::Uuid;

use crate::fixture::{at, digest, installation, key, key_id, name, put_names, secret, two_installations};

on_both_databases!(
    what_people_read_delays_neither_the_poll_nor_a_look_up,
    a_record_says_all_that_verification_needs,
    the_record_of_a_new_key_is_the_one_that_is_read,
    changed_records_are_those_between_two_epochs,
    all_records_in_pages,
    the_sealed_copy
);

fn numbers(records: &[StoredRecord]) -> Vec<u128> {
    let mut numbers: Vec<_> = records.iter().map(|record| record.key.0.as_u128()).collect();
    numbers.sort_unstable();
    numbers
}

async fn a_record_says_all_that_verification_needs(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme".to_owned()]).await;
    let epoch = store.epoch().await.unwrap();
    let record = store.record_by_digest(&digest(1)).await.unwrap().unwrap();
    let written = key(1, "Acme");
    let expected = StoredRecord {
        digest: digest(1),
        former: None,
        secret: SecretId(Uuid::from_u128(1)),
        secret_expires_at: None,
        installation: installation(1),
        key: key_id(1),
        kind: KeyKind::Issued,
        client_name: name("Acme"),
        environment: written.environment,
        scopes: written.settings.scopes,
        networks: written.settings.allowed_ips,
        origins: written.settings.allowed_origins,
        rate_limits: written.settings.rate_limits,
        quotas: written.settings.quotas,
        contact_centre: written.settings.contact_centre,
        sandbox_world: written.settings.sandbox_world,
        life: LifeCycle::default(),
        last_used_at: None,
        trial: None,
        epoch,
    };
    assert_eq!(record, expected);
    assert_eq!(store.record_by_secret(expected.secret).await.unwrap().as_ref(), Some(&expected));
    assert_eq!(store.record_by_secret(SecretId(Uuid::from_u128(2))).await.unwrap(), None);
    assert_eq!(store.records_of_key(installation(1), key_id(1)).await.unwrap(), [expected]);
    assert_eq!(store.record_by_digest(&digest(2)).await.unwrap(), None);

    let mut change = store.change().await.unwrap();
    change.delete_keys(installation(1), &[key_id(1)], at(60)).await.unwrap();
    let seen = change.records_of_keys(installation(1), &[key_id(1), key_id(2)]).await.unwrap().read;
    change.commit().await.unwrap();
    let record = store.record_by_digest(&digest(1)).await.unwrap().unwrap();
    assert_eq!((record.life.deleted_at, record.epoch), (Some(at(60)), epoch + 1));
    assert_eq!(seen, [record]);
}

/// The default key, a key with everything set, and one that begins disabled.
async fn the_record_of_a_new_key_is_the_one_that_is_read(database: TestDatabase) {
    let store = two_installations(&database).await;
    let unusual = key(2, "Ünusual \"quotes\" 🦀");
    let restricted = Key {
        settings: KeySettings {
            expires_at: Some(at(9_000)),
            allowed_ips: NetworkSet::new(["192.0.2.0/24", "2001:db8::/32"].map(|text| text.parse().unwrap())).unwrap(),
            allowed_origins: OriginSet::new(["https://crm.example"].map(|text| text.parse().unwrap())).unwrap(),
            contact_centre: "calls=60/hour streams=5".parse().unwrap(),
            sandbox_world: Some("acme-ci".parse().unwrap()),
            ..unusual.settings
        },
        environment: Environment::Test,
        ..unusual
    };
    let mut disabled = key(3, "Off");
    disabled.settings.enabled = false;
    let mut change = store.change().await.unwrap();
    let rows: Vec<_> = [key(1, "Acme"), restricted, disabled]
        .into_iter()
        .zip(1..)
        .map(|(key, number)| (StoredKey::new(installation(1), key, change.epoch()), secret(number, number == 1)))
        .collect();
    change.insert_keys(&rows).await.unwrap();
    change.commit().await.unwrap();
    for (key, secret) in &rows {
        let read = store.record_by_digest(&secret.digest).await.unwrap().unwrap();
        assert_eq!(StoredRecord::of_new(key, secret), read);
    }
    assert!(!store.record_by_digest(&digest(2)).await.unwrap().unwrap().networks.is_empty());
    assert!(store.record_by_digest(&digest(3)).await.unwrap().unwrap().life.disabled_at.is_some());
}

async fn changed_records_are_those_between_two_epochs(database: TestDatabase) {
    let store = two_installations(&database).await;
    let start = store.epoch().await.unwrap();
    put_names(&store, 1, &["Acme".to_owned()]).await;
    put_names(&store, 2, &["Beta".to_owned(), "Gamma".to_owned()]).await;
    assert_eq!(numbers(&store.records_changed(start, start + 1).await.unwrap().read), [1]);
    assert_eq!(numbers(&store.records_changed(start + 1, start + 2).await.unwrap().read), [2, 3]);
    assert_eq!(numbers(&store.records_changed(start, start + 9).await.unwrap().read), [1, 2, 3]);
    assert_eq!(numbers(&store.records_changed(start + 2, start + 9).await.unwrap().read), [0; 0]);
    assert_eq!(numbers(&store.records_changed(0, start).await.unwrap().read), [1_000_001, 1_000_002]);
}

async fn all_records_in_pages(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &(0..7).map(|number| format!("Client {number}")).collect::<Vec<_>>()).await;
    let (mut after, mut seen) = (SecretId(Uuid::nil()), Vec::new());
    loop {
        let page = store.records_after(after, 3).await.unwrap();
        let Some(last) = page.last_secret() else { break };
        after = last;
        seen.extend(page.read.iter().map(|record| record.key.0.as_u128()));
    }
    assert_eq!(seen, [1, 2, 3, 4, 5, 6, 7, 1_000_001, 1_000_002]);
}

async fn the_sealed_copy(database: TestDatabase) {
    let store = two_installations(&database).await;
    let mut change = store.change().await.unwrap();
    let put = async |change: &mut store::Change, number, sealed| {
        let stored = StoredKey::new(installation(1), key(number, "Acme"), change.epoch());
        let secret: NewSecret = secret(number, sealed);
        change.insert_keys(&[(stored, secret)]).await.unwrap();
    };
    put(&mut change, 1, true).await;
    put(&mut change, 2, false).await;
    let copy = async |change: &mut store::Change, installation: InstallationId, number| {
        change.sealed_copy(installation, key_id(number)).await.unwrap()
    };
    let kept = copy(&mut change, installation(1), 1).await.unwrap();
    assert_eq!(kept, (SecretId(Uuid::from_u128(1)), secret(1, true).sealed));
    assert_eq!(copy(&mut change, installation(1), 2).await, Some((SecretId(Uuid::from_u128(2)), None)));
    assert_eq!(copy(&mut change, installation(1), 3).await, None);
}

async fn what_people_read_delays_neither_the_poll_nor_a_look_up(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme".to_owned()]).await;
    let _held = store.hold_readers().await;
    let newest = store.epoch().await.unwrap();
    assert_eq!(store.records_changed(0, newest).await.unwrap().read.len(), 3);
    assert_eq!(store.installations().await.unwrap().len(), 2);
    assert!(store.record_by_digest(&digest(1)).await.unwrap().is_some());
    assert!(store.record_by_digest(&digest(2)).await.unwrap().is_none());
}
