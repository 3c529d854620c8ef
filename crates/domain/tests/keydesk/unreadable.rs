//! One row that can't be read refuses one key: a newer release wrote it, or it was damaged.

use model::{Code, ListQuery};
use store::{on_both_databases, testing::TestDatabase};
use verify::Unavailable;

use crate::test_keydesk::{DONE, KNOWN, SECOND, TestKeydesk, call, code, within};

on_both_databases!(
    a_row_that_can_not_be_read_refuses_its_key_alone,
    a_key_that_can_not_be_read_can_be_deleted,
    lists_show_the_others,
    a_number_of_keys_that_is_wrong_stops_no_deletion
);

/// What a newer release writes, which moves the epoch.
async fn write_scopes(desk: &TestKeydesk, id: model::KeyId, scopes: &str) {
    let mut raw = desk.database.raw().await;
    let id = raw.id(id.0);
    let sql = format!(
        "BEGIN; UPDATE epoch SET value = value + 1; \
         UPDATE api_key SET scopes = '{scopes}', epoch = (SELECT value FROM epoch) WHERE id = {id}; COMMIT"
    );
    raw.execute(&sql).await.unwrap();
}

async fn a_row_that_can_not_be_read_refuses_its_key_alone(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let other = desk.second_node().await;
    let (odd, sound, revoked) = (desk.issue("Odd").await, desk.issue("Sound").await, desk.issue("Revoked").await);
    let running = [desk.keydesk.start(), other.start()];
    let nodes = [&desk.keydesk, &other];
    let asked = async |node: &domain::Keydesk, key: &str| {
        node.verifier().verify(call(key), node.now()).await.map(|verdict| verdict.code)
    };
    for node in nodes {
        assert_eq!(asked(node, odd.secret.expose()).await, Ok(Code::Valid));
    }
    write_scopes(&desk, odd.key.id, r#"{"all": true}"#).await;
    for node in nodes {
        within(KNOWN, "it is refused", async || asked(node, odd.secret.expose()).await == Err(Unavailable)).await;
    }
    // Longer than memory is trusted for without a proof.
    for _ in 0..3 {
        desk.clock.advance(4 * SECOND);
        for node in nodes {
            within(DONE, "fresh", async || node.ready().await.is_ok()).await;
            assert_eq!(asked(node, sound.secret.expose()).await, Ok(Code::Valid));
            assert_eq!(asked(node, odd.secret.expose()).await, Err(Unavailable));
        }
    }
    // Changes go on being known.
    desk.keydesk.delete(&desk.operator, revoked.key.id, None).await.unwrap();
    within(KNOWN, "a deletion", async || code(&other, revoked.secret.expose()).await == Code::Revoked).await;
    // A node that starts now reads it among the others.
    let late = desk.second_node().await;
    let background = late.start();
    within(DONE, "warm", async || late.verifier().counters().cached_keys == 4).await;
    assert_eq!(asked(&late, odd.secret.expose()).await, Err(Unavailable));
    background.stop().await;
    // And when it can be read again, it is.
    write_scopes(&desk, odd.key.id, r#"["contacts:read"]"#).await;
    for node in nodes {
        within(KNOWN, "it works", async || asked(node, odd.secret.expose()).await == Ok(Code::Valid)).await;
    }
    for background in running {
        background.stop().await;
    }
}

async fn a_key_that_can_not_be_read_can_be_deleted(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    for bulk in [false, true] {
        let (odd, sound) = (desk.issue("Odd").await, desk.issue("Sound").await);
        assert_eq!(code(&desk.keydesk, odd.secret.expose()).await, Code::Valid, "it is in memory");
        write_scopes(&desk, odd.key.id, "[7]").await;
        if bulk {
            let ids = [odd.key.id, sound.key.id];
            assert_eq!(desk.keydesk.bulk_delete(&desk.operator, &ids).await.unwrap().deleted.len(), 2);
        } else {
            desk.keydesk.delete(&desk.operator, odd.key.id, None).await.unwrap();
            desk.keydesk.delete(&desk.operator, sound.key.id, None).await.unwrap();
        }
        assert_eq!(code(&desk.keydesk, sound.secret.expose()).await, Code::Revoked);
        let asked = desk.keydesk.verifier().verify(call(odd.secret.expose()), desk.keydesk.now()).await;
        assert!(asked.is_err() || asked.is_ok_and(|verdict| verdict.code == Code::Revoked));
    }
}

async fn lists_show_the_others(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let mut ids = Vec::new();
    for number in 0..12 {
        ids.push(desk.issue(&format!("Client {number:02}")).await.key.id);
    }
    for id in &ids[2..9] {
        write_scopes(&desk, *id, "nonsense").await;
    }
    let (mut seen, mut query) = (Vec::new(), ListQuery { limit: 3, ..ListQuery::default() });
    loop {
        let page = desk.keydesk.list(&desk.operator, &query).await.unwrap();
        seen.extend(page.items.iter().map(|key| key.id));
        let Some(next) = page.next_cursor else { break };
        query.cursor = Some(next.parse().unwrap());
    }
    seen.retain(|id| ids.contains(id));
    assert_eq!(seen, [&ids[..2], &ids[9..]].concat());
}

async fn a_number_of_keys_that_is_wrong_stops_no_deletion(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let issued = [desk.issue("A").await, desk.issue("B").await, desk.issue("C").await];
    desk.database.raw().await.execute("UPDATE installation SET key_count = 1").await.unwrap();
    let ids: Vec<_> = issued.iter().map(|issued| issued.key.id).collect();
    desk.keydesk.delete(&desk.operator, ids[0], None).await.unwrap();
    desk.keydesk.delete(&desk.operator, ids[1], None).await.unwrap();
    let total = async || desk.keydesk.list(&desk.operator, &ListQuery::default()).await.unwrap().total;
    assert_eq!(total().await, 1, "the Default API Key alone: one is missing");
    let background = desk.keydesk.start();
    within(DONE, "it is counted anew", async || total().await == 2).await;
    background.stop().await;
}
