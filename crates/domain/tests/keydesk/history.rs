use domain::{Caller, KeyChange};
use model::{Action, Actor, AdministratorId, KeyError};
use store::{on_both_databases, testing::TestDatabase};
use uuid::Uuid;

use crate::desk::{Desk, SECOND};

on_both_databases!(a_history_is_of_one_key_and_newest_first);

async fn a_history_is_of_one_key_and_newest_first(database: TestDatabase) {
    let desk = Desk::open(database).await;
    let keydesk = &desk.keydesk;
    let id = desk.issue("Acme").await.key.id;
    let other = desk.issue("Borealis").await.key.id;
    desk.clock.advance(SECOND);
    let gone = Actor::Administrator { id: AdministratorId(Uuid::from_u128(5)) };
    let person = Caller { actor: gone, ..desk.operator.clone() };
    keydesk.update(&person, id, KeyChange::name("Acme Airlines"), None).await.unwrap();
    keydesk.reveal(&desk.operator, other).await.unwrap();

    let history = keydesk.history(&desk.operator, id).await.unwrap();
    let told: Vec<_> = history.iter().map(|entry| (entry.action, entry.actor, entry.name.as_deref())).collect();
    assert_eq!(told, [(Action::KeyRename, gone, None), (Action::KeyIssue, Actor::Operator, None)]);
    assert_eq!(history[0].detail["from"], "Acme");
    assert!(history[0].at > history[1].at);
    assert_eq!(keydesk.history(&desk.other, id).await, Err(KeyError::NotFound));
}
