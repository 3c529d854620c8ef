use model::{LeakRule, Preset, RequiredSecondFactor, SecretId, TimeZone};
use store::{Deployment, StoreError, StoredInstallation, on_both_databases, testing::TestDatabase};

use uuid::Uuid;

use crate::fixture::{at, installation, put_names, two_installations};

on_both_databases!(
    installations_are_listed_by_name,
    a_name_is_taken_once,
    the_module_is_switched_off_and_on,
    settings_are_written_and_read_back,
    settings_that_are_not_understood_count_as_not_set,
    sealed_copies_of_one_installation_are_erased,
    who_must_have_a_second_factor_is_set_in_one_installation,
    no_time_zone_has_the_form_of_anything_else,
    there_is_one_deployment,
    a_healthy_database,
    incomplete_changes_are_found
);

fn new(number: u128, name: &str) -> StoredInstallation {
    StoredInstallation {
        time_zone: "America/Argentina/Buenos_Aires".parse().unwrap(),
        required_second_factor: RequiredSecondFactor::Owners,
        leak_rule: LeakRule::Revoke,
        ..StoredInstallation::new(installation(number), name.to_owned(), "Ünïcode 漢字".to_owned(), false, at(9))
    }
}

async fn installations_are_listed_by_name(database: TestDatabase) {
    let store = two_installations(&database).await;
    let mut change = store.change().await.unwrap();
    change.insert_installation(&new(3, "a-first")).await.unwrap();
    change.commit().await.unwrap();
    let all = store.installations().await.unwrap();
    let names: Vec<_> = all.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["a-first", "centre-1", "centre-2"]);
    assert_eq!(all[0], new(3, "a-first"));
}

async fn a_name_is_taken_once(database: TestDatabase) {
    let store = two_installations(&database).await;
    let mut change = store.change().await.unwrap();
    let taken = change.insert_installation(&new(3, "centre-1")).await;
    assert!(matches!(taken, Err(StoreError::InstallationNameTaken)), "{taken:?}");
}

async fn the_module_is_switched_off_and_on(database: TestDatabase) {
    let store = two_installations(&database).await;
    for (disabled_at, number, found) in [(Some(at(7)), 1, true), (None, 1, true), (Some(at(8)), 3, false)] {
        let mut change = store.change().await.unwrap();
        assert_eq!(change.switch_module(installation(number), disabled_at).await.unwrap(), found);
        change.commit().await.unwrap();
        if found {
            let states: Vec<_> = store.installations().await.unwrap().iter().map(|one| one.disabled_at).collect();
            assert_eq!(states, [disabled_at, None]);
        }
    }
}

async fn settings_are_written_and_read_back(database: TestDatabase) {
    let store = two_installations(&database).await;
    let before = store.installations().await.unwrap();
    let set = StoredInstallation {
        title: "Ünïcode 漢字".to_owned(),
        time_zone: "Australia/Sydney".parse().unwrap(),
        recoverable: false,
        contact: Some("the Service Desk".parse().unwrap()),
        longest_life: Some("90".parse().unwrap()),
        default_preset: Some(Preset::Crm),
        required_second_factor: RequiredSecondFactor::Owners,
        leak_rule: LeakRule::Disable,
        erase_copies_since: Some(at(7)),
        ..before[0].clone()
    };
    for (to, version) in [(&set, 2), (&before[0], 3), (&set, 4)] {
        let mut change = store.change().await.unwrap();
        assert!(change.set_installation(to).await.unwrap());
        let expected = StoredInstallation { settings_version: version, ..to.clone() };
        assert_eq!(change.installation(to.id).await.unwrap(), Some(expected.clone()));
        change.commit().await.unwrap();
        assert_eq!(store.installations().await.unwrap(), [expected, before[1].clone()]);
    }
    // Only those copies are erased that were asked for then.
    for (since, left) in [(6, Some(at(7))), (7, None)] {
        store.copies_erased(set.id, at(since)).await.unwrap();
        assert_eq!(store.installations().await.unwrap()[0].erase_copies_since, left);
    }
    let mut change = store.change().await.unwrap();
    assert!(!change.set_installation(&StoredInstallation { id: installation(3), ..set }).await.unwrap());
    assert_eq!(change.installation(installation(3)).await.unwrap(), None);
}

/// What a later release or another program wrote lets keys live no longer than anybody wants, and hides nothing else.
async fn settings_that_are_not_understood_count_as_not_set(database: TestDatabase) {
    let store = two_installations(&database).await;
    let mut raw = database.raw().await;
    for wrong in [
        "contact = ''",
        "longest_life_days = 0",
        "longest_life_days = 36501",
        "default_preset = ''",
        "leak_rule = 'delete'",
    ] {
        let statement = format!("UPDATE installation SET {wrong} WHERE name = 'centre-1'");
        assert!(raw.execute(&statement).await.is_err(), "{wrong}");
    }
    raw.execute("UPDATE installation SET contact = '...', default_preset = 'teleport' WHERE name = 'centre-1'")
        .await
        .unwrap();
    let read = &store.installations().await.unwrap()[0];
    assert_eq!((&read.contact, read.default_preset), (&None, None));
}

