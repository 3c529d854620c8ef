use crate::support::Door;

const AGENTS: &str = "agent-states:subscribe";

#[tokio::test]
async fn a_stream_begins_with_what_holds_and_goes_on_with_what_changes() {
    let door = Door::open(1).await;
    let told = door.told();
    let mut stream = door.follow("/v1/stream/agent-states", AGENTS, "accept: text/event-stream\r\n").await;
    assert!(stream.head.starts_with("http/1.1 200 "), "{}", stream.head);
    for line in ["content-type: text/event-stream\r\n", "cache-control: no-store\r\n", "x-accel-buffering: no\r\n"] {
        assert!(stream.head.contains(line), "{line} {}", stream.head);
    }
    let hello = stream.next().await.unwrap();
    assert_eq!((hello.kind.as_str(), hello.data["epoch"].as_str()), ("stream.hello", Some(door.epoch().as_str())));
    let whole = stream.next().await.unwrap();
    assert_eq!((whole.kind.as_str(), whole.id), ("stream.snapshot", Some(format!("{}-{told}", door.epoch()))));
    door.pass(120_000);
    let changed = stream.until("agent.state_changed").await.pop().unwrap();
    let seq = changed.data["seq"].as_u64().unwrap();
    assert_eq!(changed.id, Some(format!("{}-{seq}", door.epoch())));
    assert!(changed.data["data"]["previous"]["state"].is_string());
}

#[tokio::test]
async fn a_reader_who_comes_back_gets_exactly_what_is_after() {
    let door = Door::open(2).await;
    let from = door.told();
    door.pass(600_000);
    let mut read = Vec::new();
    let mut last = format!("{}-{from}", door.epoch());
    for _ in 0..20 {
        let mut stream = door.follow("/v1/stream/calls", "calls:read", &format!("last-event-id: {last}\r\n")).await;
        assert_eq!(stream.next().await.unwrap().kind, "stream.hello");
        let next = stream.next().await.unwrap();
        if next.kind == "stream.caught_up" {
            break;
        }
        last = next.id.unwrap();
        read.push(next.data["seq"].as_u64().unwrap());
    }
    let mut stream = door.follow("/v1/stream/calls", "calls:read", &format!("last-event-id: {last}\r\n")).await;
    let rest = stream.until("stream.caught_up").await;
    read.extend(
        rest.iter().filter(|event| event.data["subject_seq"].is_u64()).filter_map(|event| event.data["seq"].as_u64()),
    );
    let log: Vec<_> = door.centre.worlds().main().read(|world| {
        // Recordings, contacts and leads are for those who may see them.
        let of_calls = |event: &&contact_centre::event::Event| event.subject.kind().as_str() == "call";
        world.events_after(from, usize::MAX).unwrap().filter(of_calls).map(|event| event.seq).collect()
    });
    assert!(!log.is_empty());
    assert_eq!(read, log);
}

#[tokio::test]
async fn a_place_of_another_epoch_is_told_and_begins_anew() {
    let door = Door::open(3).await;
    for (id, reason) in [("k0-5", "other_epoch"), ("nonsense", "unknown_place")] {
        let mut stream = door.follow("/v1/stream/calls", "calls:read", &format!("last-event-id: {id}\r\n")).await;
        let events = stream.until("stream.snapshot").await;
        let kinds: Vec<_> = events.iter().map(|event| event.kind.as_str()).collect();
        assert_eq!(kinds, ["stream.hello", "stream.reset", "stream.snapshot"]);
        assert_eq!(events[1].data["reason"], reason);
    }
}

#[tokio::test]
async fn a_stream_is_for_those_who_have_its_right_and_asks_for_what_there_is() {
    let door = Door::open(4).await;
    for (line, scopes, status, code) in [
        ("GET /v1/stream/agent-states", "calls:read", 403, "insufficient_scope"),
        ("GET /v1/stream/calls", AGENTS, 403, "insufficient_scope"),
        ("GET /v1/stream/queues", "calls:read", 403, "insufficient_scope"),
        ("GET /v1/stream/calls?types=call.gone", "calls:read", 400, "invalid_request"),
        ("GET /v1/stream/calls?agent_ids=x", "calls:read", 400, "invalid_request"),
        ("GET /v1/stream/queues?agent_ids=x", "live:read", 400, "invalid_request"),
        ("POST /v1/stream/calls", "calls:read", 405, "method_not_allowed"),
    ] {
        let (found, _, problem) = door.ask(line, scopes, None).await;
        assert_eq!((found, problem["code"].as_str()), (status, Some(code)), "{line}: {problem}");
    }
    let queue = door.centre.worlds().main().read(|world| world.state().queues().next().unwrap().id);
    let narrow = "x-keydesk-resources: queue=0199c7a0-0000-7000-8000-00000000000f\r\n";
    let refused = door.follow(&format!("/v1/stream/queues?queue_ids={queue}"), "live:read", narrow).await;
    assert!(refused.head.starts_with("http/1.1 403 "), "{}", refused.head);
}

#[tokio::test]
async fn a_heartbeat_is_a_comment_and_the_end_of_the_process_ends_streams() {
    let door = Door::open(5).await;
    let mut stream = door.follow("/v1/stream/calls?types=recording.deleted", "calls:read", "").await;
    stream.until("stream.snapshot").await;
    // After 15 s.
    let heartbeat = stream.next().await.unwrap();
    assert!(heartbeat.comment && heartbeat.kind.is_empty() && heartbeat.id.is_none());
    door.centre.end_streams();
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn a_widget_sees_its_queue_and_no_id() {
    let door = Door::open(6).await;
    let queue = door.centre.worlds().main().read(|world| world.state().queues().next().unwrap().id);
    let narrow = format!("x-keydesk-resources: queue={queue}\r\n");
    let mut stream = door.follow("/v1/stream/queues", "live:read", &narrow).await;
    let whole = stream.until("stream.snapshot").await.pop().unwrap();
    assert_eq!(whole.data["items"].as_array().unwrap().len(), 1);
    let told = stream.until("queue.live").await.pop().unwrap();
    assert_eq!((told.id, told.data["subject"]["id"].as_str()), (None, Some(queue.to_string().as_str())));
    assert!(told.data["data"]["waiting_count"].is_u64());
}

#[tokio::test]
async fn streams_are_cut_when_that_is_asked_for_and_go_on_where_they_were() {
    let door = Door::open(7).await;
    let mut stream = door.follow("/v1/stream/calls?types=call.*", "calls:read", "").await;
    let last = stream.until("stream.snapshot").await.pop().unwrap().id.unwrap();
    let cut = serde_json::json!({ "drop_streams": true });
    let (status, _, _) = door.ask("POST /v1/sandbox/faults", "calls:read", Some(&cut)).await;
    assert_eq!(status, 204);
    door.pass(120_000);
    assert_eq!(stream.next().await, None);
    let more = format!("last-event-id: {last}\r\n");
    let mut again = door.follow("/v1/stream/calls?types=call.*", "calls:read", &more).await;
    assert!(again.until("stream.caught_up").await.len() > 2);
    let (status, _, problem) =
        door.ask("POST /v1/sandbox/faults", "", Some(&serde_json::json!({ "delay_webhooks_ms": -1 }))).await;
    assert_eq!((status, problem["errors"][0]["field"].as_str()), (422, Some("delay_webhooks_ms")));
}
