use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU8, Ordering::SeqCst},
    },
    time::Duration,
};

use contact_centre::{sim::Config, world::World, worlds::Worlds};
use contact_centre_api::{Centre, Gateway, Settings, Source, router};
use model::{Instant, Network, TrustedProxies, phone::Withheld};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

pub(crate) const KEY: &str = "0199c7a0-0000-7000-8000-000000000001";

/// The time of the test, and bytes that are counted up.
struct Machine {
    time: Arc<AtomicI64>,
    byte: AtomicU8,
}

impl Source for Machine {
    fn now(&self) -> Instant {
        Instant::from_millis(self.time.load(SeqCst))
    }

    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill_with(|| self.byte.fetch_add(1, SeqCst));
    }
}

/// A contact centre that listens.
pub(crate) struct Door {
    pub(crate) centre: Centre,
    pub(crate) address: SocketAddr,
    pub(crate) time: Arc<AtomicI64>,
}

pub(crate) fn now() -> Instant {
    "2026-03-04T02:00:00.000Z".parse().unwrap()
}

impl Door {
    pub(crate) async fn open(seed: u64) -> Self {
        let mut config = Config::new(seed);
        (config.agents, config.contacts, config.leads) = (20, 300, 200);
        (config.calls_per_day, config.history_days) = (900, 1);
        let time = Arc::new(AtomicI64::new(now().as_millis()));
        let source = Machine { time: time.clone(), byte: AtomicU8::new(0) };
        let settings = Settings {
            gateway: Gateway { addresses: TrustedProxies::new(vec![Network::parse("127.0.0.1").unwrap()]) },
            region: "AU".parse().unwrap(),
            withheld: Withheld::default(),
            world: config.clone(),
            shared_world_is_led: true,
            exports_max: 2,
            streams_max: 12_000,
        };
        let centre = Centre::new(Worlds::new(World::ephemeral(config, now())), source, settings);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = router(centre.clone()).into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        Self { centre, address, time }
    }

    /// Lets time pass in the world.
    pub(crate) fn pass(&self, ms: i64) {
        let real = Instant::from_millis(self.time.fetch_add(ms, SeqCst) + ms);
        while !self.centre.worlds().main().tick(real).unwrap() {}
    }

    pub(crate) fn told(&self) -> u64 {
        self.centre.worlds().main().read(World::told)
    }

    pub(crate) fn epoch(&self) -> String {
        self.centre.worlds().main().read(|world| world.epoch().to_string())
    }

    /// The head of a request, as the gateway forwards it.
    pub(crate) fn head(&self, line: &str, scopes: &str, more: &str) -> String {
        format!(
            "{line} HTTP/1.1\r\nhost: {}\r\nx-keydesk-key-id: {KEY}\r\nx-keydesk-environment: test\r\nx-keydesk-scopes: {scopes}\r\n{more}",
            self.address
        )
    }

    pub(crate) async fn connected(&self, head: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(format!("{head}\r\n{body}").as_bytes()).await.unwrap();
        stream
    }

    /// Asks, and reads the whole answer: its status, head and JSON.
    pub(crate) async fn ask(&self, line: &str, scopes: &str, body: Option<&Value>) -> (u16, String, Value) {
        self.ask_with(line, scopes, "", body).await
    }

    /// The same with more headers, each with its line end.
    pub(crate) async fn ask_with(
        &self,
        line: &str,
        scopes: &str,
        more: &str,
        body: Option<&Value>,
    ) -> (u16, String, Value) {
        let body = body.map(Value::to_string).unwrap_or_default();
        let more =
            format!("{more}connection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n", body.len());
        let mut stream = self.connected(&self.head(line, scopes, &more), &body).await;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let body = if head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
            String::from_utf8(unchunked(body.as_bytes()).0).unwrap()
        } else {
            body.to_owned()
        };
        (status, head.to_ascii_lowercase(), serde_json::from_str(&body).unwrap_or(Value::Null))
    }

    /// Begins to follow.
    pub(crate) async fn follow(&self, path: &str, scopes: &str, more: &str) -> Sse {
        let stream = self.connected(&self.head(&format!("GET {path}"), scopes, more), "").await;
        let mut sse = Sse { stream, raw: Vec::new(), head: String::new(), read: 0 };
        sse.head = sse.head().await;
        sse
    }
}

/// What whole chunks hold, and how many bytes they took.
fn unchunked(mut rest: &[u8]) -> (Vec<u8>, usize) {
    let (mut body, all) = (Vec::new(), rest.len());
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        let Some(chunk) = rest.get(end + 2..end + 2 + length + 2) else { break };
        body.extend_from_slice(&chunk[..length]);
        rest = &rest[end + 2 + length + 2..];
    }
    (body, all - rest.len())
}

/// An event of a stream.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) id: Option<String>,
    pub(crate) kind: String,
    pub(crate) data: Value,
    pub(crate) comment: bool,
}

/// A client of server-sent events.
pub(crate) struct Sse {
    stream: TcpStream,
    raw: Vec<u8>,
    pub(crate) head: String,
    read: usize,
}

impl Sse {
    async fn more(&mut self) -> bool {
        let read = tokio::time::timeout(Duration::from_secs(20), self.stream.read_buf(&mut self.raw)).await;
        read.expect("something should have come").unwrap() > 0
    }

    async fn head(&mut self) -> String {
        loop {
            if let Some(end) = self.raw.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = self.raw.drain(..end + 4).collect();
                return String::from_utf8(head).unwrap().to_ascii_lowercase();
            }
            assert!(self.more().await, "it broke off: {}", String::from_utf8_lossy(&self.raw));
        }
    }

    /// The next event; none if the stream has ended.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            let text = String::from_utf8(unchunked(&self.raw).0).unwrap();
            if let Some(end) = text[self.read..].find("\n\n") {
                let block = &text[self.read..self.read + end];
                self.read += end + 2;
                return Some(event(block));
            }
            if self.raw.ends_with(b"0\r\n\r\n") || !self.more().await {
                return None;
            }
        }
    }

    /// Events until one of a type, and that one.
    pub(crate) async fn until(&mut self, kind: &str) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            let found = event.kind == kind;
            events.push(event);
            if found {
                return events;
            }
        }
        panic!("{kind} did not come: {events:?}");
    }
}

fn event(block: &str) -> Event {
    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
    Event {
        id: field("id: "),
        kind: field("event: ").unwrap_or_default(),
        data: field("data: ").map_or(Value::Null, |data| serde_json::from_str(&data).unwrap()),
        comment: block.starts_with(':'),
    }
}
