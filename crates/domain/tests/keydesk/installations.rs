use domain::{Installation, InstallationPatch, NewInstallation};
use model::{Action, Actor, Code, KeyError, ListQuery, Selection, TimeZone};
use store::{on_both_databases, testing::TestDatabase};

use crate::test_keydesk::{DONE, KNOWN, TestKeydesk, code, new_key, verify, within};

on_both_databases!(
    an_invalid_name_or_title_is_refused,
    a_name_is_given_once_even_at_the_same_time,
    with_the_module_off_no_verb_answers_and_calls_go_on,
    switching_is_in_memory_when_it_answers,
    title_and_time_zone_are_set_and_audited
);

fn new(name: &str, title: &str) -> NewInstallation {
    NewInstallation { name: name.to_owned(), title: title.to_owned(), recoverable: true }
}

async fn an_invalid_name_or_title_is_refused(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let before = desk.keydesk.installations().await.unwrap();
    let long = "a".repeat(64);
    for (name, title) in
        [("", "T"), ("1a", "T"), ("-a", "T"), ("A", "T"), ("a_b", "T"), (long.as_str(), "T"), ("a", ""), ("a", "T\0")]
    {
        let refused = desk.keydesk.create_installation(Actor::Operator, new(name, title)).await;
        assert!(matches!(refused, Err(KeyError::InvalidInstallation { .. })), "{name} {title}: {refused:?}");
    }
    assert_eq!(desk.keydesk.installations().await.unwrap(), before);
    let made = desk.keydesk.create_installation(Actor::Operator, new(&long[1..], "Ünï")).await.unwrap();
    assert_eq!(desk.keydesk.installation(&long[1..]).await.unwrap(), Some(made));
    let nobody = desk.keydesk.set_module(Actor::Operator, "nobody", false).await;
    assert_eq!(nobody, Err(KeyError::NoInstallation));
}

async fn title_and_time_zone_are_set_and_audited(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let sydney: TimeZone = "Australia/Sydney".parse().unwrap();
    let name = keydesk.installations().await.unwrap()[0].name.clone();
    let set = async |patch: InstallationPatch| keydesk.set_installation(Actor::Operator, &name, patch).await;
    let before = desk.audit(&desk.operator).await.len();
    let zone = InstallationPatch { time_zone: Some(sydney.clone()), ..InstallationPatch::default() };
    let set_to = set(zone.clone()).await.unwrap();
    assert_eq!(set_to.time_zone, sydney);
    assert_eq!(keydesk.installation_in_memory(&name), Some(set_to.clone()));
    assert_eq!(keydesk.installation(&name).await.unwrap(), Some(set_to.clone()));
    // What is so already is no change.
    assert_eq!(set(zone).await.unwrap(), set_to);
    assert_eq!(set(InstallationPatch::default()).await.unwrap(), set_to);
    let titled = InstallationPatch { title: Some("Acme".to_owned()), ..InstallationPatch::default() };
    let version = set_to.settings_version + 1;
    let titled_so = Installation { title: "Acme".to_owned(), settings_version: version, ..set_to };
    assert_eq!(set(titled).await.unwrap(), titled_so);
    for wrong in ["", "A\0"] {
        let refused = set(InstallationPatch { title: Some(wrong.to_owned()), ..InstallationPatch::default() }).await;
        assert!(matches!(refused, Err(KeyError::InvalidInstallation { .. })), "{refused:?}");
    }
    let entries = desk.audit(&desk.operator).await;
    let told: Vec<_> = entries[before..].iter().map(|entry| entry.action().unwrap()).collect();
    assert_eq!(told, [Action::InstallationUpdate; 2]);
    let nobody = keydesk.set_installation(Actor::Operator, "nobody", InstallationPatch::default()).await;
    assert_eq!(nobody, Err(KeyError::NoInstallation));
}

async fn a_name_is_given_once_even_at_the_same_time(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let other = desk.second_node().await;
    let (one, two) = tokio::join!(
        desk.keydesk.create_installation(Actor::Operator, new("third", "T")),
        other.create_installation(Actor::Operator, new("third", "T"))
    );
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    assert_eq!(desk.keydesk.installations().await.unwrap().len(), 3);
}

