//! Bytes of recordings that a key may have in a day: to the byte, on however many nodes.

use std::sync::Arc;

use domain::{Keydesk, NewKey};
use model::{ContactCentreLimits, SettingsPatch};
use store::{on_both_databases, testing::TestDatabase};
use verify::{BytesTaken, Record};

use crate::test_keydesk::{HOUR, TestKeydesk, settings, verify};

on_both_databases!(
    no_more_bytes_are_given_than_a_key_may_have_at_whichever_node,
    another_limit_counts_what_was_taken_before,
    a_download_that_is_too_large_takes_nothing
);

const LIMIT: u64 = 100_000;
const PIECE: u64 = 700;

fn limited(words: &str) -> Option<ContactCentreLimits> {
    Some(words.parse().unwrap())
}

/// A new key with these limits: its id and its secret.
async fn issue(desk: &TestKeydesk, words: &str) -> domain::Issued {
    let patch = SettingsPatch { contact_centre: limited(words), ..settings("Acme") };
    desk.keydesk.issue(&desk.operator, NewKey::of(patch)).await.unwrap()
}

/// The key, as a node knows it.
async fn record(node: &Keydesk, issued: &domain::Issued) -> Arc<Record> {
    verify(node, issued.secret.expose()).await.record.unwrap()
}

async fn take(node: &Keydesk, record: &Record, bytes: u64) -> BytesTaken {
    loop {
        // Whoever always comes after others is told to try again.
        if let Ok(taken) = node.verifier().take_recording(record, bytes, node.now()).await {
            return taken;
        }
        tokio::task::yield_now().await;
    }
}

/// How many bytes a node gives, in pieces, until it gives none.
async fn all(node: Keydesk, record: Arc<Record>) -> u64 {
    let mut bytes = 0;
    while let BytesTaken::Taken(_) = take(&node, &record, PIECE).await {
        bytes += PIECE;
    }
    bytes
}

async fn no_more_bytes_are_given_than_a_key_may_have_at_whichever_node(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let issued = issue(&desk, "recordings=100000/day").await;
    let nodes = [desk.keydesk.clone(), desk.second_node().await];
    let mut readers = Vec::new();
    for node in &nodes {
        let record = record(node, &issued).await;
        readers.extend((0..8).map(|_| tokio::spawn(all(node.clone(), Arc::clone(&record)))));
    }
    let mut given = 0;
    for reader in readers {
        given += reader.await.unwrap();
    }
    // Each node may be left with less than a piece.
    assert!(given <= LIMIT && given + 2 * PIECE > LIMIT, "{given}");
    // Calls are another matter.
    assert!(verify(&desk.keydesk, issued.secret.expose()).await.limits.is_empty());
    let own = record(&desk.keydesk, &issued).await;
    match take(&desk.keydesk, &own, PIECE).await {
        BytesTaken::Refused(_, by) => assert_eq!(by.label.to_string(), "recording_bytes_per_day"),
        taken @ BytesTaken::Taken(_) => panic!("{taken:?}"),
    }
    desk.clock.advance(24 * HOUR);
    assert!(matches!(take(&desk.keydesk, &own, PIECE).await, BytesTaken::Taken(_)), "on the next day");
}

async fn another_limit_counts_what_was_taken_before(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let issued = issue(&desk, "recordings=1000/day").await;
    let own = record(&desk.keydesk, &issued).await;
    assert!(matches!(take(&desk.keydesk, &own, 900).await, BytesTaken::Taken(_)));
    for (words, bytes, expected) in [
        ("recordings=1500/day", 601, false),
        ("recordings=1500/day", 600, true),
        ("", u64::MAX, true),
        ("recordings=1500/day", 1, false),
    ] {
        let patch = SettingsPatch { contact_centre: limited(words), ..SettingsPatch::default() };
        desk.keydesk.update(&desk.operator, issued.key.id, patch, None).await.unwrap();
        let own = record(&desk.keydesk, &issued).await;
        let taken = matches!(take(&desk.keydesk, &own, bytes).await, BytesTaken::Taken(_));
        assert_eq!(taken, expected, "{words} {bytes}");
    }
}

async fn a_download_that_is_too_large_takes_nothing(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let issued = issue(&desk, "recordings=1000/day").await;
    let own = record(&desk.keydesk, &issued).await;
    match take(&desk.keydesk, &own, 1_001).await {
        BytesTaken::Refused(_, by) => assert_eq!(by.retry_after_seconds, None),
        taken @ BytesTaken::Taken(_) => panic!("{taken:?}"),
    }
    match take(&desk.keydesk, &own, 1_000).await {
        BytesTaken::Taken(states) => assert_eq!(states.iter().map(|state| state.remaining).collect::<Vec<_>>(), [0]),
        refused @ BytesTaken::Refused(..) => panic!("{refused:?}"),
    }
}
