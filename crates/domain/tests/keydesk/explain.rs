//! Refusals are explained for a day, wherever the call was refused.

use std::time::Duration;

use domain::{Explained, Keydesk, RefusalQuery};
use model::{KeyError, RefusalCode};
use store::{on_both_databases, testing::TestDatabase};
use uuid::Uuid;
use verify::{Call, Record};

use crate::test_keydesk::{HOUR, TestKeydesk, call, scopes, verify, within};

on_both_databases!(
    a_refusal_is_known_on_another_node,
    a_refusal_is_explained_for_a_day,
    a_flood_with_one_key_pushes_no_other_out
);

async fn refuse(keydesk: &Keydesk, key: &str) -> Uuid {
    let request = keydesk.request_id(keydesk.now());
    let wanted: Vec<_> = scopes(&["data:write"]).iter().cloned().collect();
    let call = Call { scopes: &wanted, request_id: Some(request), ..call(key) };
    assert!(!keydesk.verifier().verify(call, keydesk.now()).await.unwrap().allowed());
    request
}

async fn explained(keydesk: &Keydesk, record: &Record, request: Uuid) -> bool {
    match keydesk.explain(record, request).await {
        Ok(Explained::Refused { first, .. }) => first.code == RefusalCode::InsufficientScope,
        Ok(Explained::Revoked) => false,
        Err(error) => {
            assert_eq!(error, KeyError::NotFound);
            false
        }
    }
}

async fn a_refusal_is_known_on_another_node(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let other = desk.second_node().await;
    let running = [desk.keydesk.start(), other.start()];
    let issued = desk.issue("Acme").await;
    let record = verify(&other, issued.secret.expose()).await.record.unwrap();
    let request = refuse(&desk.keydesk, issued.secret.expose()).await;
    assert!(explained(&desk.keydesk, &record, request).await, "at once where it was refused");
    within(Duration::from_secs(5), "a refusal", async || explained(&other, &record, request).await).await;
    let page = other.refusals(&desk.operator, &RefusalQuery::default(), 50).await.unwrap();
    assert_eq!(page.items.len(), 1);
    assert_eq!(page.items[0].client_name.as_deref(), Some("Acme"));
    assert_eq!(other.refusals(&desk.other, &RefusalQuery::default(), 50).await.unwrap().items, []);
    for background in running {
        background.stop().await;
    }
}

async fn a_refusal_is_explained_for_a_day(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let issued = desk.issue("Acme").await;
    let record = verify(&desk.keydesk, issued.secret.expose()).await.record.unwrap();
    let in_memory = refuse(&desk.keydesk, issued.secret.expose()).await;
    desk.clock.advance(24 * HOUR - 1);
    assert!(explained(&desk.keydesk, &record, in_memory).await);
    desk.keydesk.verifier().flush_refusals().await;
    assert!(explained(&desk.keydesk, &record, in_memory).await, "written down");
    assert_eq!(desk.keydesk.verifier().refusal_counters().waiting, 0);
    desk.clock.advance(1);
    assert!(!explained(&desk.keydesk, &record, in_memory).await);
    let query = RefusalQuery::default();
    assert_eq!(desk.keydesk.refusals(&desk.operator, &query, 50).await.unwrap().items, []);
}

async fn a_flood_with_one_key_pushes_no_other_out(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (quiet, loud) = (desk.issue("Quiet").await, desk.issue("Loud").await);
    let record = verify(&desk.keydesk, quiet.secret.expose()).await.record.unwrap();
    let request = refuse(&desk.keydesk, quiet.secret.expose()).await;
    for _ in 0..5_000 {
        refuse(&desk.keydesk, loud.secret.expose()).await;
    }
    let counters = desk.keydesk.verifier().refusal_counters();
    // Two a second are kept beside the first hundred, however long that took.
    assert!(counters.kept < 400 && counters.kept + counters.left_out == 5_001, "{counters:?}");
    let page = desk.keydesk.refusals(&desk.operator, &RefusalQuery::default(), 50).await.unwrap();
    assert_eq!((page.items.len(), page.next.is_some(), page.not_kept), (50, true, counters.left_out));
    let next = RefusalQuery { cursor: page.next, ..RefusalQuery::default() };
    let older = desk.keydesk.refusals(&desk.operator, &next, 50).await.unwrap();
    assert!(older.items.iter().all(|item| !page.items.contains(item)));
    assert!(explained(&desk.keydesk, &record, request).await);
}
