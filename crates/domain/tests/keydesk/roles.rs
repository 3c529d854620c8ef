use domain::Caller;
use model::{Code, Key, KeyError, ListQuery, Overlap, Permission, Role, Selection, SettingsPatch};
use store::{on_both_databases, testing::TestDatabase};

use crate::export::exported;
use crate::people::{PASSWORD, add, caller, sign_in};
use crate::test_keydesk::{TestKeydesk, code, new_key, overlap, settings};

on_both_databases!(
    a_viewer_sees_and_changes_nothing,
    a_viewer_sees_neither_notes_nor_the_history,
    owners_alone_have_the_secret_of_the_default_api_key,
);

pub(crate) async fn person(desk: &TestKeydesk, role: Role) -> Caller {
    let email = format!("{role}@example.com");
    if sign_in(&desk.keydesk, &email, PASSWORD).await.is_err() {
        add(desk, &email, role).await;
    }
    caller(&desk.keydesk, &email).await
}

async fn a_viewer_sees_neither_notes_nor_the_history(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let metadata = serde_json::from_str(r#"{"account":"4711"}"#).unwrap();
    let noted = SettingsPatch {
        notes: Some(Some("secret plan".parse().unwrap())),
        metadata: Some(metadata),
        ..settings("Acme")
    };
    let id = desk.keydesk.issue(&desk.operator, domain::NewKey::of(noted)).await.unwrap().key.id;
    for (role, sees) in [(Role::Viewer, false), (Role::Manager, true), (Role::Owner, true)] {
        let caller = person(&desk, role).await;
        let shows = |key: &Key| (key.settings.notes.is_some(), !key.settings.metadata.is_empty());
        assert_eq!(shows(&desk.keydesk.get(&caller, id).await.unwrap()), (sees, sees), "{role}");
        let listed = desk.keydesk.list(&caller, &ListQuery { limit: 50, ..ListQuery::default() }).await.unwrap().items;
        let listed = listed.iter().find(|key| key.id == id).unwrap();
        assert_eq!(shows(listed), (sees, sees), "{role}");
        let table = exported(&desk, &caller, ListQuery::default()).await;
        assert_eq!((table.contains("secret plan"), table.contains("4711")), (sees, sees), "{role}");
        assert_eq!(desk.keydesk.history(&caller, id, None).await.is_ok(), sees, "{role}");
        // Nor do they learn by searching what they may not read.
        for search in ["secret plan", "acme plan", "4711", "account"] {
            let query = ListQuery { search: search.to_owned(), limit: 50, ..ListQuery::default() };
            let found = desk.keydesk.list(&caller, &query).await.unwrap();
            assert_eq!((found.items.len(), found.total), (usize::from(sees), u64::from(sees)), "{role}: {search}");
            assert_eq!(
                exported(&desk, &caller, query).await.lines().count(),
                1 + usize::from(sees),
                "{role}: {search}"
            );
            let matching = Selection::Matching {
                search: search.to_owned(),
                environment: None,
                status: None,
                preset: None,
                expiring_before: None,
                attention: None,
            };
            let impact = desk.keydesk.deletion_impact(&caller, &matching).await;
            assert_eq!(impact.is_ok_and(|impact| impact.keys == 1), sees, "{role}: {search}");
        }
    }
}

async fn owners_alone_have_the_secret_of_the_default_api_key(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let default = desk.keydesk.default_key(&desk.operator).await.unwrap().id;
    let secret = desk.keydesk.reveal(&desk.operator, default).await.unwrap();
    let strong = desk.caller(&["keys:read", "keys:write", "keys:reveal", "keys:verify"]).await;
    let link = desk.keydesk.create_handover(&desk.operator, default).await.unwrap().handover.id;
    for (caller, expected) in [
        (person(&desk, Role::Manager).await, KeyError::Forbidden),
        (person(&desk, Role::Viewer).await, KeyError::Forbidden),
        (strong, KeyError::DefaultKeyProtected),
    ] {
        let outcome = desk.keydesk.rotate(&caller, default, Overlap::NONE, None).await.map(drop);
        assert_eq!(outcome, Err(expected.clone()));
        assert_eq!(desk.keydesk.end_overlap(&caller, default, None).await.map(drop), Err(expected.clone()));
        assert_eq!(desk.keydesk.reveal(&caller, default).await.map(drop), Err(expected.clone()));
        assert_eq!(desk.keydesk.create_handover(&caller, default).await.map(drop), Err(expected.clone()));
        assert_eq!(desk.keydesk.withdraw_handover(&caller, default, link).await, Err(expected));
    }
    assert_eq!(code(&desk.keydesk, secret.expose()).await, Code::Valid, "it was not rotated");
    for role in [Role::Manager, Role::Viewer] {
        let caller = person(&desk, role).await;
        assert!(!caller.may(Permission::UseDefaultKey), "{role}");
    }
    let owner = person(&desk, Role::Owner).await;
    let new = desk.keydesk.rotate(&owner, default, Overlap::NONE, None).await.unwrap();
    assert_eq!(code(&desk.keydesk, secret.expose()).await, Code::Revoked);
    assert_eq!(desk.keydesk.reveal(&owner, default).await.unwrap().expose(), new.secret.expose());
}

async fn a_viewer_sees_and_changes_nothing(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let (live, gone) = (desk.issue("Acme").await.key, desk.issue("Gone").await.key);
    let selection = Selection::Ids(vec![gone.id]);
    let deleted = keydesk.delete_selected(&desk.operator, &selection).await.unwrap();
    let link = keydesk.create_handover(&desk.operator, live.id).await.unwrap().handover.id;
    let viewer = person(&desk, Role::Viewer).await;
    let before = desk.database.raw().await.dump().await;
    let everything = Selection::Matching {
        search: String::new(),
        environment: None,
        status: None,
        preset: None,
        expiring_before: None,
        attention: None,
    };
    let outcomes = [
        ("issue", keydesk.issue(&viewer, new_key("Beta")).await.map(drop)),
        ("rename", keydesk.update(&viewer, live.id, SettingsPatch::name("Beta"), None).await.map(drop)),
        ("delete", keydesk.delete(&viewer, live.id, None).await),
        ("bulk_delete", keydesk.bulk_delete(&viewer, &[live.id]).await.map(drop)),
        ("restore", keydesk.restore(&viewer, gone.id).await.map(drop)),
        ("reveal", keydesk.reveal(&viewer, live.id).await.map(drop)),
        ("delete_selected", keydesk.delete_selected(&viewer, &everything).await.map(drop)),
        ("set_enabled", keydesk.set_enabled(&viewer, live.id, false, None).await.map(drop)),
        ("bulk_set_enabled", keydesk.bulk_set_enabled(&viewer, &[live.id], false).await.map(drop)),
        ("set_enabled_selected", keydesk.set_enabled_selected(&viewer, &everything, false).await.map(drop)),
        ("rotate", keydesk.rotate(&viewer, live.id, overlap(60), None).await.map(drop)),
        ("end_overlap", keydesk.end_overlap(&viewer, live.id, None).await.map(drop)),
        ("create_handover", keydesk.create_handover(&viewer, live.id).await.map(drop)),
        ("withdraw_handover", keydesk.withdraw_handover(&viewer, live.id, link).await),
        ("undo_delete", keydesk.undo_delete(&viewer, &deleted.changes).await.map(drop)),
        ("undo_switch", keydesk.undo_switch(&viewer, &deleted.changes, false).await.map(drop)),
    ];
    for (verb, outcome) in outcomes {
        assert_eq!(outcome, Err(KeyError::Forbidden), "{verb}");
    }
    let query = ListQuery { limit: 50, ..ListQuery::default() };
    assert_eq!(keydesk.list(&viewer, &query).await.unwrap().total, 2);
    assert_eq!(keydesk.get(&viewer, live.id).await.unwrap(), live);
    assert_eq!(keydesk.deletion_impact(&viewer, &everything).await.unwrap().keys, 1);
    assert_eq!(desk.database.raw().await.dump().await, before);
}
