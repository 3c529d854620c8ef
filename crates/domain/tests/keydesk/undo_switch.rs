use domain::NewKey;
use model::{Actor, Code, Instant, KeyError, KeyStatus, Selection, SettingsPatch};
use store::{on_both_databases, testing::TestDatabase};

use crate::test_keydesk::{HOUR, START, TestKeydesk, code, new_key, scopes, settings};

on_both_databases!(
    undo_restores_exactly_what_was_switched,
    what_was_touched_since_stays_as_it_is,
    whoever_undoes_a_disabling_holds_every_scope_of_the_keys,
    switching_that_stops_half_way_is_undone,
    thousands_are_switched_back,
    what_disabling_stops_is_what_works_now
);

fn everything() -> Selection {
    Selection::Matching {
        search: String::new(),
        environment: None,
        status: None,
        preset: None,
        expiring_before: None,
        attention: None,
    }
}

async fn undo_restores_exactly_what_was_switched(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (keydesk, operator) = (&desk.keydesk, &desk.operator);
    let issued = [desk.issue("Acme").await, desk.issue("Beta").await, desk.issue("Gamma").await];
    let codes = async || {
        let mut codes = Vec::new();
        for issued in &issued {
            codes.push(code(keydesk, issued.secret.expose()).await);
        }
        codes
    };
    keydesk.set_enabled(operator, issued[1].key.id, false, None).await.unwrap();
    desk.clock.advance(HOUR);
    let off = keydesk.set_enabled_selected(operator, &everything(), false).await.unwrap();
    assert_eq!((off.changed, off.changes.len(), off.stopped.is_none()), (2, 1, true));
    assert_eq!(codes().await, [Code::Disabled; 3]);
    assert_eq!(keydesk.undo_switch(operator, &off.changes, false).await, Ok(2));
    assert_eq!(codes().await, [Code::Valid, Code::Disabled, Code::Valid]);
    assert_eq!(keydesk.undo_switch(operator, &off.changes, false).await, Ok(0), "once");

    let on = keydesk.set_enabled_selected(operator, &everything(), true).await.unwrap();
    assert_eq!((on.changed, codes().await), (1, vec![Code::Valid; 3]));
    assert_eq!(keydesk.undo_switch(operator, &on.changes, true).await, Ok(1));
    assert_eq!(codes().await, [Code::Valid, Code::Disabled, Code::Valid]);
    let audit = desk.audit(operator).await;
    let last: Vec<_> = audit.iter().rev().take(2).map(|entry| (&*entry.action, entry.key)).collect();
    let beta = Some(issued[1].key.id);
    assert_eq!(last, [("key.disable", beta), ("key.enable", beta)]);
}

async fn what_was_touched_since_stays_as_it_is(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (keydesk, operator) = (&desk.keydesk, &desk.operator);
    let [renamed, gone, twice] = [desk.issue("Acme").await, desk.issue("Beta").await, desk.issue("Gamma").await];
    let off = keydesk.set_enabled_selected(operator, &everything(), false).await.unwrap();
    assert_eq!(off.changed, 3);
    keydesk.update(operator, renamed.key.id, SettingsPatch::name("Acme Airlines"), None).await.unwrap();
    keydesk.delete(operator, gone.key.id, None).await.unwrap();
    keydesk.set_enabled(operator, twice.key.id, true, None).await.unwrap();
    keydesk.set_enabled(operator, twice.key.id, false, None).await.unwrap();
    assert_eq!(keydesk.undo_switch(operator, &off.changes, false).await, Ok(0));
    for (issued, status) in
        [(&renamed, KeyStatus::Disabled), (&gone, KeyStatus::Revoked), (&twice, KeyStatus::Disabled)]
    {
        assert_eq!(keydesk.get(operator, issued.key.id).await.unwrap().status, status);
    }
}

