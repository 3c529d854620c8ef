use std::time::Duration;

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::desk::{Desk, unchunked};

/// An event of a stream.
pub(super) struct Event {
    id: Option<String>,
    pub(super) kind: String,
    pub(super) data: Value,
}

/// A client of server-sent events, through the gateway.
pub(super) struct Stream {
    connection: TcpStream,
    /// What has come, in chunks.
    raw: Vec<u8>,
    /// What was in them, and is not read yet.
    text: Vec<u8>,
}

impl Stream {
    pub(super) async fn follow(desk: &Desk, path: &str, last: Option<&str>) -> Self {
        let mut connection = TcpStream::connect(&desk.gateway).await.unwrap();
        let last = last.map(|last| format!("Last-Event-ID: {last}\r\n")).unwrap_or_default();
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {}\r\nAccept: text/event-stream\r\n{last}\r\n",
            desk.key
        );
        connection.write_all(head.as_bytes()).await.unwrap();
        let mut stream = Self { connection, raw: Vec::new(), text: Vec::new() };
        loop {
            if let Some(end) = stream.raw.windows(4).position(|four| four == b"\r\n\r\n") {
                let head: Vec<u8> = stream.raw.drain(..end + 4).collect();
                assert!(head.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&head));
                return stream;
            }
            assert!(stream.more().await, "it broke off");
        }
    }

    async fn more(&mut self) -> bool {
        let read = timeout(Duration::from_secs(20), self.connection.read_buf(&mut self.raw)).await;
        read.expect("something should have come").unwrap() > 0
    }

    pub(super) async fn next(&mut self) -> Event {
        loop {
            let (text, used) = unchunked(&self.raw);
            self.raw.drain(..used);
            self.text.extend(text);
            if let Some(end) = self.text.windows(2).position(|two| two == b"\n\n") {
                let block: Vec<u8> = self.text.drain(..end + 2).collect();
                let block = String::from_utf8(block).unwrap();
                let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
                // A comment says that it lives.
                let Some(kind) = field("event: ") else { continue };
                let data = serde_json::from_str(&field("data: ").unwrap()).unwrap();
                return Event { id: field("id: "), kind, data };
            }
            assert!(self.more().await, "it broke off");
        }
    }

    pub(super) async fn until(&mut self, kind: &str) -> Vec<Event> {
        let mut events = Vec::new();
        loop {
            events.push(self.next().await);
            if events.last().is_some_and(|event| event.kind == kind) {
                return events;
            }
        }
    }
}

/// The events of a feed after a place, by pulling.
async fn pulled(desk: &Desk, path: &str, after: &str) -> Vec<u64> {
    let (mut seqs, mut after) = (Vec::new(), after.to_owned());
    loop {
        let page = desk.get(&format!("{path}?after={after}&limit=500")).await;
        seqs.extend(page["items"].as_array().unwrap().iter().map(|event| event["seq"].as_u64().unwrap()));
        after = page["next_cursor"].as_str().unwrap().to_owned();
        if page["has_more"] == false {
            return seqs;
        }
    }
}

/// Case 8: whoever is cut off at any place, 200 times, has read the log once; a place that is none begins anew, and says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_who_is_cut_off_reads_the_log_once() {
    let desk = Desk::open().await;
    desk.until_noon().await;
    let first = desk.get("/live-calls").await["cursor"].as_str().unwrap().to_owned();
    let (mut last, mut read, mut place) = (first.clone(), Vec::new(), 1_usize);
    for _ in 0..200 {
        desk.pass(2_000).await;
        place = place.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let most = (place >> 33) % 6;
        let mut stream = Stream::follow(&desk, "/v1/stream/calls", Some(&last)).await;
        assert_eq!(stream.next().await.kind, "stream.hello");
        for _ in 0..most {
            let event = stream.next().await;
            assert_ne!(event.kind, "stream.reset", "{}", event.data);
            if event.kind == "stream.caught_up" {
                break;
            }
            read.push(event.data["seq"].as_u64().unwrap());
            last = event.id.unwrap();
        }
    }
    let mut stream = Stream::follow(&desk, "/v1/stream/calls", Some(&last)).await;
    let rest = stream.until("stream.caught_up").await;
    read.extend(
        rest.iter().filter(|event| !event.kind.starts_with("stream.")).map(|event| event.data["seq"].as_u64().unwrap()),
    );
    assert_eq!(read, pulled(&desk, "/call-events", &first).await);
    assert!(read.len() > 20, "{}", read.len());
    let mut stream = Stream::follow(&desk, "/v1/stream/calls", Some("k0-1")).await;
    let anew = stream.until("stream.snapshot").await;
    assert_eq!(anew.iter().filter(|event| event.kind == "stream.reset").count(), 1);
    let whole = &anew.last().unwrap().data;
    let asked = desk.get(&format!("/live-calls?as_of_seq={}", whole["as_of"]["seq"])).await;
    assert_eq!(whole["items"], asked["items"]);
}

