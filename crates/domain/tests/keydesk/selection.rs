use domain::{NewKey, fingerprint};
use model::{
    Actor, Code, InstallationId, Instant, Key, KeyError, KeyId, KeyStatus, ListQuery, SecretId, Selection,
    SettingsPatch,
};
use store::{LastUse, NewSecret, Store, StoredKey, UsageBatch, UsageDelta, on_both_databases, testing::TestDatabase};
use uuid::Uuid;

use crate::test_keydesk::{HOUR, START, TestKeydesk, code, scopes, settings};

on_both_databases!(
    a_selection_of_deleted_keys_deletes_no_living_ones,
    a_text_that_is_in_no_name_selects_nothing,
    all_that_match_are_counted_with_their_calls,
    a_deletion_that_stops_half_way_is_undone,
    whoever_undoes_a_deletion_holds_every_scope_of_the_keys
);

fn matching(search: &str, status: Option<KeyStatus>) -> Selection {
    Selection::Matching {
        search: search.to_owned(),
        environment: None,
        status,
        preset: None,
        expiring_before: None,
        attention: None,
    }
}

/// Writes more keys such as `key`, which nobody can call with.
pub(crate) async fn put_like(store: &Store, installation: InstallationId, key: &Key, more: u16) {
    let mut change = store.change().await.unwrap();
    let keys: Vec<_> = (1..=more)
        .map(|number| {
            let id = Uuid::from_u128(u128::from(number));
            // Spread as real digests are: memory finds a record by the first bytes, and grows without end where they are alike.
            let digest = fingerprint(&number.to_be_bytes());
            let hint = key.hint.clone();
            let secret = NewSecret { id: SecretId(id), digest, hint, pepper_id: "none".to_owned(), sealed: None };
            (StoredKey::new(installation, Key { id: KeyId(id), ..key.clone() }, change.epoch()), secret)
        })
        .collect();
    change.insert_keys(&keys).await.unwrap();
    change.count_keys(installation, i64::from(more)).await.unwrap();
    change.commit().await.unwrap();
}

async fn a_selection_of_deleted_keys_deletes_no_living_ones(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (gone, live) = (desk.issue("Acme").await.key, desk.issue("Acme").await.key);
    desk.keydesk.delete(&desk.operator, gone.id, None).await.unwrap();
    let selection = matching("acme", Some(KeyStatus::Revoked));
    let impact = desk.keydesk.deletion_impact(&desk.operator, &selection).await.unwrap();
    assert_eq!((impact.keys, impact.names.len()), (0, 0), "nothing would stop");
    let deleted = desk.keydesk.delete_selected(&desk.operator, &selection).await.unwrap();
    assert_eq!(deleted.deleted, 0);
    assert_eq!(desk.keydesk.get(&desk.operator, live.id).await.unwrap(), live);
}

async fn a_text_that_is_in_no_name_selects_nothing(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let key = desk.issue("Acme").await.key;
    for search in ["\0", "ac\0me", "acme\u{7}x", "nobody"] {
        let listed = ListQuery { search: search.to_owned(), limit: 50, ..ListQuery::default() };
        assert_eq!(desk.keydesk.list(&desk.operator, &listed).await.unwrap().items, [], "{search:?}");
        let impact = desk.keydesk.deletion_impact(&desk.operator, &matching(search, None)).await.unwrap();
        assert_eq!(impact.keys, 0, "{search:?}");
        let deleted = desk.keydesk.delete_selected(&desk.operator, &matching(search, None)).await.unwrap();
        assert_eq!(deleted.deleted, 0, "{search:?}");
    }
    assert_eq!(desk.keydesk.get(&desk.operator, key.id).await.unwrap(), key);
    let some = desk.keydesk.deletion_impact(&desk.operator, &matching("ACM", None)).await.unwrap();
    assert_eq!((some.keys, some.names), (1, vec![key.settings.client_name]));
}

