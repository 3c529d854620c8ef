use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    sandbox::new_key,
    support::{Program, init, wait_until},
};

/// One day is made up quickly, and the clock that everybody shares can be set.
const CONFIG: &str = "[sandbox]\nseed = 7\nhistory_days = 1\nshared_clock = true\n\
                      [webhooks]\nallow_networks = [\"127.0.0.0/8\"]\nallow_http = true\n";

const ALL: [&str; 11] = [
    "contacts:*",
    "calls:*",
    "wraps:*",
    "recordings:*",
    "agents:*",
    "agent-states:*",
    "metrics:*",
    "queues:*",
    "live:*",
    "users:*",
    "data:*",
];
const DAY_MS: i64 = 86_400_000;
/// At most so far at once: a call has to be answered in time.
const LEAP_MS: i64 = 3 * 3_600_000;

/// An answer.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) status: u16,
    /// In small letters.
    pub(super) head: String,
    pub(super) body: Vec<u8>,
    /// What came behind the body, in small letters.
    pub(super) trailers: String,
}

impl Told {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(super) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// A gateway with the contact centre behind it, and a key that may do all there.
pub(super) struct Desk {
    pub(super) program: Program,
    pub(super) gateway: String,
    pub(super) key: String,
    config: String,
    folder: TempDir,
}

impl Desk {
    pub(super) async fn open() -> Self {
        Self::over(|_| {}).await
    }

    /// The same over a journal that is written where the world keeps its own, if one is.
    pub(super) async fn over(write: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        init(data, &[]).await;
        write(&journal(data));
        let config = data.join("keydesk.toml");
        std::fs::write(&config, CONFIG).unwrap();
        let config = config.display().to_string();
        let (program, gateway) = started(data, &config).await;
        let scopes: Vec<_> = ALL.iter().flat_map(|scope| ["--scope", *scope]).collect();
        let key = new_key(data, "test", &scopes).await;
        let desk = Self { program, gateway, key, config, folder };
        desk.knows(&desk.key).await;
        desk
    }

    /// The process is killed, and another begins with what it left.
    pub(super) async fn killed(self) -> Self {
        self.killed_and(|_| {}).await
    }

    /// The same, and meanwhile something is done to the journal.
    pub(super) async fn killed_and(self, meanwhile: impl FnOnce(&Path)) -> Self {
        let Self { program, key, config, folder, .. } = self;
        program.kill().await;
        meanwhile(&journal(folder.path()));
        let (program, gateway) = started(folder.path(), &config).await;
        let desk = Self { program, gateway, key, config, folder };
        desk.knows(&desk.key).await;
        desk
    }

    /// Another key, once the gateway knows it.
    pub(super) async fn new_key(&self, args: &[&str]) -> String {
        let key = new_key(self.folder.path(), "test", args).await;
        self.knows(&key).await;
        key
    }

    async fn knows(&self, key: &str) {
        let known = wait_until(async || self.ask(key, "GET /v1/sandbox", "", b"").await.status == 200);
        assert!(known.await, "{}", self.program.printed());
    }

    /// Asks with headers, each with its line's end, and a body.
    pub(super) async fn ask(&self, key: &str, line: &str, headers: &str, body: &[u8]) -> Told {
        let head = format!(
            "{line} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n",
            body.len()
        );
        let mut stream = TcpStream::connect(&self.gateway).await.unwrap();
        stream.write_all(&[head.as_bytes(), body].concat()).await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        answer(&bytes)
    }

    /// What is answered to a `GET`, which must be 200.
    pub(super) async fn get(&self, path: &str) -> Value {
        let told = self.ask(&self.key, &format!("GET /v1{path}"), "", b"").await;
        assert_eq!(told.status, 200, "{path}: {}", String::from_utf8_lossy(&told.body));
        told.json()
    }

    /// What is answered to a `GET` as it is, which must be 200.
    pub(super) async fn read(&self, path: &str) -> Told {
        let told = self.ask(&self.key, &format!("GET /v1{path}"), "TE: trailers\r\n", b"").await;
        assert_eq!(told.status, 200, "{path}: {}", String::from_utf8_lossy(&told.body));
        told
    }