async fn with_the_module_off_no_verb_answers_and_calls_go_on(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let issued = desk.issue("Acme").await;
    let (caller, id) = (&desk.operator, issued.key.id);
    keydesk.set_module(Actor::Operator, "default", false).await.unwrap();
    let before = desk.database.raw().await.dump().await;
    let selection = Selection::Ids(vec![id]);
    let query = ListQuery { limit: 50, ..ListQuery::default() };
    let outcomes = [
        ("issue", keydesk.issue(caller, new_key("Beta")).await.map(drop)),
        ("list", keydesk.list(caller, &query).await.map(drop)),
        ("get", keydesk.get(caller, id).await.map(drop)),
        ("default_key", keydesk.default_key(caller).await.map(drop)),
        ("rename", keydesk.update(caller, id, model::SettingsPatch::name("Beta"), None).await.map(drop)),
        ("delete", keydesk.delete(caller, id, None).await),
        ("bulk_delete", keydesk.bulk_delete(caller, &[id]).await.map(drop)),
        ("restore", keydesk.restore(caller, id).await.map(drop)),
        ("reveal", keydesk.reveal(caller, id).await.map(drop)),
        ("count_named", keydesk.count_named(caller, "Acme", None).await.map(drop)),
        ("activity", keydesk.activity(caller, &[id]).await.map(drop)),
        ("deletion_impact", keydesk.deletion_impact(caller, &selection).await.map(drop)),
        ("delete_selected", keydesk.delete_selected(caller, &selection).await.map(drop)),
        ("disabling_impact", keydesk.disabling_impact(caller, &selection).await.map(drop)),
        ("undo_delete", keydesk.undo_delete(caller, &[1]).await.map(drop)),
        ("undo_switch", keydesk.undo_switch(caller, &[1], true).await.map(drop)),
    ];
    for (verb, outcome) in outcomes {
        assert_eq!(outcome, Err(KeyError::ModuleUnavailable { contact: None }), "{verb}");
    }
    assert_eq!(desk.database.raw().await.dump().await, before);
    let verdict = verify(keydesk, issued.secret.expose()).await;
    assert_eq!(verdict.code, Code::Valid);
    assert_eq!(keydesk.whoami(&verdict.record.unwrap()).await.unwrap().id, id);
    assert!(keydesk.list(&desk.other, &query).await.is_ok(), "another installation is not concerned");
    keydesk.set_module(Actor::Operator, "default", true).await.unwrap();
    assert_eq!(keydesk.get(caller, id).await.unwrap(), issued.key);
}

async fn switching_is_in_memory_when_it_answers(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let background = desk.keydesk.start();
    for round in 0..100 {
        let enabled = round % 2 == 1;
        let switched = desk.keydesk.set_module(Actor::Operator, "default", enabled).await.unwrap();
        assert_eq!((switched.enabled, desk.keydesk.module_enabled(desk.operator.installation)), (enabled, enabled));
    }
    background.stop().await;
    let key = desk.issue("Acme").await;
    assert_eq!(code(&desk.second_node().await, key.secret.expose()).await, Code::Valid);
}

/// The change is made, whatever becomes of the reading after it; and memory is no fresher for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_switch_is_made_although_installations_can_not_be_read_afterwards() {
    let desk = TestKeydesk::open(TestDatabase::sqlite().await).await;
    let mut raw = desk.database.raw().await;
    // The row of the other installation can't be read from the moment on at which this one is switched.
    raw.execute(
        "CREATE TRIGGER spoil AFTER UPDATE OF disabled_at ON installation BEGIN \
         UPDATE installation SET title = CAST(x'ff' AS TEXT) WHERE name = 'other'; END",
    )
    .await
    .unwrap();
    let switched = desk.keydesk.set_module(Actor::Operator, "default", false).await.unwrap();
    assert!(!switched.enabled && !desk.keydesk.module_enabled(desk.operator.installation));
    desk.keydesk.installations().await.unwrap_err();
    let background = desk.keydesk.start();
    desk.clock.advance(5_001);
    // The poll goes on, and proves nothing.
    within(DONE, "not ready", async || desk.keydesk.ready().await.is_err()).await;
    tokio::time::sleep(KNOWN).await;
    assert!(desk.keydesk.ready().await.is_err());
    raw.execute("UPDATE installation SET title = 'Other' WHERE name = 'other'").await.unwrap();
    within(DONE, "ready again", async || desk.keydesk.ready().await.is_ok()).await;
    background.stop().await;
}
