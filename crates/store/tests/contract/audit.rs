use model::{Action, Actor, AuditId, Environment};
use store::{AuditEnd, AuditEntry, AuditFilter, AuditHead, StoreError, on_both_databases, testing::TestDatabase};
use uuid::Uuid;

use crate::fixture::{at, installation, key_id, two_installations};

on_both_databases!(
    entries_read_back_in_order,
    an_entry_is_appended_once,
    entries_are_filtered_by_actor_action_environment_key_and_time,
    an_audit_key_is_recorded_once
);

fn entry(seq: i64) -> AuditEntry {
    AuditEntry {
        seq,
        id: AuditId(Uuid::from_u128(seq.unsigned_abs().into())),
        at: at(seq * 10),
        actor: serde_json::to_string(&Actor::Key { id: key_id(4) }).unwrap(),
        action: Action::KeyRename.as_str().to_owned(),
        key: (seq % 2 == 0).then(|| key_id(9)),
        environment: (seq % 2 == 0).then_some(if seq % 4 == 0 { Environment::Test } else { Environment::Live }),
        detail: r#"{"from":"'; DROP TABLE audit_entry; --","to":"\\ü🦀"}"#.to_owned(),
        address: (seq % 3 == 0).then(|| "2001:db8::1".to_owned()),
        request_id: (seq % 3 == 0).then(|| Uuid::from_u128(seq.unsigned_abs().into())),
        user_agent: (seq % 5 == 0).then(|| "curl/8 \"ü\"".to_owned()),
        via_digest: (seq % 3 == 0).then_some([9; 32]),
        audit_key: (seq > 2).then(|| "a1".to_owned()),
        previous_hash: [seq as u8; 32],
        hash: [(seq as u8).wrapping_add(1); 32],
    }
}

fn head(entries: i64) -> AuditHead {
    let hash = entry(entries).hash;
    AuditHead { entries, hash, at: at(entries), audit_key: "a1".to_owned(), mac: [entries as u8; 32] }
}

async fn entries_read_back_in_order(database: TestDatabase) {
    let store = two_installations(&database).await;
    let written: Vec<_> = (1..=1_100).map(entry).collect();
    let mut change = store.change().await.unwrap();
    assert_eq!(change.audit_end(installation(1)).await.unwrap(), AuditEnd::default());
    change.append_audit(installation(1), &written, head(1_100)).await.unwrap();
    change.append_audit(installation(1), &[], head(9)).await.unwrap();
    let end = AuditEnd { last: Some((1_100, entry(1_100).hash)), head: Some(head(1_100)) };
    assert_eq!(change.audit_end(installation(1)).await.unwrap(), end);
    assert_eq!(change.audit_end(installation(2)).await.unwrap(), AuditEnd::default());
    change.commit().await.unwrap();
    assert_eq!(store.audit_head(installation(1)).await.unwrap(), Some(head(1_100)));
    assert_eq!(store.audit_head(installation(2)).await.unwrap(), None);
    assert_eq!(store.change().await.unwrap().audit_end(installation(1)).await.unwrap(), end);
    assert_eq!(store.audit_after(installation(1), 0, 2_000).await.unwrap(), written);
    assert_eq!(store.audit_after(installation(1), 998, 2).await.unwrap(), written[998..1_000]);
    assert_eq!(store.audit_after(installation(2), 0, 10).await.unwrap(), []);
    assert_eq!(written[0].actor().unwrap(), Actor::Key { id: key_id(4) });
    assert_eq!(written[0].action().unwrap(), Action::KeyRename);
}

async fn an_entry_is_appended_once(database: TestDatabase) {
    let store = two_installations(&database).await;
    let mut change = store.change().await.unwrap();
    change.append_audit(installation(1), &[entry(1)], head(1)).await.unwrap();
    change.commit().await.unwrap();
    let same_number = AuditEntry { id: AuditId(Uuid::from_u128(99)), ..entry(1) };
    let same_id = AuditEntry { seq: 2, ..entry(1) };
    for again in [same_number, same_id] {
        let mut change = store.change().await.unwrap();
        let refused = change.append_audit(installation(1), &[again], head(1)).await;
        assert!(matches!(refused, Err(StoreError::Database(_))), "{refused:?}");
    }
    assert_eq!(store.audit_after(installation(1), 0, 10).await.unwrap(), [entry(1)]);
}

async fn entries_are_filtered_by_actor_action_environment_key_and_time(database: TestDatabase) {
    let store = two_installations(&database).await;
    let written: Vec<_> = (1..=40)
        .map(|seq| AuditEntry {
            actor: if seq % 10 == 0 { r#"{"kind":"operator"}"# } else { r#"{"kind":"system"}"# }.to_owned(),
            action: if seq > 30 { "key.reveal" } else { "key.rename" }.to_owned(),
            ..entry(seq)
        })
        .collect();
    let mut change = store.change().await.unwrap();
    change.append_audit(installation(1), &written, head(40)).await.unwrap();
    change.commit().await.unwrap();
    let all = AuditFilter {
        installation: installation(1),
        from: None,
        to: None,
        action: None,
        actors: Vec::new(),
        key: None,
        environment: None,
    };
    let listed = async |filter: &AuditFilter, newest_first: bool, past: i64| -> Vec<i64> {
        let found = store.audit_list(filter, newest_first, past, 4).await.unwrap();
        found.iter().map(|entry| entry.seq).collect()
    };
    assert_eq!(listed(&all, true, i64::MAX).await, [40, 39, 38, 37]);
    assert_eq!(listed(&all, true, 3).await, [2, 1]);
    assert_eq!(listed(&all, false, 0).await, [1, 2, 3, 4]);
    assert_eq!(listed(&all, false, 38).await, [39, 40]);
    let operator = AuditFilter { actors: vec![r#"{"kind":"operator"}"#.to_owned(), "x".to_owned()], ..all.clone() };
    assert_eq!(listed(&operator, true, i64::MAX).await, [40, 30, 20, 10]);
    let revealed = AuditFilter { action: Some("key.reveal".to_owned()), ..operator.clone() };
    assert_eq!(listed(&revealed, true, i64::MAX).await, [40]);
    let test = AuditFilter { environment: Some(Environment::Test), ..all.clone() };
    assert_eq!(listed(&test, false, 0).await, [4, 8, 12, 16]);
    let key = AuditFilter { key: Some(key_id(9)), from: Some(at(50)), to: Some(at(100)), ..all.clone() };
    assert_eq!(listed(&key, false, 0).await, [6, 8]);
    let elsewhere = AuditFilter { installation: installation(2), ..all };
    assert!(listed(&elsewhere, true, i64::MAX).await.is_empty());
}

async fn an_audit_key_is_recorded_once(database: TestDatabase) {
    let store = two_installations(&database).await;
    let mut change = store.change().await.unwrap();
    change.insert_audit_key("a1", &[1; 32], at(1)).await.unwrap();
    change.insert_audit_key("a1", &[2; 32], at(2)).await.unwrap();
    change.commit().await.unwrap();
    assert_eq!(store.audit_keys().await.unwrap(), [("a1".to_owned(), vec![1; 32])]);
}

#[test]
fn a_value_that_can_not_be_read_is_named() {
    let odd = AuditEntry { actor: "{}".to_owned(), action: "key.paint".to_owned(), ..entry(1) };
    assert!(matches!(odd.actor(), Err(StoreError::Corrupt { column: "audit_entry.actor" })));
    assert!(matches!(odd.action(), Err(StoreError::Corrupt { column: "audit_entry.action" })));
}
