use domain::{Caller, History};
use model::{Action, Actor, AdministratorId, KeyError, SettingsPatch};
use store::{on_both_databases, testing::TestDatabase};
use uuid::Uuid;

use crate::test_keydesk::{SECOND, TestKeydesk};

on_both_databases!(a_history_is_of_one_key_and_newest_first, a_long_history_is_read_in_pages);

async fn a_history_is_of_one_key_and_newest_first(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let id = desk.issue("Acme").await.key.id;
    let other = desk.issue("Borealis").await.key.id;
    desk.clock.advance(SECOND);
    let gone = Actor::Administrator { id: AdministratorId(Uuid::from_u128(5)) };
    let person = Caller { actor: gone, ..desk.operator.clone() };
    keydesk.update(&person, id, SettingsPatch::name("Acme Airlines"), None).await.unwrap();
    keydesk.reveal(&desk.operator, other).await.unwrap();

    let History { entries: history, older } = keydesk.history(&desk.operator, id, None).await.unwrap();
    assert_eq!(older, None);
    let told: Vec<_> = history.iter().map(|entry| (entry.action, entry.actor, entry.name.as_deref())).collect();
    assert_eq!(told, [(Action::KeyRename, gone, None), (Action::KeyIssue, Actor::Operator, None)]);
    assert_eq!(history[0].detail["from"], "Acme");
    assert!(history[0].at > history[1].at);
    assert_eq!(keydesk.history(&desk.other, id, None).await, Err(KeyError::NotFound));
}

async fn a_long_history_is_read_in_pages(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let id = desk.issue("Acme").await.key.id;
    for _ in 0..99 {
        keydesk.reveal(&desk.operator, id).await.unwrap();
    }
    let whole = keydesk.history(&desk.operator, id, None).await.unwrap();
    assert_eq!((whole.entries.len(), whole.older), (100, None));
    keydesk.reveal(&desk.operator, id).await.unwrap();
    let newest = keydesk.history(&desk.operator, id, None).await.unwrap();
    assert_eq!((newest.entries.len(), newest.entries[0].action), (100, Action::KeyReveal));
    assert!(newest.older.is_some());
    let oldest = keydesk.history(&desk.operator, id, newest.older).await.unwrap();
    assert_eq!((oldest.entries.len(), oldest.entries[0].action, oldest.older), (1, Action::KeyIssue, None));
    let before_all = keydesk.history(&desk.operator, id, Some(i64::MIN)).await.unwrap();
    assert_eq!(before_all, History::default());
}
