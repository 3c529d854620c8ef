use model::{Action, Actor, AuditId, Environment};
use store::{
    AuditEnd, AuditEntry, AuditFilter, AuditHead, AuditPlace, StoreError, on_both_databases, testing::TestDatabase,
};
use uuid::Uuid;

use crate::fixture::{at, installation, key_id, put_names, two_installations};

on_both_databases!(
    entries_read_back_in_order,
    an_entry_is_appended_once,
    entries_are_filtered_by_actor_action_environment_key_and_time,
    entries_of_one_instant_are_paged_by_their_numbers,
    keys_have_the_names_of_now,
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
        keys: None,
        environment: None,
    };
    // Each entry is written 10 ms after the one before.
    let listed = async |filter: &AuditFilter, newest_first: bool, past: i64| -> Vec<i64> {
        let before = (past < i64::MAX).then(|| AuditPlace { at: at(past * 10), seq: past });
        let found = match newest_first {
            true => store.audit_newest(filter, before, 4).await.unwrap(),
            false => store.audit_matching_after(filter, past, 4).await.unwrap(),
        };
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
    let key =
        AuditFilter { keys: Some(vec![key_id(9), key_id(8)]), from: Some(at(50)), to: Some(at(100)), ..all.clone() };
    assert_eq!(listed(&key, false, 0).await, [6, 8]);
    assert_eq!(listed(&key, true, i64::MAX).await, [8, 6]);
    assert_eq!(listed(&key, true, 8).await, [6]);
    let nobodys = AuditFilter { keys: Some(Vec::new()), ..all.clone() };
    assert!(listed(&nobodys, true, i64::MAX).await.is_empty() && listed(&nobodys, false, 0).await.is_empty());
    // Every filter alone and with each other, newest first, against a look at each entry.
    let places = [None, Some(31), Some(20), Some(2)];
    for bits in 0..32 {
        let has = |bit: i32| bits & (1 << bit) != 0;
        let filter = AuditFilter {
            actors: if has(0) { operator.actors.clone() } else { Vec::new() },
            action: has(1).then(|| "key.rename".to_owned()),
            keys: has(2).then(|| vec![key_id(9)]),
            environment: has(3).then_some(Environment::Test),
            from: has(4).then(|| at(50)),
            to: has(4).then(|| at(300)),
            ..all.clone()
        };
        for past in places {
            let expected = written.iter().rev().filter(|entry| {
                past.is_none_or(|past| entry.seq < past)
                    && (filter.actors.is_empty() || filter.actors.contains(&entry.actor))
                    && filter.action.as_ref().is_none_or(|action| *action == entry.action)
                    && filter.keys.as_ref().is_none_or(|keys| entry.key.is_some_and(|key| keys.contains(&key)))
                    && filter.environment.is_none_or(|environment| entry.environment == Some(environment))
                    && filter.from.is_none_or(|from| entry.at >= from)
                    && filter.to.is_none_or(|to| entry.at < to)
            });
            let expected: Vec<_> = expected.map(|entry| entry.seq).take(4).collect();
            assert_eq!(listed(&filter, true, past.unwrap_or(i64::MAX)).await, expected, "{filter:?} {past:?}");
        }
    }
    let elsewhere = AuditFilter { installation: installation(2), ..all };
    assert!(listed(&elsewhere, true, i64::MAX).await.is_empty());
}

async fn entries_of_one_instant_are_paged_by_their_numbers(database: TestDatabase) {
    let store = two_installations(&database).await;
    // The clock was set back before the fifth.
    let instants = [10, 20, 20, 20, 5, 20];
    let written: Vec<_> =
        (1..).zip(instants).map(|(seq, ms)| AuditEntry { at: at(ms), key: Some(key_id(9)), ..entry(seq) }).collect();
    let mut change = store.change().await.unwrap();
    change.append_audit(installation(1), &written, head(6)).await.unwrap();
    change.commit().await.unwrap();
    let filter = AuditFilter {
        installation: installation(1),
        from: None,
        to: None,
        action: None,
        actors: Vec::new(),
        keys: None,
        environment: None,
    };
    let (mut before, mut read) = (None, Vec::new());
    while let [only] = &store.audit_newest(&filter, before, 1).await.unwrap()[..] {
        before = Some(AuditPlace { at: only.at, seq: only.seq });
        read.push(only.seq);
    }
    assert_eq!(read, [6, 4, 3, 2, 1, 5]);
    let of_key = async |before| {
        let found = store.audit_of_key(installation(1), key_id(9), before, 3).await.unwrap();
        found.iter().map(|entry| entry.seq).collect::<Vec<_>>()
    };
    assert_eq!((of_key(None).await, of_key(Some(3)).await), (vec![6, 4, 3], vec![2, 1, 5]));
    assert_eq!(of_key(Some(99)).await, [0; 0]);
}

async fn keys_have_the_names_of_now(database: TestDatabase) {
    let store = two_installations(&database).await;
    put_names(&store, 11, &["Acme", "ACME"].map(str::to_owned)).await;
    let mut names = store.names_of_keys(installation(1), &[key_id(11), key_id(12), key_id(13)]).await.unwrap();
    names.sort();
    assert_eq!(names, [(key_id(11), "Acme".to_owned()), (key_id(12), "ACME".to_owned())]);
    assert!(store.names_of_keys(installation(2), &[key_id(11)]).await.unwrap().is_empty());
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
