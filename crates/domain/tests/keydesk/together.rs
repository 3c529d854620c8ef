//! Many callers at once, whose changes are committed together: each gets the answer that it would get alone.

use model::{Code, KeyError};
use store::{on_both_databases, testing::TestDatabase};
use tokio::task::JoinSet;

use crate::test_keydesk::{DONE, TestKeydesk, code, new_key, once, within};

on_both_databases!(
    each_of_many_callers_gets_its_own_answer,
    a_caller_that_hangs_up_leaves_a_whole_change_or_none,
    a_key_that_lost_a_scope_while_its_call_waited_makes_no_change
);

const CALLERS: usize = 32;

async fn audit_is_sound(desk: &TestKeydesk) -> bool {
    let findings = desk.keydesk.examine().await;
    findings.iter().find(|finding| finding.what == "audit log").unwrap().ok
}

/// Creates, repeats requests, and makes every kind of mistake, all at once.
async fn each_of_many_callers_gets_its_own_answer(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let shared = desk.issue("Shared").await.key;
    let default = desk.keydesk.default_key(&desk.operator).await.unwrap();
    let before = desk.audit(&desk.operator).await.len();
    let mut tasks = JoinSet::new();
    for caller in 0..CALLERS {
        let (keydesk, operator, shared, default) = (desk.keydesk.clone(), desk.operator.clone(), shared.id, default.id);
        tasks.spawn(async move {
            let mark = |body: &str| once(&format!("order {caller}"), body);
            let new = new_key(&format!("Client {caller}"));
            let first = keydesk.issue_once(&operator, new.clone(), mark("a")).await.unwrap().issued().unwrap();
            // In memory before the answer.
            assert_eq!(code(&keydesk, first.secret.expose()).await, Code::Valid);
            let again = keydesk.issue_once(&operator, new.clone(), mark("a")).await.unwrap().issued().unwrap();
            assert_eq!((again.key.id, again.secret.expose()), (first.key.id, first.secret.expose()));
            let refused = keydesk.issue_once(&operator, new, mark("b")).await;
            assert_eq!(refused.map(drop).unwrap_err(), KeyError::IdempotencyMismatch);
            let old = keydesk.update(&operator, first.key.id, model::SettingsPatch::name("Old"), Some(7)).await;
            assert_eq!(old.unwrap_err(), KeyError::VersionMoved { current: 1 });
            assert_eq!(keydesk.delete(&operator, default, None).await.unwrap_err(), KeyError::DefaultKeyProtected);
            // One of them wins, the others are told by which version.
            let renamed =
                keydesk.update(&operator, shared, model::SettingsPatch::name(format!("By {caller}")), Some(1)).await;
            let won = match renamed {
                Ok(key) => key.settings.client_name.as_str() == format!("By {caller}"),
                Err(error) => {
                    assert_eq!(error, KeyError::VersionMoved { current: 2 });
                    false
                }
            };
            if caller % 2 == 0 {
                keydesk.delete(&operator, first.key.id, None).await.unwrap();
                assert_eq!(code(&keydesk, first.secret.expose()).await, Code::Revoked);
            }
            won
        });
    }
    let won = tasks.join_all().await.into_iter().filter(|won| *won).count();
    assert_eq!(won, 1);
    let entries = desk.audit(&desk.operator).await.len() - before;
    assert_eq!(entries, CALLERS + CALLERS / 2 + 1);
    assert!(audit_is_sound(&desk).await);
    let query = model::ListQuery { limit: 1, ..model::ListQuery::default() };
    let listed = desk.keydesk.list(&desk.operator, &query).await.unwrap();
    // The default key is counted in the list.
    assert_eq!(listed.total, 2 + CALLERS as u64 / 2);
}

async fn a_caller_that_hangs_up_leaves_a_whole_change_or_none(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let before = desk.audit(&desk.operator).await.len();
    let mut tasks = Vec::new();
    for caller in 0..200 {
        let (keydesk, operator) = (desk.keydesk.clone(), desk.operator.clone());
        tasks.push(tokio::spawn(async move { keydesk.issue(&operator, new_key(&format!("Client {caller}"))).await }));
        if caller % 3 == 0 {
            tasks[caller / 2].abort();
        }
        tokio::task::yield_now().await;
    }
    let mut answered = 0;
    for task in tasks {
        if let Ok(issued) = task.await {
            let issued = issued.unwrap();
            assert_eq!(code(&desk.keydesk, issued.secret.expose()).await, Code::Valid);
            answered += 1;
        }
    }
    // The changes of callers that hung up go on by themselves.
    let query = model::ListQuery { limit: 1, ..model::ListQuery::default() };
    within(DONE, "as many keys as entries", async || {
        let entries = desk.audit(&desk.operator).await.len() - before;
        let listed = desk.keydesk.list(&desk.operator, &query).await.unwrap();
        // The default key is counted in the list.
        entries >= answered && listed.total == 1 + entries as u64
    })
    .await;
    assert!(answered > 100, "{answered}");
    assert!(audit_is_sound(&desk).await);
}

async fn a_key_that_lost_a_scope_while_its_call_waited_makes_no_change(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let caller = desk.caller(&["keys:write", "contacts:*", "calls:*", "wraps:*"]).await;
    let model::Actor::Key { id } = caller.actor else { panic!("the caller is a key") };
    let mut tasks = JoinSet::new();
    for number in 0..CALLERS {
        let (keydesk, operator, caller) = (desk.keydesk.clone(), desk.operator.clone(), caller.clone());
        tasks.spawn(async move {
            if number == CALLERS / 2 {
                keydesk.delete(&operator, id, None).await.unwrap();
                None
            } else {
                Some(keydesk.issue(&caller, new_key("Acme")).await.map(|issued| issued.key.created_at))
            }
        });
    }
    let done: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    let refused = done.iter().filter(|done| done.is_err()).count();
    assert!(done.iter().all(|done| done.as_ref().err().is_none_or(|error| *error == KeyError::Forbidden)), "{done:?}");
    // In the log nothing that the key did comes after its deletion.
    let entries = desk.audit(&desk.operator).await;
    let deleted = entries.iter().position(|entry| entry.action().unwrap() == model::Action::KeyDelete).unwrap();
    assert!(entries[deleted..].iter().all(|entry| entry.actor().unwrap() != caller.actor));
    let made = entries.iter().filter(|entry| entry.actor().unwrap() == caller.actor).count();
    assert_eq!(made + refused, CALLERS - 1);
}