async fn all_that_match_are_counted_with_their_calls(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (first, second) = (desk.issue("Acme").await, desk.issue("Acme too").await);
    let store = desk.database.store().await;
    put_like(&store, desk.operator.installation, &first.key, 1_000).await;
    let used = |issued: &domain::Issued, days: i64, code, calls| UsageDelta {
        installation: desk.operator.installation,
        key: issued.key.id,
        secret: SecretId(issued.key.id.0),
        client: issued.key.settings.client_name.clone(),
        environment: issued.key.environment,
        at: Instant::from_millis(START - START % HOUR - days * 24 * HOUR),
        scope: None,
        code,
        calls,
    };
    let deltas = [
        used(&first, 0, Code::Valid, 3),
        used(&second, 29, Code::Valid, 4),
        used(&second, 31, Code::Valid, 100),
        used(&second, 0, Code::Expired, 100),
    ];
    let secret = desk.keydesk.secrets(&desk.operator, first.key.id).await.unwrap()[0].id;
    let at = Instant::from_millis(START - 5);
    let last = LastUse { installation: desk.operator.installation, key: first.key.id, secret, at, address: None };
    store
        .record_usage(&UsageBatch { calls: deltas.to_vec(), last_uses: vec![last], ..UsageBatch::default() })
        .await
        .unwrap();
    let impact = desk.keydesk.deletion_impact(&desk.operator, &matching("acme", None)).await.unwrap();
    assert_eq!((impact.keys, impact.calls_30_days, impact.calls_is_lower_bound), (1_002, 7, false));
    assert_eq!((impact.names.len(), impact.last_used_at), (5, Some(at)));
    let few = desk.keydesk.deletion_impact(&desk.operator, &matching("acme too", None)).await.unwrap();
    assert_eq!((few.keys, few.calls_30_days, few.last_used_at), (1, 4, None));
}

async fn a_deletion_that_stops_half_way_is_undone(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let caller = desk.caller(&["keys:read", "keys:write"]).await;
    let Actor::Key { id: own } = caller.actor else { panic!("a key calls") };
    let (acme, left) = (desk.issue("Acme").await.key, desk.issue("Beta").await.key);
    // A change takes 2,000 keys. With the first the calling key deletes itself, so that it can't make the second.
    let ids = [vec![acme.id, own], vec![own; 1_998], vec![left.id]].concat();
    let selection = Selection::Ids(ids);
    let deleted = desk.keydesk.delete_selected(&caller, &selection).await.unwrap();
    assert_eq!((deleted.deleted, deleted.changes.len()), (2, 1));
    assert!(deleted.stopped.is_some());
    assert_eq!(desk.keydesk.get(&desk.operator, left.id).await.unwrap(), left);
    assert_eq!(desk.keydesk.undo_delete(&desk.operator, &deleted.changes).await, Ok(2));
    assert_eq!(desk.keydesk.get(&desk.operator, acme.id).await.unwrap().status, KeyStatus::Active);
    // A call that is refused as a whole is an error, as always.
    desk.keydesk.set_module(Actor::Operator, "default", false).await.unwrap();
    let refused = desk.keydesk.delete_selected(&desk.operator, &selection).await.map(drop);
    assert_eq!(refused, Err(KeyError::ModuleUnavailable { contact: None }));
}

async fn whoever_undoes_a_deletion_holds_every_scope_of_the_keys(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let weak = desk.caller(&["keys:write", "calls:read"]).await;
    let strong = desk.caller(&["keys:write", "calls:read", "data:read"]).await;
    let issue = async |held: &[&str]| {
        let new = NewKey::of(SettingsPatch { scopes: Some(scopes(held)), ..settings("Acme") });
        desk.keydesk.issue(&desk.operator, new).await.unwrap()
    };
    let (reader, bulk) = (issue(&["calls:read"]).await, issue(&["data:read", "calls:read"]).await);
    let delete =
        async |ids: Vec<KeyId>| desk.keydesk.delete_selected(&weak, &Selection::Ids(ids)).await.unwrap().changes;
    let both = delete(vec![reader.key.id, bulk.key.id]).await;
    let before = desk.database.raw().await.dump().await;
    let missing = scopes(&["data:read"]).iter().cloned().collect();
    assert_eq!(desk.keydesk.undo_delete(&weak, &both).await, Err(KeyError::ScopeEscalation { missing }));
    assert_eq!(desk.database.raw().await.dump().await, before, "neither key is restored");
    for secret in [&reader.secret, &bulk.secret] {
        assert_eq!(code(&desk.keydesk, secret.expose()).await, Code::Revoked);
    }
    assert_eq!(desk.keydesk.undo_delete(&strong, &both).await, Ok(2));
    assert_eq!(code(&desk.keydesk, bulk.secret.expose()).await, Code::Valid);
    let own = delete(vec![reader.key.id]).await;
    assert_eq!(desk.keydesk.undo_delete(&weak, &own).await, Ok(1));
}
