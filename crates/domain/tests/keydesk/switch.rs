use domain::NewKey;
use model::{Action, Code, KeyError, KeyId, KeyStatus, Selection, SettingsPatch};
use store::{on_both_databases, testing::TestDatabase};
use uuid::Uuid;

use crate::test_keydesk::{TestKeydesk, code, new_key, scopes, settings};

on_both_databases!(
    off_and_on_again,
    a_key_that_is_made_disabled_waits_to_be_enabled,
    a_switch_is_part_of_an_edit,
    enabling_through_an_edit_requires_all_scopes_of_the_key,
    many_keys_are_switched_at_once_with_an_outcome_for_each,
    all_that_match_in_several_changes,
    the_default_key_stays_on
);

async fn off_and_on_again(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let issued = desk.issue("Acme").await;
    let (id, key) = (issued.key.id, issued.secret.expose());
    let off = desk.keydesk.set_enabled(&desk.operator, id, false, Some(1)).await.unwrap();
    assert_eq!((off.status, off.version), (KeyStatus::Disabled, 2));
    assert_eq!(code(&desk.keydesk, key).await, Code::Disabled);
    let moved = desk.keydesk.set_enabled(&desk.operator, id, true, Some(1)).await;
    assert_eq!(moved, Err(KeyError::VersionMoved { current: 2 }));
    let on = desk.keydesk.set_enabled(&desk.operator, id, true, Some(2)).await.unwrap();
    assert_eq!((on.status, on.version), (KeyStatus::Active, 3));
    assert_eq!(code(&desk.keydesk, key).await, Code::Valid);
    let actions: Vec<_> = desk.audit(&desk.operator).await.iter().map(|entry| entry.action().unwrap()).collect();
    assert_eq!(actions[actions.len() - 2..], [Action::KeyDisable, Action::KeyEnable]);
    desk.keydesk.delete(&desk.operator, id, None).await.unwrap();
    assert_eq!(desk.keydesk.set_enabled(&desk.operator, id, false, None).await, Err(KeyError::NotFound));
}

async fn a_key_that_is_made_disabled_waits_to_be_enabled(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let before = desk.audit(&desk.operator).await.len();
    let new = NewKey::of(SettingsPatch { enabled: Some(false), ..settings("Acme") });
    let issued = desk.keydesk.issue(&desk.operator, new.clone()).await.unwrap();
    let (id, key) = (issued.key.id, issued.secret.expose());
    assert_eq!((issued.key.status, issued.key.version), (KeyStatus::Disabled, 1));
    assert_eq!(desk.keydesk.get(&desk.operator, id).await.unwrap(), issued.key);
    let other = desk.second_node().await;
    assert_eq!((code(&desk.keydesk, key).await, code(&other, key).await), (Code::Disabled, Code::Disabled));
    let entries = desk.audit(&desk.operator).await;
    let (entry, entries) = (entries.last().unwrap(), entries.len() - before);
    assert_eq!((entries, entry.action().unwrap()), (1, Action::KeyIssue));
    assert!(entry.detail.contains("\"enabled\":false"), "{}", entry.detail);
    let on = desk.keydesk.set_enabled(&desk.operator, id, true, Some(1)).await.unwrap();
    assert_eq!((on.status, code(&desk.keydesk, key).await), (KeyStatus::Active, Code::Valid));
    let many = desk.keydesk.issue_many(&desk.operator, vec![new, new_key("Beta")]).await.unwrap();
    let statuses: Vec<_> = many.iter().map(|issued| issued.key.status).collect();
    assert_eq!(statuses, [KeyStatus::Disabled, KeyStatus::Active]);
    assert!(!desk.audit(&desk.operator).await.last().unwrap().detail.contains("enabled"), "it goes without saying");
}

async fn a_switch_is_part_of_an_edit(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let issued = desk.issue("Acme").await;
    let (id, key) = (issued.key.id, issued.secret.expose());
    let edit = async |enabled, name: &str, version| {
        let change = SettingsPatch { enabled: Some(enabled), ..SettingsPatch::name(name) };
        desk.keydesk.update(&desk.operator, id, change, Some(version)).await
    };
    let last = async || desk.audit(&desk.operator).await.pop().unwrap();
    let entries = desk.audit(&desk.operator).await.len();
    let off = edit(false, "Beta", 1).await.unwrap();
    assert_eq!((off.settings.client_name.as_str(), off.status, off.version), ("Beta", KeyStatus::Disabled, 2));
    assert_eq!((code(&desk.keydesk, key).await, last().await.action().unwrap()), (Code::Disabled, Action::KeyUpdate));
    // A refused call switches nothing.
    let before = desk.database.raw().await.dump().await;
    assert_eq!(edit(true, "\0", 2).await.unwrap_err().kind().code, "invalid_client_name");
    assert_eq!(edit(true, "Gamma", 1).await, Err(KeyError::VersionMoved { current: 2 }));
    assert_eq!(edit(false, "Beta", 2).await.unwrap().version, 2, "nothing to do");
    assert_eq!(desk.database.raw().await.dump().await, before);
    // An edit that only switches is logged like any switch.
    assert_eq!(edit(true, "Beta", 2).await.unwrap().version, 3);
    assert_eq!((code(&desk.keydesk, key).await, last().await.action().unwrap()), (Code::Valid, Action::KeyEnable));
    assert_eq!(edit(false, "Beta", 3).await.unwrap().version, 4);
    assert_eq!((last().await.action().unwrap(), last().await.detail.as_str()), (Action::KeyDisable, "{}"));
    assert_eq!(desk.audit(&desk.operator).await.len(), entries + 3);
}

