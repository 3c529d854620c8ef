//! A change on one node is known on the other within a second.

use model::{Actor, Code};
use store::{on_both_databases, testing::TestDatabase};

use crate::test_keydesk::{DONE, KNOWN, TestKeydesk, code, verify, within};

on_both_databases!(a_change_is_known_everywhere, an_unknown_key_becomes_known, tombstones_are_forgotten_in_time);

async fn a_change_is_known_everywhere(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let other = desk.second_node().await;
    let running = [desk.keydesk.start(), other.start()];
    let issued = desk.issue("Acme").await;
    let (id, key) = (issued.key.id, issued.secret.expose());
    assert_eq!(code(&other, key).await, Code::Valid, "it is in the other's memory");

    let name = async || verify(&other, key).await.record.unwrap().client_name().as_str().to_owned();
    desk.keydesk.update(&desk.operator, id, model::SettingsPatch::name("Beta"), None).await.unwrap();
    within(KNOWN, "a rename", async || name().await == "Beta").await;
    desk.keydesk.delete(&desk.operator, id, None).await.unwrap();
    within(KNOWN, "a deletion", async || code(&other, key).await == Code::Revoked).await;
    desk.keydesk.restore(&desk.operator, id).await.unwrap();
    within(KNOWN, "a restoring", async || code(&other, key).await == Code::Valid).await;
    for enabled in [false, true] {
        desk.keydesk.set_module(Actor::Operator, "default", enabled).await.unwrap();
        let known = async || other.module_enabled(desk.operator.installation) == enabled;
        within(KNOWN, "the module", known).await;
    }
    // And the other way round.
    other.delete(&desk.operator, id, None).await.unwrap();
    within(KNOWN, "a deletion there", async || code(&desk.keydesk, key).await == Code::Revoked).await;
    for background in running {
        background.stop().await;
    }
}

async fn an_unknown_key_becomes_known(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let other = desk.second_node().await;
    let background = other.start();
    let issued = desk.issue("Acme").await;
    assert_eq!(code(&other, issued.secret.expose()).await, Code::Valid, "at once: it is read when it is asked for");
    let misses = other.verifier().counters().cache_misses;
    let unknown = desk.keydesk.issue(&desk.operator, crate::test_keydesk::new_key("Beta")).await.unwrap();
    let mut text = unknown.secret.expose().to_owned();
    text.replace_range(10..11, if &text[10..11] == "a" { "b" } else { "a" });
    assert_eq!(code(&other, &text).await, Code::NotFound, "a typing error is refused by its checksum");
    assert_eq!(other.verifier().counters().cache_misses, misses, "and costs no look-up");
    background.stop().await;
}

async fn tombstones_are_forgotten_in_time(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let other = desk.second_node().await;
    let issued = desk.issue("Acme").await;
    desk.keydesk.delete(&desk.operator, issued.key.id, None).await.unwrap();
    for node in [&desk.keydesk, &other] {
        assert_eq!(code(node, issued.secret.expose()).await, Code::Revoked);
    }
    desk.clock.advance(model::RESTORE_WINDOW_MS);
    let left = async || {
        let sql = "SELECT COUNT(*) FROM api_key WHERE deleted_at IS NOT NULL";
        desk.database.raw().await.number(sql).await
    };
    let background = desk.keydesk.start();
    within(DONE, "one node purges when it starts", async || left().await == 0).await;
    background.stop().await;
    // The other node finds nothing to purge, but still forgets the key.
    let background = other.start();
    within(DONE, "the default keys alone are in memory", async || other.verifier().counters().cached_keys == 2).await;
    assert_eq!(code(&other, issued.secret.expose()).await, Code::NotFound);
    background.stop().await;
}
