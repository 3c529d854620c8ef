use model::{Code, KeyError, KeyStatus, ListQuery, RESTORE_WINDOW_MS};
use store::{on_both_databases, testing::TestDatabase};

use crate::test_keydesk::{START, TestKeydesk, code};

on_both_databases!(
    within_thirty_days_to_the_millisecond,
    whoever_lacks_a_scope_can_not_let_a_key_work_again,
    a_key_that_is_not_deleted_is_not_restored,
    keys_work_again_after_their_deletion_is_undone
);

async fn within_thirty_days_to_the_millisecond(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (keydesk, operator) = (&desk.keydesk, &desk.operator);
    let issued = desk.issue("Acme").await;
    let (id, secret) = (issued.key.id, issued.secret.expose());
    let revoked = ListQuery { status: Some(KeyStatus::Revoked), limit: 50, ..ListQuery::default() };

    keydesk.delete(operator, id, None).await.unwrap();
    let node = desk.second_node().await;
    desk.clock.set(START + RESTORE_WINDOW_MS - 1);
    let gone = keydesk.get(operator, id).await.unwrap();
    assert_eq!((gone.status, gone.deleted_at.unwrap().as_millis()), (KeyStatus::Revoked, START));
    assert_eq!(keydesk.list(operator, &revoked).await.unwrap().items, [gone]);
    for node in [keydesk, &node] {
        assert_eq!(code(node, secret).await, Code::Revoked);
    }
    let back = keydesk.restore(operator, id).await.unwrap();
    assert_eq!((back.status, back.version, back.deleted_at), (KeyStatus::Active, 3, None));
    assert_eq!(code(keydesk, secret).await, Code::Valid);

    let selection = model::Selection::Ids(vec![id]);
    let deleted = keydesk.delete_selected(operator, &selection).await.unwrap();
    desk.clock.advance(RESTORE_WINDOW_MS);
    // The rows are still there: nothing has purged them.
    for keydesk in [keydesk, &desk.second_node().await] {
        assert_eq!(keydesk.get(operator, id).await, Err(KeyError::NotFound));
        assert_eq!(keydesk.list(operator, &revoked).await.unwrap().items, []);
        assert_eq!(keydesk.restore(operator, id).await, Err(KeyError::NotFound));
        assert_eq!(keydesk.undo_delete(operator, &deleted.changes).await, Ok(0));
        assert_eq!(code(keydesk, secret).await, Code::NotFound);
    }
}

async fn whoever_lacks_a_scope_can_not_let_a_key_work_again(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let weak = desk.caller(&["keys:write"]).await;
    let id = desk.issue("Acme").await.key.id;
    keydesk.delete(&weak, id, None).await.unwrap();
    assert_eq!(keydesk.restore(&weak, id).await.unwrap_err().kind().code, "scope_escalation");
    keydesk.restore(&desk.operator, id).await.unwrap();
    let deleted = keydesk.delete_selected(&weak, &model::Selection::Ids(vec![id])).await.unwrap();
    assert_eq!(keydesk.undo_delete(&weak, &deleted.changes).await.unwrap_err().kind().code, "scope_escalation");
    assert_eq!(keydesk.get(&desk.operator, id).await.unwrap().status, KeyStatus::Revoked);
    assert_eq!(keydesk.undo_delete(&desk.operator, &deleted.changes).await, Ok(1));
    keydesk.set_enabled(&weak, id, false, None).await.unwrap();
    assert_eq!(keydesk.set_enabled(&weak, id, true, None).await.unwrap_err().kind().code, "scope_escalation");
    let bulk = keydesk.bulk_set_enabled(&weak, &[id], true).await.unwrap();
    assert_eq!((bulk.changed.len(), &*bulk.skipped[0].code), (0, "scope_escalation"));
    assert_eq!(keydesk.get(&desk.operator, id).await.unwrap().status, KeyStatus::Disabled);
    let bulk = keydesk.bulk_set_enabled(&desk.operator, &[id], true).await.unwrap();
    assert_eq!((bulk.changed, bulk.skipped.len()), (vec![id], 0));
    // A change that changes nothing requires no scope.
    keydesk.set_enabled(&weak, id, true, None).await.unwrap();
    assert_eq!(keydesk.bulk_set_enabled(&weak, &[id], true).await.unwrap().unchanged, [id]);
}

async fn a_key_that_is_not_deleted_is_not_restored(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let id = desk.issue("Acme").await.key.id;
    assert_eq!(desk.keydesk.restore(&desk.operator, id).await, Err(KeyError::NotDeleted));
    desk.keydesk.delete(&desk.operator, id, None).await.unwrap();
    assert_eq!(desk.keydesk.delete(&desk.operator, id, None).await, Err(KeyError::NotFound));
    assert_eq!(
        desk.keydesk.update(&desk.operator, id, model::SettingsPatch::name("Beta"), None).await,
        Err(KeyError::NotFound)
    );
    assert_eq!(desk.keydesk.reveal(&desk.operator, id).await.map(drop), Err(KeyError::NotFound));
    let (one, two) = tokio::join!(desk.keydesk.restore(&desk.operator, id), desk.keydesk.restore(&desk.operator, id));
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
}

async fn keys_work_again_after_their_deletion_is_undone(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let issued = [desk.issue("Acme").await, desk.issue("Acme").await, desk.issue("Beta").await];
    let selection = model::Selection::Matching {
        search: "acme".to_owned(),
        environment: None,
        status: None,
        preset: None,
        expiring_before: None,
        attention: None,
    };
    let deleted = desk.keydesk.delete_selected(&desk.operator, &selection).await.unwrap();
    assert_eq!((deleted.deleted, deleted.skipped), (2, 0));
    let codes = async || {
        let mut codes = Vec::new();
        for issued in &issued {
            codes.push(code(&desk.keydesk, issued.secret.expose()).await);
        }
        codes
    };
    assert_eq!(codes().await, [Code::Revoked, Code::Revoked, Code::Valid]);
    assert_eq!(desk.keydesk.undo_delete(&desk.operator, &deleted.changes).await, Ok(2));
    assert_eq!(desk.keydesk.undo_delete(&desk.operator, &deleted.changes).await, Ok(0));
    assert_eq!(codes().await, [Code::Valid; 3]);
    let page = ListQuery { limit: 50, ..ListQuery::default() };
    assert_eq!(desk.keydesk.list(&desk.operator, &page).await.unwrap().total, 4);
}
