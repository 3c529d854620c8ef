use std::collections::BTreeSet;

use delivery::testing::Receiver;
use serde_json::{Value, json};

use crate::{
    sockets::{connect, next, until},
    support::{Event, Sse},
    webhooks::{come, sending},
};

async fn event(sse: &mut Sse) -> Event {
    loop {
        let event = sse.next().await.unwrap();
        if !event.comment {
            return event;
        }
    }
}

/// Case 3 of the design: by server-sent events, by WebSocket, by webhook and by pulling come the same events, and none is missing.
#[tokio::test]
async fn every_way_brings_the_same_events() {
    let (door, _keys, _stopping) = sending(36).await;
    let receiver = Receiver::start().await.unwrap();
    let form = json!({ "url": receiver.url() });
    let (status, _, made) = door.ask("POST /v1/call-webhooks", "calls:read", Some(&form)).await;
    assert_eq!(status, 201, "{made}");
    let mut sse = door.follow("/v1/stream/calls", "calls:read", "").await;
    sse.until("stream.snapshot").await;
    let (mut socket, _) = connect(&door, "/v1/stream/calls", "keydesk.events.v1").await.unwrap();
    until(&mut socket, "stream.snapshot").await;
    let mut cursor = made["cursor"].as_str().unwrap().to_owned();
    let mut all: Vec<Value> = Vec::new();
    for _ in 0..20 {
        door.pass(60_000);
        let path = format!("GET /v1/call-events?limit=500&after={cursor}");
        let (_, _, page) = door.ask(&path, "calls:read", None).await;
        assert_eq!(page["has_more"], false);
        cursor = page["next_cursor"].as_str().unwrap().to_owned();
        for pulled in page["items"].as_array().unwrap() {
            assert_eq!(event(&mut sse).await.data, *pulled);
            assert_eq!(next(&mut socket).await, *pulled);
            all.push(pulled.clone());
        }
    }
    // The first asks whether events are wanted.
    let mut sent = come(&receiver, 1 + all.len()).await.split_off(1);
    sent.sort_by_key(|event| event["seq"].as_u64());
    assert_eq!(sent, all);
    let kinds: BTreeSet<_> = all.iter().map(|event| event["type"].as_str().unwrap()).collect();
    for kind in
        ["call.started", "call.queued", "call.offered", "call.answered", "call.ended", "call.wrapped", "call.closed"]
    {
        assert!(kinds.contains(kind), "{kind}");
    }
}
