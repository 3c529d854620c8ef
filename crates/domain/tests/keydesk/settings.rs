//! What owners set for their installation, and what follows from it.

use domain::{InstallationPatch, NewKey};
use model::{
    Action, Actor, Instant, KeyError, LeakRule, Permission, Preset, RequiredSecondFactor, Role, SettingsPatch,
};
use store::{on_both_databases, testing::TestDatabase};

use crate::{
    roles::person,
    test_keydesk::{DONE, HOUR, KNOWN, START, TestKeydesk, new_key, once, settings, within},
};

on_both_databases!(
    owners_alone_set_them_and_nobody_replaces_what_they_have_not_seen,
    they_are_known_on_every_node,
    whom_to_ask_is_named_and_is_not_in_the_log,
    keys_end_within_the_longest_life,
    secrets_that_are_shown_once_lie_nowhere,
);

const DAY: i64 = 24 * HOUR;

fn titled(title: &str) -> InstallationPatch {
    InstallationPatch { title: Some(title.to_owned()), ..InstallationPatch::default() }
}

fn life(days: &str) -> InstallationPatch {
    InstallationPatch { longest_life: Some(days.parse().ok()), ..InstallationPatch::default() }
}

fn shown_once(once: bool) -> InstallationPatch {
    InstallationPatch { show_once: Some(once), ..InstallationPatch::default() }
}

async fn owners_alone_set_them_and_nobody_replaces_what_they_have_not_seen(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let before = keydesk.installation("default").await.unwrap().unwrap();
    for role in [Role::Viewer, Role::Manager] {
        let caller = person(&desk, role).await;
        assert!(!role.may(Permission::ManageInstallation));
        assert_eq!(keydesk.set_settings(&caller, titled("Mine"), None).await, Err(KeyError::Forbidden), "{role}");
    }
    let owner = person(&desk, Role::Owner).await;
    // Whoever lost the role while they typed changes nothing.
    let key = desk.caller(&["keys:write"]).await;
    assert_eq!(keydesk.set_settings(&key, titled("Mine"), None).await, Err(KeyError::Forbidden));
    let set = keydesk.set_settings(&owner, titled("Ours"), Some(before.settings_version)).await.unwrap();
    assert_eq!((set.title.as_str(), set.settings_version), ("Ours", before.settings_version + 1));
    let moved = KeyError::VersionMoved { current: set.settings_version };
    assert_eq!(keydesk.set_settings(&owner, titled("Theirs"), Some(before.settings_version)).await, Err(moved));
    // Sent again it is no change, and no older form either.
    assert_eq!(keydesk.set_settings(&owner, titled("Ours"), Some(before.settings_version)).await, Ok(set.clone()));
    assert_eq!(keydesk.installation("default").await.unwrap(), Some(set));
    // The other installation keeps its own.
    assert_eq!(keydesk.installation("other").await.unwrap().unwrap().title, "Other");
    keydesk.set_module(Actor::Operator, "default", false).await.unwrap();
    assert!(keydesk.set_settings(&owner, titled("Off"), None).await.is_ok(), "also where the module is off");
}

async fn they_are_known_on_every_node(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let other = desk.second_node().await;
    let background = other.start();
    let owner = person(&desk, Role::Owner).await;
    let all = InstallationPatch {
        title: Some("Ours".to_owned()),
        time_zone: "Europe/Zurich".parse().ok(),
        contact: Some("the Service Desk".parse().ok()),
        show_once: Some(true),
        longest_life: Some("90".parse().ok()),
        default_preset: Some(Some(Preset::Crm)),
        required_second_factor: Some(RequiredSecondFactor::Owners),
        leak_rule: Some(LeakRule::Disable),
    };
    let set = desk.keydesk.set_settings(&owner, all, None).await.unwrap();
    within(KNOWN, "the settings", async || other.installation_in_memory("default").as_ref() == Some(&set)).await;
    let entries = desk.audit(&desk.operator).await;
    let entry = entries.iter().find(|entry| matches!(entry.action(), Ok(Action::InstallationUpdate))).unwrap();
    for told in [
        "Ours",
        "Europe/Zurich",
        "\"longest_life_days\":{\"from\":null,\"to\":90}",
        "crm",
        "show_once",
        "\"required_second_factor\":{\"from\":\"none\",\"to\":\"owners\"}",
        "\"leak_rule\":{\"from\":\"notify\",\"to\":\"disable\"}",
    ] {
        assert!(entry.detail.contains(told), "{told}: {}", entry.detail);
    }
    background.stop().await;
}

async fn whom_to_ask_is_named_and_is_not_in_the_log(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let contact = "Ada, ada@example.com".parse().unwrap();
    let patch = InstallationPatch { contact: Some(Some(contact)), ..InstallationPatch::default() };
    keydesk.set_installation(Actor::Operator, "default", patch).await.unwrap();
    keydesk.set_module(Actor::Operator, "default", false).await.unwrap();
    let said = keydesk.issue(&desk.operator, new_key("Acme")).await.map(drop).unwrap_err().to_string();
    let expected = "API Keys may not be available in your installation. Please contact Ada, ada@example.com.";
    assert_eq!(said, expected);
    assert_eq!(keydesk.require_enabled(desk.operator.installation).unwrap_err().to_string(), expected);
    assert!(desk.audit(&desk.operator).await.iter().all(|entry| !entry.detail.contains("ada@")));
    let nobody = InstallationPatch { contact: Some(None), ..InstallationPatch::default() };
    keydesk.set_installation(Actor::Operator, "default", nobody).await.unwrap();
    let said = keydesk.issue(&desk.operator, new_key("Acme")).await.map(drop).unwrap_err().to_string();
    assert_eq!(said, model::MODULE_UNAVAILABLE);
}

