use domain::{Answered, Caller, Issued, Keydesk, NewInstallation, NewKey};
use model::{Actor, Code, KeyError, KeyStatus, KeyUnavailable, ListQuery, Overlap};
use store::{on_both_databases, testing::TestDatabase};

use crate::test_keydesk::{HOUR, SECOND, TestKeydesk, code, new_key, once, overlap, settings};

on_both_databases!(
    the_same_request_gets_the_same_answer,
    an_idempotency_key_with_another_body_is_refused,
    two_callers_may_use_one_idempotency_key,
    after_a_day_it_is_a_new_request,
    simultaneous_requests_with_one_idempotency_key_issue_one_key,
    a_refused_request_keeps_nothing,
    what_happened_since_is_told,
    a_repeated_rotation_tells_what_happened_since,
    where_a_secret_is_shown_once_no_answer_keeps_it
);

/// The same request for each body.
async fn issue(keydesk: &Keydesk, caller: &Caller, body: &str) -> Result<Answered, KeyError> {
    keydesk.issue_once(caller, new_key("Acme"), once("order 66", body)).await
}

/// The same from the operator, with its secret.
async fn issued(desk: &TestKeydesk, body: &str) -> Issued {
    issue(&desk.keydesk, &desk.operator, body).await.unwrap().issued().unwrap()
}

async fn count(desk: &TestKeydesk) -> u64 {
    desk.keydesk.list(&desk.operator, &ListQuery { limit: 1, ..ListQuery::default() }).await.unwrap().total - 1
}

async fn the_same_request_gets_the_same_answer(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let first = issued(&desk, "a").await;
    // Whatever its settings are since, the answer is the first one.
    desk.keydesk.update(&desk.operator, first.key.id, model::SettingsPatch::name("Renamed"), None).await.unwrap();
    for node in [&desk.keydesk, &desk.second_node().await] {
        let again = issue(node, &desk.operator, "a").await.unwrap().issued().unwrap();
        assert_eq!((&again.key, again.secret.expose()), (&first.key, first.secret.expose()));
    }
    assert_eq!(count(&desk).await, 1);
    assert_eq!(code(&desk.keydesk, first.secret.expose()).await, Code::Valid);
}

async fn an_idempotency_key_with_another_body_is_refused(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    issued(&desk, "a").await;
    let other = issue(&desk.keydesk, &desk.operator, "b").await;
    assert_eq!(other.map(drop).unwrap_err(), KeyError::IdempotencyMismatch);
    assert_eq!(count(&desk).await, 1);
}

async fn two_callers_may_use_one_idempotency_key(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let held = ["keys:write", "contacts:*", "calls:*", "wraps:*"];
    let callers = [desk.operator.clone(), desk.caller(&held).await, desk.caller(&held).await];
    let mut ids = Vec::new();
    for caller in &callers {
        for _ in 0..2 {
            ids.push(issue(&desk.keydesk, caller, "a").await.unwrap().key.id);
        }
    }
    assert!(ids.chunks(2).all(|pair| pair[0] == pair[1]));
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), callers.len());
}

async fn after_a_day_it_is_a_new_request(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let first = issued(&desk, "a").await;
    desk.clock.advance(24 * HOUR - 1);
    let again = issued(&desk, "a").await;
    assert_eq!(again.key.id, first.key.id, "a millisecond before");
    desk.clock.advance(1);
    let new_one = issued(&desk, "b").await;
    assert_ne!(new_one.key.id, first.key.id, "to the millisecond");
    let again = issued(&desk, "b").await;
    assert_eq!(again.key.id, new_one.key.id);
}

async fn simultaneous_requests_with_one_idempotency_key_issue_one_key(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let other = desk.second_node().await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..16 {
        let node = if number % 2 == 0 { desk.keydesk.clone() } else { other.clone() };
        let operator = desk.operator.clone();
        tasks.spawn(
            async move { issue(&node, &operator, "a").await.unwrap().issued().unwrap().secret.expose().to_owned() },
        );
    }
    let mut secrets = tasks.join_all().await;
    secrets.sort();
    secrets.dedup();
    assert_eq!((secrets.len(), count(&desk).await), (1, 1));
}

