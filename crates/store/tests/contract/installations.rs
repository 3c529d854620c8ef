use model::{LeakRule, TimeZone};
use store::{Deployment, StoreError, StoredInstallation, on_both_databases, testing::TestDatabase};

use crate::fixture::{at, installation, two_installations};

on_both_databases!(
    installations_are_listed_by_name,
    a_name_is_taken_once,
    the_module_is_switched_off_and_on,
    title_time_zone_and_rule_are_set_one_by_one,
    no_time_zone_has_the_form_of_anything_else,
    there_is_one_deployment,
    a_healthy_database,
    incomplete_changes_are_found
);

fn new(number: u128, name: &str) -> StoredInstallation {
    StoredInstallation {
        id: installation(number),
        name: name.to_owned(),
        title: "Ünïcode 漢字".to_owned(),
        disabled_at: None,
        recoverable: false,
        time_zone: "America/Argentina/Buenos_Aires".parse().unwrap(),
        leak_rule: LeakRule::Revoke,
        key_count: 0,
        created_at: at(9),
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

async fn title_time_zone_and_rule_are_set_one_by_one(database: TestDatabase) {
    let store = two_installations(&database).await;
    let sydney: TimeZone = "Australia/Sydney".parse().unwrap();
    for (number, title, zone, rule, found, expected) in [
        (1, Some("Acme"), None, None, true, ("Acme", "UTC", LeakRule::Notify)),
        (1, None, Some(&sydney), None, true, ("Acme", "Australia/Sydney", LeakRule::Notify)),
        (1, None, None, Some(LeakRule::Disable), true, ("Acme", "Australia/Sydney", LeakRule::Disable)),
        (1, Some("Ünïcode 漢字"), Some(&TimeZone::UTC), None, true, ("Ünïcode 漢字", "UTC", LeakRule::Disable)),
        (1, None, None, None, true, ("Ünïcode 漢字", "UTC", LeakRule::Disable)),
        (3, Some("Nobody"), Some(&sydney), Some(LeakRule::Revoke), false, ("Ünïcode 漢字", "UTC", LeakRule::Disable)),
    ] {
        let mut change = store.change().await.unwrap();
        assert_eq!(change.set_installation(installation(number), title, zone, rule).await.unwrap(), found);
        change.commit().await.unwrap();
        let all = store.installations().await.unwrap();
        assert_eq!((all[0].title.as_str(), all[0].time_zone.name(), all[0].leak_rule), expected);
        let other = (all[1].title.as_str(), all[1].time_zone.name(), all[1].leak_rule);
        assert_eq!(other, ("Centre 2", "UTC", LeakRule::Notify));
    }
    let mut raw = database.raw().await;
    assert!(raw.execute("UPDATE installation SET leak_rule = 'delete' WHERE name = 'centre-1'").await.is_err());
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
    crate::fixture::put_names(&store, 1, &["Never seen by the audit log".to_owned()]).await;
    assert_eq!(store.examine().await.unwrap().orphans, 1);
    let mut raw = database.raw().await;
    let issued = raw.id(crate::fixture::key_id(1).0);
    // A secret that ends is not enough.
    raw.execute(&format!("UPDATE api_key_secret SET expires_at = 5 WHERE key_id = {issued}")).await.unwrap();
    assert_eq!(store.examine().await.unwrap().orphans, 2, "it has no secret that lasts as well");
}
