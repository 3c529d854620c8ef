use std::time::Duration;

use domain::{Keydesk, RecordedCalls, UsageOptions};
use model::{Code, Instant, Selection};
use store::{on_both_databases, testing::TestDatabase};
use verify::Call;

use crate::test_keydesk::{DONE, HOUR, START, TestKeydesk, call, code, options, scopes, within};

on_both_databases!(
    calls_are_written_by_code_and_hour_when_it_stops,
    allowed_calls_need_not_be_recorded,
    a_call_counts_in_the_hour_in_which_it_was_made,
    counts_that_can_not_be_written_are_written_later,
    counts_of_many_nodes_add_up
);

/// Hour, code and calls of every bucket, the hours counted from that of [`START`].
async fn buckets(desk: &TestKeydesk) -> Vec<(i64, String, i64)> {
    let sql = "SELECT bucket_start || ' ' || code || ' ' || calls FROM usage_bucket ORDER BY bucket_start, code";
    let rows = desk.database.raw().await.texts(sql).await;
    rows.iter()
        .map(|row| {
            let words: Vec<_> = row.split(' ').collect();
            let start: i64 = words[0].parse().unwrap();
            assert_eq!(start % HOUR, 0, "a bucket begins with the hour");
            (start / HOUR - START / HOUR, words[1].to_owned(), words[2].parse().unwrap())
        })
        .collect()
}

async fn calls(keydesk: &Keydesk, key: &str, number: usize) {
    for _ in 0..number {
        code(keydesk, key).await;
    }
}

async fn calls_are_written_by_code_and_hour_when_it_stops(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let issued = desk.issue("Acme").await;
    let (id, key) = (issued.key.id, issued.secret.expose());
    let background = desk.keydesk.start();
    calls(&desk.keydesk, key, 3).await;
    let wanted: Vec<_> = scopes(&["data:read"]).iter().cloned().collect();
    let short =
        desk.keydesk.verifier().verify(Call { scopes: &wanted, ..call(key) }, desk.keydesk.now()).await.unwrap();
    assert_eq!(short.code, Code::InsufficientScope);
    calls(&desk.keydesk, "ccc_live_nonsense", 5).await;
    background.stop().await;
    let refused = (0, "INSUFFICIENT_SCOPE".to_owned(), 1);
    assert_eq!(buckets(&desk).await, [refused.clone(), (0, "VALID".to_owned(), 3)]);
    let used = desk.keydesk.get(&desk.operator, id).await.unwrap().last_used_at;
    assert_eq!(used, Some(Instant::from_millis(START)));

    desk.clock.advance(HOUR);
    let background = desk.keydesk.start();
    calls(&desk.keydesk, key, 2).await;
    desk.clock.advance(1);
    desk.keydesk.delete(&desk.operator, id, None).await.unwrap();
    calls(&desk.keydesk, key, 4).await;
    background.stop().await;
    let later = [(1, "REVOKED".to_owned(), 4), (1, "VALID".to_owned(), 2)];
    assert_eq!(buckets(&desk).await, [vec![refused, (0, "VALID".to_owned(), 3)], later.to_vec()].concat());
    let used = desk.keydesk.get(&desk.operator, id).await.unwrap().last_used_at;
    assert_eq!(used, Some(Instant::from_millis(START + HOUR)), "a refused call is no use");
    assert_eq!(desk.keydesk.verifier().counters().verifications[Code::Valid.index()], 5);
}

async fn allowed_calls_need_not_be_recorded(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let mut options = options(&desk.database, &desk.clock);
    options.usage = UsageOptions { recorded: RecordedCalls::Refused, ..UsageOptions::default() };
    let keydesk = Keydesk::open(options).await.unwrap();
    let issued = desk.issue("Acme").await;
    let background = keydesk.start();
    calls(&keydesk, issued.secret.expose(), 3).await;
    let breaks = keydesk.what_breaks(&desk.operator, &Selection::Ids(vec![issued.key.id])).await.unwrap();
    assert_eq!((breaks.allowed, breaks.allowed_is_not_recorded), (0, true));
    keydesk.delete(&desk.operator, issued.key.id, None).await.unwrap();
    calls(&keydesk, issued.secret.expose(), 2).await;
    background.stop().await;
    assert_eq!(buckets(&desk).await, [(0, "REVOKED".to_owned(), 2)]);
    assert!(desk.keydesk.records_allowed_calls() && !keydesk.records_allowed_calls());
    assert_eq!(desk.keydesk.get(&desk.operator, issued.key.id).await.unwrap().last_used_at, None);
    assert_eq!(keydesk.verifier().counters().verifications[Code::Valid.index()], 3, "metrics count all");
}