async fn sealed_copies_of_one_installation_are_erased(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Acme".to_owned(), "Beta".to_owned()]).await;
    let mut raw = database.raw().await;
    let sealed = "SELECT COUNT(*) FROM api_key_secret WHERE sealed_secret IS NOT NULL";
    assert_eq!(raw.number(sealed).await, 4);
    let (mut after, mut batches) = (SecretId(Uuid::nil()), 0);
    while let Some(last) = store.erase_copies(installation(1), after, 2).await.unwrap() {
        (after, batches) = (last, batches + 1);
    }
    // The default key's too, and nothing of the other installation.
    assert_eq!((batches, raw.number(sealed).await), (2, 1));
}

async fn who_must_have_a_second_factor_is_set_in_one_installation(database: TestDatabase) {
    let store = two_installations(&database).await;
    for required in [RequiredSecondFactor::Owners, RequiredSecondFactor::Everyone, RequiredSecondFactor::None] {
        let mut change = store.change().await.unwrap();
        let before = change.installation(installation(1)).await.unwrap().unwrap();
        let to = StoredInstallation { required_second_factor: required, ..before };
        assert!(change.set_installation(&to).await.unwrap());
        change.commit().await.unwrap();
        let all = store.installations().await.unwrap();
        assert_eq!((all[0].title.as_str(), all[0].required_second_factor), ("Centre 1", required));
        assert_eq!(all[1].required_second_factor, RequiredSecondFactor::None);
    }
    let mut raw = database.raw().await;
    assert!(raw.execute("UPDATE installation SET required_second_factor = 'all'").await.is_err());
}

/// What another program may have written.
async fn no_time_zone_has_the_form_of_anything_else(database: TestDatabase) {
    let store = two_installations(&database).await;
    let mut raw = database.raw().await;
    let long = "a".repeat(65);
    for wrong in ["", "Europe/Zürich", "UTC; x", "a b", &long] {
        let statement = format!("UPDATE installation SET time_zone = '{wrong}' WHERE name = 'centre-1'");
        assert!(raw.execute(&statement).await.is_err(), "{wrong:?}");
    }
    // A zone of a later database.
    raw.execute("UPDATE installation SET time_zone = 'Mars/Base' WHERE name = 'centre-1'").await.unwrap();
    let zones: Vec<_> = store.installations().await.unwrap().into_iter().map(|one| one.time_zone).collect();
    assert_eq!(zones, [TimeZone::UTC, TimeZone::UTC]);
}

async fn there_is_one_deployment(database: TestDatabase) {
    let store = database.store().await;
    assert_eq!(store.deployment().await.unwrap(), None);
    let deployment = Deployment { key_prefix: "ccc".to_owned(), keyring_proof: vec![1, 2], created_at: at(3) };
    let mut change = store.change().await.unwrap();
    assert_eq!(change.deployment().await.unwrap(), None);
    change.insert_deployment(&deployment).await.unwrap();
    assert_eq!(change.deployment().await.unwrap(), Some(deployment.clone()));
    change.commit().await.unwrap();
    assert_eq!(store.deployment().await.unwrap(), Some(deployment.clone()));
    let mut change = store.change().await.unwrap();
    assert!(change.insert_deployment(&deployment).await.is_err());
}

async fn a_healthy_database(database: TestDatabase) {
    let store = two_installations(&database).await;
    let found = store.examine().await.unwrap();
    let (kind, integrity) =
        if database.is_postgres() { ("PostgreSQL", None) } else { ("SQLite", Some("ok".to_owned())) };
    assert!(found.version.starts_with(kind) && store.kind() == kind, "{}", found.version);
    assert_eq!((found.integrity, found.orphans), (integrity, 0));
    assert!(found.migration >= 1);
}

async fn incomplete_changes_are_found(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 1, &["Never seen by the audit log".to_owned()]).await;
    assert_eq!(store.examine().await.unwrap().orphans, 1);
    let mut raw = database.raw().await;
    let issued = raw.id(crate::fixture::key_id(1).0);
    // A secret that ends is not enough.
    raw.execute(&format!("UPDATE api_key_secret SET expires_at = 5 WHERE key_id = {issued}")).await.unwrap();
    assert_eq!(store.examine().await.unwrap().orphans, 2, "it has no secret that lasts as well");
}