async fn a_refused_request_keeps_nothing(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let bad = NewKey::of(settings(""));
    assert!(desk.keydesk.issue_once(&desk.operator, bad, once("order 66", "a")).await.is_err());
    assert!(issue(&desk.keydesk, &desk.operator, "b").await.is_ok());
}

async fn what_happened_since_is_told(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (keydesk, operator) = (&desk.keydesk, &desk.operator);
    let first = issued(&desk, "a").await;
    let id = first.key.id;
    let again = async || {
        let answer = issue(keydesk, operator, "a").await.unwrap();
        assert!(answer.replayed && answer.key.id == id);
        (answer.key.status, answer.secret.map(|secret| secret.expose().to_owned()))
    };
    let secret = Ok(first.secret.expose().to_owned());
    assert_eq!(again().await, (KeyStatus::Active, secret.clone()));
    keydesk.set_enabled(operator, id, false, None).await.unwrap();
    assert_eq!(again().await, (KeyStatus::Disabled, secret.clone()));
    keydesk.set_enabled(operator, id, true, None).await.unwrap();
    keydesk.delete(operator, id, None).await.unwrap();
    assert_eq!(again().await, (KeyStatus::Revoked, Err(KeyUnavailable::Ended)));
    keydesk.restore(operator, id).await.unwrap();
    assert_eq!(again().await, (KeyStatus::Active, secret.clone()));
    keydesk.rotate(operator, id, overlap(60), None).await.unwrap();
    assert_eq!(again().await, (KeyStatus::Active, secret), "it works until the overlap ends");
    desk.clock.advance(60 * SECOND);
    assert_eq!(again().await, (KeyStatus::Active, Err(KeyUnavailable::Ended)));
}

async fn a_repeated_rotation_tells_what_happened_since(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (keydesk, operator) = (&desk.keydesk, &desk.operator);
    let id = desk.issue("Acme").await.key.id;
    let rotate = async || keydesk.rotate_once(operator, id, Overlap::NONE, None, once("turn", "b")).await.unwrap();
    let first = rotate().await;
    assert!(!first.replayed);
    let again = rotate().await;
    assert_eq!(again.secret.unwrap().expose(), first.secret.unwrap().expose());
    keydesk.delete(operator, id, None).await.unwrap();
    let again = rotate().await;
    assert_eq!((again.key.status, again.secret.unwrap_err()), (KeyStatus::Revoked, KeyUnavailable::Ended));
}

async fn where_a_secret_is_shown_once_no_answer_keeps_it(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let new = NewInstallation { name: "once".to_owned(), title: "Once".to_owned(), recoverable: false };
    let caller = Caller::operator(desk.keydesk.create_installation(Actor::Operator, new).await.unwrap().id);
    let first = issue(&desk.keydesk, &caller, "a").await.unwrap();
    assert!(first.secret.is_ok() && !first.replayed);
    let again = issue(&desk.keydesk, &caller, "a").await.unwrap();
    assert_eq!((again.key, again.secret.unwrap_err()), (first.key.clone(), KeyUnavailable::ShowOnce));
    let turn = || once("turn", "b");
    let rotated = desk.keydesk.rotate_once(&caller, first.key.id, Overlap::NONE, None, turn()).await.unwrap();
    assert!(rotated.secret.is_ok());
    let again = desk.keydesk.rotate_once(&caller, first.key.id, Overlap::NONE, None, turn()).await.unwrap();
    assert_eq!((again.key, again.secret.unwrap_err()), (rotated.key, KeyUnavailable::ShowOnce));
    // The answer to the creation: its secret was replaced.
    let again = issue(&desk.keydesk, &caller, "a").await.unwrap();
    assert_eq!(again.secret.unwrap_err(), KeyUnavailable::Ended);
    let handed = desk.keydesk.create_handover(&caller, first.key.id).await;
    assert_eq!(handed.map(drop), Err(KeyError::NotRecoverable));
}
