use domain::NewKey;
use model::{Code, KeyError, ListQuery};
use store::{on_both_databases, testing::TestDatabase};

use crate::test_keydesk::{HOUR, TestKeydesk, code, new_key, once, settings};

on_both_databases!(
    the_same_request_gets_the_same_answer,
    another_body_is_refused,
    another_caller_is_another_request,
    after_a_day_it_is_a_new_request,
    many_at_once_issue_one_key,
    a_refused_request_keeps_nothing
);

fn new(body: &str) -> NewKey {
    NewKey { idempotency: once("order 66", body), ..new_key("Acme") }
}

async fn count(desk: &TestKeydesk) -> u64 {
    desk.keydesk.list(&desk.operator, &ListQuery { limit: 1, ..ListQuery::default() }).await.unwrap().total - 1
}

async fn the_same_request_gets_the_same_answer(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let first = desk.keydesk.issue(&desk.operator, new("a")).await.unwrap();
    // Whatever has happened to the key since, the answer is the first one.
    desk.keydesk.update(&desk.operator, first.key.id, model::SettingsPatch::name("Renamed"), None).await.unwrap();
    for node in [&desk.keydesk, &desk.second_node().await] {
        let again = node.issue(&desk.operator, new("a")).await.unwrap();
        assert_eq!((&again.key, again.secret.expose()), (&first.key, first.secret.expose()));
    }
    assert_eq!(count(&desk).await, 1);
    assert_eq!(code(&desk.keydesk, first.secret.expose()).await, Code::Valid);
}

async fn another_body_is_refused(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    desk.keydesk.issue(&desk.operator, new("a")).await.unwrap();
    let other = desk.keydesk.issue(&desk.operator, new("b")).await;
    assert_eq!(other.map(drop).unwrap_err(), KeyError::IdempotencyMismatch);
    assert_eq!(count(&desk).await, 1);
}

async fn another_caller_is_another_request(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let held = ["keys:write", "contacts:*", "calls:*", "wraps:*"];
    let callers = [desk.operator.clone(), desk.caller(&held).await, desk.caller(&held).await];
    let mut ids = Vec::new();
    for caller in &callers {
        for _ in 0..2 {
            ids.push(desk.keydesk.issue(caller, new("a")).await.unwrap().key.id);
        }
    }
    assert!(ids.chunks(2).all(|pair| pair[0] == pair[1]));
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), callers.len());
}

async fn after_a_day_it_is_a_new_request(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let first = desk.keydesk.issue(&desk.operator, new("a")).await.unwrap();
    desk.clock.advance(24 * HOUR - 1);
    let again = desk.keydesk.issue(&desk.operator, new("a")).await.unwrap();
    assert_eq!(again.key.id, first.key.id, "a millisecond before");
    desk.clock.advance(1);
    let new_one = desk.keydesk.issue(&desk.operator, new("b")).await.unwrap();
    assert_ne!(new_one.key.id, first.key.id, "to the millisecond");
    let again = desk.keydesk.issue(&desk.operator, new("b")).await.unwrap();
    assert_eq!(again.key.id, new_one.key.id);
}

async fn many_at_once_issue_one_key(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let other = desk.second_node().await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..16 {
        let node = if number % 2 == 0 { desk.keydesk.clone() } else { other.clone() };
        let operator = desk.operator.clone();
        tasks.spawn(async move { node.issue(&operator, new("a")).await.unwrap().secret.expose().to_owned() });
    }
    let mut secrets = tasks.join_all().await;
    secrets.sort();
    secrets.dedup();
    assert_eq!((secrets.len(), count(&desk).await), (1, 1));
}

async fn a_refused_request_keeps_nothing(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let bad = NewKey { settings: settings(""), ..new("a") };
    assert!(desk.keydesk.issue(&desk.operator, bad).await.is_err());
    assert!(desk.keydesk.issue(&desk.operator, new("b")).await.is_ok());
}
