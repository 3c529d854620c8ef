use domain::Caller;
use model::{Code, KeyError, KeyKind, ListQuery, Preset, Selection, SortColumn};
use store::{on_both_databases, testing::TestDatabase};

use crate::test_keydesk::{TestKeydesk, code, scopes, verify};

on_both_databases!(
    the_default_key_exists_from_the_start_and_verifies,
    no_verb_changes_the_default_key,
    the_default_key_comes_first_in_every_order,
    opening_again_makes_no_second
);

async fn the_default_key_exists_from_the_start_and_verifies(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    for caller in [&desk.operator, &desk.other] {
        let key = desk.keydesk.default_key(caller).await.unwrap();
        assert_eq!(
            (key.kind, key.settings.client_name.as_str(), key.settings.preset),
            (KeyKind::Default, "Default API Key", Preset::Custom)
        );
        assert_eq!(key.settings.scopes, scopes(&["keys:verify"]));
        let secret = desk.keydesk.reveal(caller, key.id).await.unwrap();
        let verdict = verify(&desk.keydesk, secret.expose()).await;
        assert_eq!((verdict.code, verdict.record.unwrap().installation()), (Code::Valid, caller.installation));
    }
}

async fn no_verb_changes_the_default_key(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let key = keydesk.default_key(&desk.operator).await.unwrap();
    let secret = keydesk.reveal(&desk.operator, key.id).await.unwrap();
    let itself = Caller::key(&verify(keydesk, secret.expose()).await.record.unwrap());
    let issued = desk.issue("Acme").await.key.id;
    for caller in [&desk.operator, &itself] {
        let protected = KeyError::DefaultKeyProtected;
        for version in [None, Some(1), Some(9)] {
            assert_eq!(
                keydesk.update(caller, key.id, model::SettingsPatch::name("Mine"), version).await,
                Err(protected.clone())
            );
            assert_eq!(keydesk.delete(caller, key.id, version).await, Err(protected.clone()));
        }
        assert_eq!(keydesk.restore(caller, key.id).await, Err(KeyError::NotDeleted));
        let bulk = keydesk.bulk_delete(caller, &[key.id, key.id]).await.unwrap();
        assert_eq!((bulk.deleted.len(), bulk.skipped.len()), (0, 1));
        assert_eq!(bulk.skipped[0].code, "default_key_protected");
        let selected = keydesk.delete_selected(caller, &Selection::Ids(vec![key.id])).await.unwrap();
        assert_eq!((selected.deleted, selected.skipped), (0, 1));
    }
    let everything = Selection::Matching {
        search: String::new(),
        environment: None,
        status: None,
        preset: None,
        expiring_before: None,
        attention: None,
    };
    assert_eq!(keydesk.deletion_impact(&desk.operator, &everything).await.unwrap().keys, 1);
    assert_eq!(keydesk.delete_selected(&desk.operator, &everything).await.unwrap().deleted, 1);
    assert!(keydesk.get(&desk.operator, issued).await.unwrap().deleted_at.is_some());
    assert_eq!(keydesk.default_key(&desk.operator).await.unwrap(), key);
    assert_eq!(code(keydesk, secret.expose()).await, Code::Valid);
}

async fn the_default_key_comes_first_in_every_order(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let mut issued = Vec::new();
    for name in ["Acme", "Default", "Zeta"] {
        desk.clock.advance(1);
        issued.push(desk.issue(name).await.key.id);
    }
    let default = desk.keydesk.default_key(&desk.operator).await.unwrap().id;
    for column in SortColumn::ALL {
        for descending in [false, true] {
            let sort = model::Sort { column, descending };
            let mut seen = Vec::new();
            let mut query = ListQuery { sort, limit: 1, ..ListQuery::default() };
            loop {
                let page = desk.keydesk.list(&desk.operator, &query).await.unwrap();
                assert_eq!((page.items.len(), page.total), (1, 4));
                seen.push(page.items[0].id);
                let Some(next) = page.next_cursor else { break };
                query.cursor = Some(next.parse().unwrap());
                // The cursor knows its order, whatever the rest of the query says.
                query.sort = model::Sort::default();
            }
            let mut expected = issued.clone();
            if descending {
                expected.reverse();
            }
            expected.insert(0, default);
            assert_eq!(seen, expected, "{sort}");
        }
    }
    // It is searched for like any other.
    for (search, expected) in [("default", 2), ("api key", 1), ("acme", 1), ("%", 0)] {
        let query = ListQuery { search: search.to_owned(), limit: 50, ..ListQuery::default() };
        let page = desk.keydesk.list(&desk.operator, &query).await.unwrap();
        assert_eq!((page.items.len(), page.total), (expected, expected as u64), "{search}");
    }
}

async fn opening_again_makes_no_second(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let before = desk.database.raw().await.dump().await;
    let (one, two) = tokio::join!(desk.second_node(), desk.second_node());
    assert_eq!(one.installations().await.unwrap(), two.installations().await.unwrap());
    assert_eq!(desk.database.raw().await.dump().await, before);
}
