use std::{collections::HashMap, time::Duration};

use keydesk_client::{Client, Event, Feed, Follow, Item, Reset};
use serde_json::{Value, json};
use tokio::time::timeout;
use uuid::Uuid;

use crate::program::Program;

const PATIENCE: Duration = Duration::from_secs(60);

async fn next(stream: &mut Follow) -> Item {
    timeout(PATIENCE, stream.next()).await.expect("something happens").unwrap()
}

/// So many events; nothing else may come but that all was told.
async fn events(stream: &mut Follow, count: usize) -> Vec<Event> {
    let mut events = Vec::new();
    while events.len() < count {
        match next(stream).await {
            Item::Event(event) => events.push(*event),
            Item::CaughtUp => {}
            other => panic!("{other:?}"),
        }
    }
    events
}

#[tokio::test]
async fn a_stream_goes_on_across_a_restart_without_a_hole_and_without_a_repetition() {
    let mut program = Program::start().await;
    let key = program.key("test", &["calls:read", "calls:make", "queues:read"], &[]).await;
    program.opened(&key).await;
    let client = program.gateway_with(&key);
    let mut stream = client.contact_centre().follow(Feed::Calls);
    assert!(matches!(next(&mut stream).await, Item::Snapshot { .. }), "a snapshot comes first");
    ring(&client).await;
    let mut seen = logged(&mut stream, 5).await;
    program.kill().await;
    program.again().await;
    program.opened(&key).await;
    ring(&client).await;
    seen.extend(logged(&mut stream, 5).await);

    let mut before = 0;
    let mut counts: HashMap<Uuid, u64> = HashMap::new();
    for event in &seen {
        assert!(event.seq > before, "{} after {before}", event.seq);
        before = event.seq;
        let count = event.subject_seq.unwrap();
        if let Some(earlier) = counts.insert(event.subject.id, count) {
            assert_eq!(count, earlier + 1, "{event:?}");
        }
    }
}

/// Has people call, so that something happens at whatever hour.
async fn ring(client: &Client) {
    let centre = client.contact_centre();
    let queues: Value = centre.read("/v1/queues").await.unwrap();
    for _ in 0..3 {
        let _: Value =
            centre.post("/v1/sandbox/calls", &json!({ "queue_id": queues["items"][0]["id"] }), None).await.unwrap();
    }
}

/// So many events that stand in the log: heartbeats tell what holds.
async fn logged(stream: &mut Follow, count: usize) -> Vec<Event> {
    let mut logged = Vec::new();
    while logged.len() < count {
        logged.extend(events(stream, 1).await.into_iter().filter(|event| event.id.is_some()));
    }
    logged
}

#[tokio::test]
async fn a_place_that_is_no_more_is_told_and_what_holds_follows() {
    let program = Program::start().await;
    let key = program.key("test", &["calls:read"], &[]).await;
    program.opened(&key).await;
    let mut stream = program.gateway_with(&key).contact_centre().follow(Feed::Calls).after("k0-5");
    assert!(matches!(next(&mut stream).await, Item::Reset(Reset::OtherEpoch)));
    assert!(matches!(next(&mut stream).await, Item::Snapshot { .. }));
    assert!(stream.last_event_id().is_some_and(|place| place != "k0-5"));
}

#[tokio::test]
async fn a_stream_whose_key_lacks_the_right_ends_with_the_refusal() {
    let program = Program::start().await;
    let key = program.key("test", &["contacts:read"], &[]).await;
    program.opened(&key).await;
    let mut stream = program.gateway_with(&key).contact_centre().follow(Feed::Calls);
    let error = timeout(PATIENCE, stream.next()).await.unwrap().unwrap_err();
    assert_eq!(error.code(), Some("insufficient_scope"), "{error}");
}