async fn enabling_through_an_edit_requires_all_scopes_of_the_key(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let weak = desk.caller(&["keys:write", "calls:read"]).await;
    let edit =
        async |id, change: SettingsPatch| desk.keydesk.update(&weak, id, change, None).await.map(|key| key.status);
    let switch = |enabled| SettingsPatch { enabled: Some(enabled), ..SettingsPatch::default() };
    for (held, expected) in [
        (&["calls:read"][..], Ok(KeyStatus::Active)),
        (&["calls:read", "data:read"], Err(KeyError::ScopeEscalation { missing: vec!["data:read".parse().unwrap()] })),
    ] {
        let new = NewKey::of(SettingsPatch { scopes: Some(scopes(held)), ..settings("Acme") });
        let id = desk.keydesk.issue(&desk.operator, new).await.unwrap().key.id;
        assert_eq!(edit(id, switch(false)).await, Ok(KeyStatus::Disabled), "anybody may take away");
        assert_eq!(edit(id, SettingsPatch::name("Beta")).await, Ok(KeyStatus::Disabled));
        assert_eq!(edit(id, switch(true)).await, expected, "{held:?}");
        // Only the scopes that are left count, not those that the same edit takes away.
        let less = SettingsPatch { scopes: Some(scopes(&["calls:read"])), ..switch(true) };
        assert_eq!(edit(id, less).await, Ok(KeyStatus::Active), "{held:?}");
    }
}

async fn many_keys_are_switched_at_once_with_an_outcome_for_each(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let [one, two, gone] = [desk.issue("Acme").await, desk.issue("Beta").await, desk.issue("Gone").await];
    let default = desk.keydesk.default_key(&desk.operator).await.unwrap().id;
    desk.keydesk.delete(&desk.operator, gone.key.id, None).await.unwrap();
    desk.keydesk.set_enabled(&desk.operator, two.key.id, false, None).await.unwrap();
    let nobody = KeyId(Uuid::nil());
    let ids = [two.key.id, one.key.id, default, gone.key.id, nobody, one.key.id];
    let outcome = desk.keydesk.bulk_set_enabled(&desk.operator, &ids, false).await.unwrap();
    assert_eq!((outcome.changed, outcome.unchanged), (vec![one.key.id], vec![two.key.id]));
    let skipped: Vec<_> = outcome.skipped.iter().map(|one| (one.id, one.code.as_str())).collect();
    assert_eq!(skipped, [(default, "default_key_protected"), (gone.key.id, "not_found"), (nobody, "not_found")]);
    let before = desk.database.raw().await.dump().await;
    let again = desk.keydesk.bulk_set_enabled(&desk.operator, &ids, false).await.unwrap();
    assert_eq!((again.changed.len(), again.unchanged.len()), (0, 2));
    assert_eq!(desk.database.raw().await.dump().await, before, "nothing to do, nothing written");
}

async fn all_that_match_in_several_changes(database: TestDatabase) {
    const KEYS: usize = 2_100;
    let desk = TestKeydesk::open(database).await;
    let new = (0..KEYS).map(|_| new_key("Acme")).collect();
    let issued = desk.keydesk.issue_many(&desk.operator, new).await.unwrap();
    let other = desk.issue("Beta").await.key;
    let matching = Selection::Matching {
        search: "acme".to_owned(),
        environment: None,
        status: None,
        preset: None,
        expiring_before: None,
        attention: None,
    };
    for (enabled, expected) in [(true, 0), (false, KEYS), (false, 0), (true, KEYS)] {
        let switched = desk.keydesk.set_enabled_selected(&desk.operator, &matching, enabled).await.unwrap();
        assert_eq!((switched.changed, switched.skipped), (expected as u64, 0), "{enabled}");
        let verdict = if enabled { Code::Valid } else { Code::Disabled };
        for at in [0, KEYS - 1] {
            assert_eq!(code(&desk.keydesk, issued[at].secret.expose()).await, verdict);
        }
    }
    assert_eq!(desk.keydesk.get(&desk.operator, other.id).await.unwrap(), other);
    let ids = Selection::Ids(vec![other.id, KeyId(Uuid::nil())]);
    let switched = desk.keydesk.set_enabled_selected(&desk.operator, &ids, false).await.unwrap();
    assert_eq!((switched.changed, switched.skipped), (1, 1));
}

async fn the_default_key_stays_on(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let default = desk.keydesk.default_key(&desk.operator).await.unwrap();
    let before = desk.database.raw().await.dump().await;
    for enabled in [false, true] {
        let refused = desk.keydesk.set_enabled(&desk.operator, default.id, enabled, None).await;
        assert_eq!(refused, Err(KeyError::DefaultKeyProtected));
    }
    assert_eq!(desk.database.raw().await.dump().await, before);
}