async fn a_call_counts_in_the_hour_in_which_it_was_made(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let key = desk.issue("Acme").await.secret;
    desk.database.raw().await.execute("ALTER TABLE usage_bucket RENAME TO away").await.unwrap();
    let background = desk.keydesk.start();
    let next_hour = (START / HOUR + 1) * HOUR;
    for (now, number) in [(next_hour - 1, 2), (next_hour, 3), (next_hour + 5 * HOUR, 4)] {
        desk.clock.set(now);
        // After such a leap nothing is trusted before the database has answered again.
        within(DONE, "fresh again", async || desk.keydesk.ready().await.is_ok()).await;
        calls(&desk.keydesk, key.expose(), number).await;
    }
    background.stop().await;
    desk.database.raw().await.execute("ALTER TABLE away RENAME TO usage_bucket").await.unwrap();
    desk.clock.advance(HOUR);
    desk.keydesk.clone().close().await;
    let valid = |hour, calls| (hour, "VALID".to_owned(), calls);
    assert_eq!(buckets(&desk).await, [valid(0, 2), valid(1, 3), valid(6, 4)]);
}

async fn counts_that_can_not_be_written_are_written_later(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let issued = desk.issue("Acme").await;
    let (id, key) = (issued.key.id, issued.secret.expose());
    // One node that keeps records in memory and one that has no room for any.
    let mut full = options(&desk.database, &desk.clock);
    full.max_cached_keys = 0;
    let full = Keydesk::open(full).await.unwrap();
    for node in [&desk.keydesk, &full] {
        desk.database.raw().await.execute("ALTER TABLE usage_bucket RENAME TO away").await.unwrap();
        let background = node.start();
        calls(node, key, 3).await;
        // The record with the counts has been replaced in memory.
        desk.keydesk
            .update(&desk.operator, id, model::SettingsPatch::name(format!("Acme {node:p}")), None)
            .await
            .unwrap();
        calls(node, key, 2).await;
        background.stop().await;
        desk.database.raw().await.execute("ALTER TABLE away RENAME TO usage_bucket").await.unwrap();
    }
    assert_eq!(buckets(&desk).await, []);
    for (node, written) in [(&desk.keydesk, 5), (&full, 10)] {
        node.start().stop().await;
        assert_eq!(buckets(&desk).await, [(0, "VALID".to_owned(), written)]);
    }
}

async fn counts_of_many_nodes_add_up(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let issued = desk.issue("Acme").await;
    let nodes = [desk.second_node().await, desk.second_node().await, desk.second_node().await];
    for node in nodes {
        calls(&node, issued.secret.expose(), 4).await;
        node.close().await;
    }
    assert_eq!(buckets(&desk).await, [(0, "VALID".to_owned(), 12)]);
}

/// PostgreSQL alone lets a test wait until the writing is under way.
#[tokio::test]
async fn calls_survive_a_stop_in_the_middle_of_writing() {
    let desk = TestKeydesk::open(TestDatabase::postgres().await).await;
    let issued = desk.issue("Acme").await;
    calls(&desk.keydesk, issued.secret.expose(), 3).await;
    let mut blocker = desk.database.raw().await;
    blocker.execute("BEGIN; LOCK TABLE usage_bucket IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let background = desk.keydesk.start();
    let waiting = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND relation = 'usage_bucket'::regclass";
    within(Duration::from_secs(10), "the first writing waits", async || {
        desk.database.raw().await.number(waiting).await > 0
    })
    .await;
    let stopping = tokio::spawn(background.stop());
    // It knows of the stop once it no longer looks for changes; the lock is released whatever it does then.
    tokio::task::yield_now().await;
    blocker.execute("COMMIT").await.unwrap();
    stopping.await.unwrap();
    assert_eq!(buckets(&desk).await, [(0, "VALID".to_owned(), 3)]);
}
