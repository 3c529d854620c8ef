use model::{Action, Code, KeyError, KeyId, KeyStatus, Selection};
use store::{on_both_databases, testing::TestDatabase};
use uuid::Uuid;

use crate::desk::{Desk, code};

on_both_databases!(
    off_and_on_again,
    many_at_once_with_what_became_of_each,
    all_that_match_in_several_changes,
    the_default_key_stays_on
);

async fn off_and_on_again(database: TestDatabase) {
    let desk = Desk::open(database).await;
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

async fn many_at_once_with_what_became_of_each(database: TestDatabase) {
    let desk = Desk::open(database).await;
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
    let desk = Desk::open(database).await;
    let new = (0..KEYS).map(|_| crate::desk::new_key("Acme")).collect();
    let issued = desk.keydesk.issue_many(&desk.operator, new).await.unwrap();
    let other = desk.issue("Beta").await.key;
    let matching = Selection::Matching {
        search: "acme".to_owned(),
        environment: None,
        status: None,
        preset: None,
        expiring_before: None,
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
    let desk = Desk::open(database).await;
    let default = desk.keydesk.default_key(&desk.operator).await.unwrap();
    let before = desk.database.raw().await.dump().await;
    for enabled in [false, true] {
        let refused = desk.keydesk.set_enabled(&desk.operator, default.id, enabled, None).await;
        assert_eq!(refused, Err(KeyError::DefaultKeyProtected));
    }
    assert_eq!(desk.database.raw().await.dump().await, before);
}
