use model::{Action, Actor, AuditId};
use store::{AuditEntry, StoreError, on_both_databases, testing::TestDatabase};
use uuid::Uuid;

use crate::fixture::{at, installation, key_id, two_installations};

on_both_databases!(entries_read_back_in_order, an_entry_is_appended_once);

fn entry(seq: i64) -> AuditEntry {
    AuditEntry {
        seq,
        id: AuditId(Uuid::from_u128(seq.unsigned_abs().into())),
        at: at(seq * 10),
        actor: serde_json::to_string(&Actor::Key { id: key_id(4) }).unwrap(),
        action: Action::KeyRename.as_str().to_owned(),
        key: (seq % 2 == 0).then(|| key_id(9)),
        detail: r#"{"from":"'; DROP TABLE audit_entry; --","to":"\\ü🦀"}"#.to_owned(),
        previous_hash: [seq as u8; 32],
        hash: [(seq as u8).wrapping_add(1); 32],
    }
}

async fn entries_read_back_in_order(database: TestDatabase) {
    let store = two_installations(&database).await;
    let written: Vec<_> = (1..=1_100).map(entry).collect();
    let mut change = store.change().await.unwrap();
    assert_eq!(change.audit_head(installation(1)).await.unwrap(), None);
    change.append_audit(installation(1), &written).await.unwrap();
    change.append_audit(installation(1), &[]).await.unwrap();
    assert_eq!(change.audit_head(installation(1)).await.unwrap(), Some((1_100, entry(1_100).hash)));
    assert_eq!(change.audit_head(installation(2)).await.unwrap(), None);
    change.commit().await.unwrap();
    assert_eq!(store.audit_after(installation(1), 0, 2_000).await.unwrap(), written);
    assert_eq!(store.audit_after(installation(1), 998, 2).await.unwrap(), written[998..1_000]);
    assert_eq!(store.audit_after(installation(2), 0, 10).await.unwrap(), []);
    assert_eq!(written[0].actor().unwrap(), Actor::Key { id: key_id(4) });
    assert_eq!(written[0].action().unwrap(), Action::KeyRename);
}

async fn an_entry_is_appended_once(database: TestDatabase) {
    let store = two_installations(&database).await;
    let mut change = store.change().await.unwrap();
    change.append_audit(installation(1), &[entry(1)]).await.unwrap();
    change.commit().await.unwrap();
    let same_number = AuditEntry { id: AuditId(Uuid::from_u128(99)), ..entry(1) };
    let same_id = AuditEntry { seq: 2, ..entry(1) };
    for again in [same_number, same_id] {
        let mut change = store.change().await.unwrap();
        let refused = change.append_audit(installation(1), &[again]).await;
        assert!(matches!(refused, Err(StoreError::Database(_))), "{refused:?}");
    }
    assert_eq!(store.audit_after(installation(1), 0, 10).await.unwrap(), [entry(1)]);
}

#[test]
fn a_value_that_can_not_be_read_is_named() {
    let odd = AuditEntry { actor: "{}".to_owned(), action: "key.paint".to_owned(), ..entry(1) };
    assert!(matches!(odd.actor(), Err(StoreError::Corrupt { column: "audit_entry.actor" })));
    assert!(matches!(odd.action(), Err(StoreError::Corrupt { column: "audit_entry.action" })));
}