/// Case 8: a place of which the log no longer knows what came after it begins anew, and says so before anything else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_that_is_too_old_is_told_and_what_holds_follows() {
    let desk = Desk::open().await;
    desk.until_noon().await;
    // The log reaches back for a day, and the day of before is gone from it piece by piece.
    let (mut epoch, mut oldest) = (String::new(), 0);
    for _ in 0..10 {
        let hello = Stream::follow(&desk, "/v1/stream/calls", None).await.next().await;
        assert_eq!(hello.kind, "stream.hello");
        oldest = hello.data["replay_from_seq"].as_u64().unwrap();
        hello.data["epoch"].as_str().unwrap().clone_into(&mut epoch);
        if oldest > 0 {
            break;
        }
        desk.pass(3 * 3_600_000).await;
    }
    assert!(oldest > 0, "nothing is ever too old");
    let too_old = format!("{epoch}-{}", oldest - 1);
    let mut stream = Stream::follow(&desk, "/v1/stream/calls", Some(&too_old)).await;
    let anew = stream.until("stream.snapshot").await;
    let kinds: Vec<_> = anew.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["stream.hello", "stream.reset", "stream.snapshot"]);
    assert_eq!((anew[1].data["reason"].as_str(), &anew[1].id), (Some("too_old"), &None));
    let whole = &anew[2];
    let seq = whole.data["as_of"]["seq"].as_u64().unwrap();
    assert_eq!(whole.id.as_deref(), Some(format!("{epoch}-{seq}").as_str()), "from here it goes on");
    let asked = desk.get(&format!("/live-calls?as_of_seq={seq}")).await;
    assert_eq!((&whole.data["items"], &whole.data["as_of"]), (&asked["items"], &asked["as_of"]));
    assert!(!whole.data["items"].as_array().unwrap().is_empty());
    // What comes then is what the log has after it.
    desk.pass(30_000).await;
    let after = pulled(&desk, "/call-events", whole.id.as_deref().unwrap()).await;
    assert!(!after.is_empty());
    let mut read = Vec::new();
    while read.len() < after.len() {
        let event = stream.next().await;
        if !event.kind.starts_with("stream.") {
            read.push(event.data["seq"].as_u64().unwrap());
        }
    }
    assert_eq!(read, after);
    // Whoever pulls is told the same.
    let refused = desk.ask(&desk.key, &format!("GET /v1/call-events?after={too_old}"), "", b"").await;
    assert_eq!((refused.status, refused.code()), (410, "changes_lost".to_owned()));
    assert_eq!(refused.json()["reason"], "too_old");
    let told = desk.get(&format!("/call-events?after={epoch}-{seq}&limit=1")).await;
    assert_eq!(told["items"][0]["seq"].as_u64(), Some(after[0]));
}

/// Case 9.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_killed_loses_nothing_of_what_was_told() {
    let desk = Desk::open().await;
    desk.until_noon().await;
    let first = desk.get("/live-calls").await["cursor"].as_str().unwrap().to_owned();
    desk.pass(120_000).await;
    let before = pulled(&desk, "/call-events", &first).await;
    assert!(!before.is_empty());
    let desk = desk.killed().await;
    let mut stream = Stream::follow(&desk, "/v1/stream/calls", Some(&first)).await;
    let hello = stream.next().await;
    assert_eq!(hello.data["epoch"].as_str(), first.split('-').next(), "nothing was lost, so it is the same log");
    let again = stream.until("stream.caught_up").await;
    assert!(again.iter().all(|event| event.kind != "stream.reset"));
    let seqs: Vec<_> = again.iter().filter_map(|event| event.data["seq"].as_u64()).collect();
    assert_eq!(seqs.get(..before.len()), Some(&before[..]));
    // What is lost is told: another log begins, and an old place is of none.
    assert_eq!(desk.send(&desk.key, "POST /v1/sandbox/reset", "", &json!({})).await.status, 200);
    let mut stream = Stream::follow(&desk, "/v1/stream/calls", Some(&first)).await;
    let anew = stream.until("stream.snapshot").await;
    let reset = anew.iter().find(|event| event.kind == "stream.reset").unwrap();
    assert_eq!(reset.data["reason"], "other_epoch");
}