async fn keys_end_within_the_longest_life(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (keydesk, caller) = (&desk.keydesk, &desk.operator);
    let endless = desk.issue("Endless").await.key;
    keydesk.set_installation(Actor::Operator, "default", life("30")).await.unwrap();
    assert_eq!(keydesk.get(caller, endless.id).await.unwrap(), endless, "nothing moves by itself");
    let end = |days: i64| Some(Instant::from_millis(START + days * DAY));
    let issue = async |expires_at: Option<Option<Instant>>| {
        let patch = SettingsPatch { expires_at, ..settings("Acme") };
        keydesk.issue(caller, NewKey::of(patch)).await.map(|issued| issued.key)
    };
    let refused = |outcome: Result<model::Key, KeyError>| match outcome {
        Err(KeyError::InvalidSetting { field, reason }) => {
            assert_eq!(
                (field.as_str(), reason.as_str()),
                ("expires_at", "Keys of this installation must end within 30 days.")
            );
        }
        other => panic!("{other:?}"),
    };
    // One that is given no end gets the last that may be; to want none is refused.
    let key = issue(None).await.unwrap();
    assert_eq!(key.settings.expires_at, end(30));
    refused(issue(Some(None)).await);
    refused(issue(Some(end(32))).await);
    // A day that is chosen ends with the day.
    assert_eq!(issue(Some(end(31))).await.unwrap().settings.expires_at, end(31));
    let edit = async |id: model::KeyId, expires_at: Option<Instant>| {
        keydesk
            .update(caller, id, SettingsPatch { expires_at: Some(expires_at), ..SettingsPatch::default() }, None)
            .await
    };
    refused(edit(key.id, end(60)).await);
    refused(edit(key.id, None).await);
    assert_eq!(edit(key.id, end(3)).await.unwrap().settings.expires_at, end(3));
    // What is nearer than before may be far, and another setting of such a key asks nobody.
    assert_eq!(edit(endless.id, end(400)).await.unwrap().settings.expires_at, end(400));
    assert_eq!(edit(endless.id, end(300)).await.unwrap().settings.expires_at, end(300));
    refused(edit(endless.id, end(301)).await);
    assert!(keydesk.update(caller, endless.id, SettingsPatch::name("Named"), None).await.is_ok());
    let many = keydesk.issue_many(caller, vec![new_key("One"), new_key("Two")]).await.unwrap();
    assert!(many.iter().all(|issued| issued.key.settings.expires_at == end(30)));
    keydesk.set_installation(Actor::Operator, "default", life("none")).await.unwrap();
    assert_eq!(issue(None).await.unwrap().settings.expires_at, None);
}

async fn secrets_that_are_shown_once_lie_nowhere(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (keydesk, caller) = (&desk.keydesk, &desk.operator);
    let before = keydesk.issue_once(caller, new_key("Before"), once("a", "b")).await.unwrap().issued().unwrap();
    let theirs = keydesk.issue(&desk.other, new_key("Theirs")).await.unwrap();
    keydesk.set_installation(Actor::Operator, "default", shown_once(true)).await.unwrap();
    // At once, before anything was erased.
    let not = Err(KeyError::NotRecoverable);
    assert_eq!(keydesk.reveal(caller, before.key.id).await.map(drop), not);
    assert_eq!(keydesk.create_handover(caller, before.key.id).await.map(drop), not);
    let after = desk.issue("After").await;
    assert_eq!(keydesk.reveal(caller, after.key.id).await.map(drop), not);
    let mut raw = desk.database.raw().await;
    let own = raw.id(caller.installation.0);
    let sealed =
        format!("SELECT COUNT(*) FROM api_key_secret WHERE installation_id = {own} AND sealed_secret IS NOT NULL");
    assert_eq!(raw.number(&format!("SELECT COUNT(*) FROM idempotency WHERE installation_id = {own}")).await, 0);
    let background = keydesk.start();
    within(DONE, "erased", async || desk.database.raw().await.number(&sealed).await == 0).await;
    assert_eq!(
        crate::test_keydesk::code(keydesk, before.secret.expose()).await,
        model::Code::Valid,
        "it works all the same"
    );
    assert!(keydesk.reveal(&desk.other, theirs.key.id).await.is_ok(), "another installation is not concerned");
    background.stop().await;
    // Another node may have sealed one meanwhile; so it is looked for a minute, and then no more.
    let due = async || {
        let since = "SELECT COUNT(*) FROM installation WHERE erase_copies_since IS NOT NULL";
        desk.database.raw().await.number(since).await
    };
    assert_eq!(due().await, 1);
    desk.clock.advance(60_000);
    let background = keydesk.start();
    within(DONE, "done", async || due().await == 0).await;
    background.stop().await;
    // What is kept from now on is kept; nothing comes back.
    keydesk.set_installation(Actor::Operator, "default", shown_once(false)).await.unwrap();
    assert_eq!(keydesk.reveal(caller, before.key.id).await.map(drop), not);
    let later = desk.issue("Later").await;
    assert_eq!(keydesk.reveal(caller, later.key.id).await.unwrap().expose(), later.secret.expose());
}