async fn whoever_undoes_a_disabling_holds_every_scope_of_the_keys(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let weak = desk.caller(&["keys:write", "calls:read"]).await;
    let new = NewKey::of(SettingsPatch { scopes: Some(scopes(&["data:read"])), ..settings("Acme") });
    let id = desk.keydesk.issue(&desk.operator, new).await.unwrap().key.id;
    let off = desk.keydesk.set_enabled_selected(&weak, &Selection::Ids(vec![id]), false).await.unwrap();
    let before = desk.database.raw().await.dump().await;
    let missing = scopes(&["data:read"]).iter().cloned().collect();
    let refused = desk.keydesk.undo_switch(&weak, &off.changes, false).await;
    assert_eq!(refused, Err(KeyError::ScopeEscalation { missing }));
    assert_eq!(desk.database.raw().await.dump().await, before);
    let on = desk.keydesk.set_enabled_selected(&desk.operator, &Selection::Ids(vec![id]), true).await.unwrap();
    // To take access away needs no scope of the key.
    assert_eq!(desk.keydesk.undo_switch(&weak, &on.changes, true).await, Ok(1));
}

async fn switching_that_stops_half_way_is_undone(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let caller = desk.caller(&["keys:read", "keys:write"]).await;
    let Actor::Key { id: own } = caller.actor else { panic!("a key calls") };
    let (acme, left) = (desk.issue("Acme").await.key, desk.issue("Beta").await.key);
    // A change takes 2,000 keys. With the first the calling key disables itself, so that it can't make the second.
    let ids = [vec![acme.id, own], vec![own; 1_998], vec![left.id]].concat();
    let off = desk.keydesk.set_enabled_selected(&caller, &Selection::Ids(ids), false).await.unwrap();
    assert_eq!((off.changed, off.changes.len(), off.stopped.is_some()), (2, 1, true));
    assert_eq!(desk.keydesk.get(&desk.operator, left.id).await.unwrap(), left);
    assert_eq!(desk.keydesk.undo_switch(&desk.operator, &off.changes, false).await, Ok(2));
    assert_eq!(desk.keydesk.get(&desk.operator, acme.id).await.unwrap().status, KeyStatus::Active);
}

async fn thousands_are_switched_back(database: TestDatabase) {
    const KEYS: usize = 2_100;
    let desk = TestKeydesk::open(database).await;
    let new = (0..KEYS).map(|_| new_key("Acme")).collect();
    let issued = desk.keydesk.issue_many(&desk.operator, new).await.unwrap();
    let off = desk.keydesk.set_enabled_selected(&desk.operator, &everything(), false).await.unwrap();
    assert_eq!((off.changed, off.changes.len()), (KEYS as u64, 2));
    assert_eq!(desk.keydesk.undo_switch(&desk.operator, &off.changes, false).await, Ok(KEYS as u64));
    for at in [0, KEYS - 1] {
        assert_eq!(code(&desk.keydesk, issued[at].secret.expose()).await, Code::Valid);
    }
    let too_many = vec![1; 1_001];
    assert!(desk.keydesk.undo_switch(&desk.operator, &too_many, false).await.is_err());
}

async fn what_disabling_stops_is_what_works_now(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (keydesk, operator) = (&desk.keydesk, &desk.operator);
    let soon = Some(Some(Instant::from_millis(START + HOUR)));
    let expiring = NewKey::of(SettingsPatch { expires_at: soon, ..settings("Beta") });
    let ids = vec![
        desk.issue("Acme").await.key.id,
        keydesk.issue(operator, expiring).await.unwrap().key.id,
        desk.issue("Gamma").await.key.id,
    ];
    keydesk.set_enabled(operator, ids[2], false, None).await.unwrap();
    desk.clock.advance(2 * HOUR);
    for selection in [Selection::Ids(ids), everything()] {
        let impact = keydesk.disabling_impact(operator, &selection).await.unwrap();
        assert_eq!((impact.keys, impact.idle, impact.names.len()), (2, 1, 2), "{selection:?}");
        let impact = keydesk.deletion_impact(operator, &selection).await.unwrap();
        assert_eq!((impact.keys, impact.idle, impact.names.len()), (3, 2, 3), "{selection:?}");
    }
}
