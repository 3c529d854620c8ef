//! Test keys see, make and change test keys alone.

use domain::{Caller, Issued, NewKey};
use model::{Environment, KeyError, KeyId, ListQuery, Overlap, SettingsPatch};
use store::{on_both_databases, testing::TestDatabase};

use crate::export::exported;
use crate::test_keydesk::{TestKeydesk, code, scopes, settings, verify};

on_both_databases!(for_a_test_key_live_keys_do_not_exist, a_test_key_makes_test_keys_alone, a_live_key_manages_both,);

async fn issue(desk: &TestKeydesk, name: &str, environment: Environment) -> Issued {
    let new = NewKey { environment: Some(environment), ..NewKey::of(settings(name)) };
    desk.keydesk.issue(&desk.operator, new).await.unwrap()
}

async fn manager(desk: &TestKeydesk, environment: Environment) -> Caller {
    let held = scopes(&["keys:*", "contacts:*", "calls:*", "wraps:*"]);
    let settings = SettingsPatch { scopes: Some(held), ..SettingsPatch::name("Manager") };
    let new = NewKey { environment: Some(environment), ..NewKey::of(settings) };
    let issued = desk.keydesk.issue(&desk.operator, new).await.unwrap();
    Caller::key(&verify(&desk.keydesk, issued.secret.expose()).await.record.unwrap())
}

/// Every verb on one key, with its outcome.
async fn outcomes(desk: &TestKeydesk, caller: &Caller, id: KeyId) -> Vec<(&'static str, Result<(), KeyError>)> {
    let keydesk = &desk.keydesk;
    let bulk = async |enabled| {
        let outcome = keydesk.bulk_set_enabled(caller, &[id], enabled).await?;
        outcome.skipped.first().map_or(Ok(()), |skipped| match skipped.code.as_str() {
            "not_found" => Err(KeyError::NotFound),
            _ => Err(KeyError::Forbidden),
        })
    };
    let bulk_delete = async || {
        let outcome = keydesk.bulk_delete(caller, &[id]).await?;
        if outcome.deleted.is_empty() { Err(KeyError::NotFound) } else { Ok(()) }
    };
    vec![
        ("get", keydesk.get(caller, id).await.map(drop)),
        ("secrets", keydesk.secrets(caller, id).await.map(drop)),
        ("history", keydesk.history(caller, id, None).await.map(drop)),
        ("handovers", keydesk.handovers(caller, id).await.map(drop)),
        ("rename", keydesk.update(caller, id, SettingsPatch::name("Beta"), None).await.map(drop)),
        ("rotate", keydesk.rotate(caller, id, Overlap::NONE, None).await.map(drop)),
        ("end overlap", keydesk.end_overlap(caller, id, None).await.map(drop)),
        ("reveal", keydesk.reveal(caller, id).await.map(drop)),
        ("hand over", keydesk.create_handover(caller, id).await.map(drop)),
        ("disable", keydesk.set_enabled(caller, id, false, None).await.map(drop)),
        ("bulk enable", bulk(true).await),
        ("bulk disable", bulk(false).await),
        ("delete", keydesk.delete(caller, id, None).await),
        ("restore", keydesk.restore(caller, id).await.map(drop)),
        ("bulk delete", bulk_delete().await),
    ]
}

async fn for_a_test_key_live_keys_do_not_exist(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (live, test) = (issue(&desk, "Live", Environment::Live).await, issue(&desk, "Test", Environment::Test).await);
    let gone = issue(&desk, "Gone", Environment::Live).await.key.id;
    let undo = desk.keydesk.delete_selected(&desk.operator, &model::Selection::Ids(vec![gone])).await.unwrap().changes;
    let off = desk.keydesk.set_enabled_selected(&desk.operator, &model::Selection::Ids(vec![live.key.id]), false).await;
    let off = off.unwrap().changes;
    let on = desk.keydesk.set_enabled_selected(&desk.operator, &model::Selection::Ids(vec![live.key.id]), true).await;
    let on = on.unwrap().changes;
    let caller = manager(&desk, Environment::Test).await;
    let before = desk.database.raw().await.dump().await;
    for (verb, outcome) in outcomes(&desk, &caller, live.key.id).await {
        assert_eq!(outcome, Err(KeyError::NotFound), "{verb}");
    }
    assert_eq!(desk.keydesk.restore(&caller, gone).await.map(drop), Err(KeyError::NotFound));
    assert_eq!(desk.keydesk.undo_delete(&caller, &undo).await, Err(KeyError::NotFound));
    assert_eq!(desk.keydesk.undo_switch(&caller, &on, true).await, Err(KeyError::NotFound));
    assert_eq!(desk.keydesk.undo_switch(&caller, &off, false).await, Ok(0), "touched since");
    assert_eq!(desk.keydesk.default_key(&caller).await.map(drop), Err(KeyError::NotFound));
    assert_eq!(desk.database.raw().await.dump().await, before);
    let list = async |environment| {
        let query = ListQuery { environment, limit: 50, ..ListQuery::default() };
        let page = desk.keydesk.list(&caller, &query).await.unwrap();
        let names: Vec<_> = page.items.iter().map(|key| key.settings.client_name.as_str().to_owned()).collect();
        (page.total, names)
    };
    let own = (2, vec!["Manager".to_owned(), "Test".to_owned()]);
    assert_eq!(list(None).await, own);
    assert_eq!(list(Some(Environment::Test)).await, own);
    assert_eq!(list(Some(Environment::Live)).await, (0, vec![]));
    let table = exported(&desk, &caller, ListQuery::default()).await;
    assert_eq!(table.lines().count(), 3, "{table}");
    for (verb, outcome) in outcomes(&desk, &caller, test.key.id).await {
        assert_eq!(outcome, Ok(()), "{verb}");
    }
    assert_eq!(code(&desk.keydesk, live.secret.expose()).await, model::Code::Valid);
}

async fn a_test_key_makes_test_keys_alone(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    for (own, wanted, made) in [
        (Environment::Test, None, Ok(Environment::Test)),
        (Environment::Test, Some(Environment::Test), Ok(Environment::Test)),
        (Environment::Test, Some(Environment::Live), Err(KeyError::EnvironmentEscalation)),
        (Environment::Live, None, Ok(Environment::Live)),
        (Environment::Live, Some(Environment::Test), Ok(Environment::Test)),
    ] {
        let caller = manager(&desk, own).await;
        let new = || NewKey { environment: wanted, ..NewKey::of(settings("Acme")) };
        let issued = desk.keydesk.issue(&caller, new()).await.map(|issued| issued.key.environment);
        assert_eq!(issued, made, "{own} {wanted:?}");
        let many = desk.keydesk.issue_many(&caller, vec![new()]).await.map(|issued| issued[0].key.environment);
        assert_eq!(many, made, "{own} {wanted:?}");
    }
}

async fn a_live_key_manages_both(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let caller = manager(&desk, Environment::Live).await;
    for environment in [Environment::Live, Environment::Test] {
        let id = issue(&desk, "Acme", environment).await.key.id;
        for (verb, outcome) in outcomes(&desk, &caller, id).await {
            assert_eq!(outcome, Ok(()), "{verb} {environment}");
        }
    }
}