    /// Sends JSON.
    pub(super) async fn send(&self, key: &str, line: &str, headers: &str, body: &Value) -> Told {
        let headers = format!("Content-Type: application/json\r\n{headers}");
        self.ask(key, line, &headers, body.to_string().as_bytes()).await
    }

    /// Sets the clock of the world.
    pub(super) async fn clock(&self, form: &Value) -> Value {
        let told = self.send(&self.key, "POST /v1/sandbox/clock", "", form).await;
        assert_eq!(told.status, 200, "{}", String::from_utf8_lossy(&told.body));
        told.json()
    }

    /// Lets time pass in the world.
    pub(super) async fn pass(&self, ms: i64) {
        let mut rest = ms;
        while rest > 0 {
            let step = rest.min(LEAP_MS);
            self.clock(&json!({ "action": "step", "ms": step })).await;
            rest -= step;
        }
    }

    /// Lets time pass until it is early afternoon in Sydney on a working day, when there are callers. From then on it passes only when a test
    /// says so.
    pub(super) async fn until_noon(&self) {
        let clock = self.get("/sandbox/clock").await;
        let now = clock["at"].as_str().unwrap().parse::<model::Instant>().unwrap().as_millis();
        let at = |day: i64| day * DAY_MS + 2 * 3_600_000;
        // The first day of 1970 was a Thursday; Saturday is 6, and Sunday 0.
        let works = |day: i64| !matches!((day + 4).rem_euclid(7), 0 | 6);
        let today = now.div_euclid(DAY_MS);
        let day = (today..today + 5).find(|day| at(*day) > now && works(*day)).unwrap();
        self.clock(&json!({ "action": "pause" })).await;
        self.pass(at(day) - now).await;
    }

    /// The items of all pages of a list.
    pub(super) async fn all(&self, path: &str) -> Vec<Value> {
        let between = if path.contains('?') { '&' } else { '?' };
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("{path}{between}limit=500{cursor}")).await;
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            let Some(next) = page["next_cursor"].as_str() else { return items };
            cursor = format!("&cursor={next}");
        }
    }
}

/// Where the world that everybody shares is kept.
fn journal(data: &Path) -> PathBuf {
    data.join("sandbox").join("main.journal")
}

async fn started(data: &Path, config: &str) -> (Program, String) {
    let args = ["--config", config, "--gateway-listen", "127.0.0.1:0", "--sandbox"];
    let program = Program::serve(data, &args).await;
    let gateway = program.line("ready in").await["gateway_address"].as_str().unwrap().to_owned();
    program.line("the contact centre for test keys is open").await;
    (program, gateway)
}

fn answer(bytes: &[u8]) -> Told {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(bytes.len());
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    let body = bytes.get(end + 4..).unwrap_or_default();
    if !head.contains("transfer-encoding: chunked") {
        return Told { status, head, body: body.to_vec(), trailers: String::new() };
    }
    let (body, used) = unchunked(body);
    let trailers = bytes.get(end + 4 + used..).unwrap_or_default();
    Told { status, head, body, trailers: String::from_utf8_lossy(trailers).to_ascii_lowercase() }
}

/// What whole chunks hold, and how many bytes they took, the last and empty one without what is behind it.
pub(super) fn unchunked(all: &[u8]) -> (Vec<u8>, usize) {
    let (mut body, mut rest) = (Vec::new(), all);
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        let Ok(length) = usize::from_str_radix(&String::from_utf8_lossy(&rest[..end]), 16) else { break };
        if length == 0 {
            rest = &rest[end + 2..];
            break;
        }
        let Some(chunk) = rest.get(end + 2..end + 2 + length + 2) else { break };
        body.extend_from_slice(&chunk[..length]);
        rest = &rest[end + 2 + length + 2..];
    }
    (body, all.len() - rest.len())
}
