//! The contact centre behind the gateway: whom it answers, and what a key may do there.

use std::{path::Path, process::Stdio};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};

use crate::support::{Program, command, init, keydesk, ran, request, wait_until};

/// One day is made up quickly.
const CONFIG: &str = "[sandbox]\nhistory_days = 1\n";

fn config(data: &Path) -> String {
    let path = data.join("keydesk.toml");
    std::fs::write(&path, CONFIG).unwrap();
    path.display().to_string()
}

pub(crate) async fn new_key(data: &Path, environment: &str, args: &[&str]) -> String {
    let create = ["key", "create", "--client-name", "Caller", "--json", "--environment", environment];
    let made = keydesk(data, &[&create[..], args].concat()).await;
    let key: Value = serde_json::from_slice(&made.stdout).expect("a key");
    key["key"].as_str().unwrap().to_owned()
}

/// A gateway with the contact centre behind it.
struct Behind {
    program: Program,
    gateway: String,
}

impl Behind {
    async fn start(data: &Path) -> Self {
        let config = config(data);
        let args = ["--config", &config, "--gateway-listen", "127.0.0.1:0", "--sandbox"];
        let program = Program::serve(data, &args).await;
        let gateway = program.line("ready in").await["gateway_address"].as_str().unwrap().to_owned();
        program.line("the contact centre for test keys is open").await;
        Self { program, gateway }
    }

    /// The status and the document of an answer.
    async fn ask(&self, key: Option<&str>, line: &str, body: Option<&Value>) -> (u16, Value) {
        let (method, path) = line.split_once(' ').unwrap();
        let body = body.map(Value::to_string);
        let (status, answer) = request(&self.gateway, method, path, key, body.as_deref()).await.unwrap();
        let document = answer.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
        // A body that comes in pieces has their lengths between them.
        let document = document.find('{').zip(document.rfind('}')).map(|(from, to)| &document[from..=to]);
        (status, document.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn test_keys_reach_the_contact_centre_and_others_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    init(data, &[]).await;
    let mut behind = Behind::start(data).await;
    let scopes = ["--scope", "queues:read"];
    let (test, live) = (new_key(data, "test", &scopes).await, new_key(data, "live", &scopes).await);
    let known = wait_until(async || behind.ask(Some(&test), "GET /v1/queues", None).await.0 == 200);
    assert!(known.await, "{}", behind.program.printed());
    let (_, queues) = behind.ask(Some(&test), "GET /v1/queues", None).await;
    assert_eq!(queues["items"].as_array().map(Vec::len), Some(6), "{queues}");
    for (key, line, expected, code) in [
        (Some(&live), "GET /v1/queues", 503, "no_upstream"),
        (None, "GET /v1/queues", 401, "missing_key"),
        (Some(&test), "GET /v1/calls", 403, "insufficient_scope"),
        (Some(&test), "GET /v2/calls", 403, "no_route"),
    ] {
        let (status, document) = behind.ask(key.map(String::as_str), line, None).await;
        assert_eq!((status, document["code"].as_str()), (expected, Some(code)), "{line}");
    }
    behind.program.signal("TERM").await;
    assert_eq!(behind.program.end().await, Some(0));
    let journal = data.join("sandbox").join("main.journal");
    assert!(std::fs::metadata(&journal).unwrap().len() > 0, "what has happened is kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_acts_for_its_agents_and_calls_where_it_may() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    init(data, &[]).await;
    let behind = Behind::start(data).await;
    let reader = new_key(data, "test", &["--scope", "agents:read"]).await;
    let known = wait_until(async || behind.ask(Some(&reader), "GET /v1/agents", None).await.0 == 200);
    assert!(known.await, "{}", behind.program.printed());
    let (_, agents) = behind.ask(Some(&reader), "GET /v1/agents?limit=2", None).await;
    let id = |at: usize| agents["items"][at]["id"].as_str().unwrap().to_owned();
    let (own, other) = (id(0), id(1));
    let limits = format!("agent={own} +61=any +=0/hour");
    let scopes = ["--scope", "users:impersonate", "--scope", "calls:make"];
    let key = new_key(data, "test", &[&scopes[..], &["--contact-centre", limits.as_str()]].concat()).await;
    let session = |agent: &str| json!({"agent_id": agent, "minutes": 5});
    let begun =
        wait_until(async || behind.ask(Some(&key), "POST /v1/sessions/proxy", Some(&session(&own))).await.0 == 201);
    assert!(begun.await, "{}", behind.program.printed());
    let (status, refused) = behind.ask(Some(&key), "POST /v1/sessions/proxy", Some(&session(&other))).await;
    assert_eq!((status, refused["code"].as_str()), (403, Some("agent_not_allowed")), "{refused}");
    let call = json!({"to": "+49 30 901820", "agent_id": own});
    let (status, refused) = behind.ask(Some(&key), "POST /v1/calls", Some(&call)).await;
    assert_eq!((status, refused["code"].as_str()), (403, Some("call_not_allowed")), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_centre_without_a_gateway_is_a_mistake() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().display().to_string();
    let refused = ran(&[], &["serve", "--listen", "127.0.0.1:0", "--sandbox", "--data-dir", &data]).await;
    refused.is_refused("--gateway-listen");
    assert!(!folder.path().join("keydesk.db").exists(), "nothing is touched before");
}

/// Starts a contact centre by itself, and asks it as if by a gateway. Everything that comes.
async fn asked_alone(data: &Path, args: &[&str], headers: &str) -> String {
    let mut child = command()
        .args(["sandbox", "--ephemeral", "--sandbox-listen", "127.0.0.1:0", "--log-format", "json"])
        .args(["--config", &config(data)])
        .args(args)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let address = loop {
        let line = lines.next_line().await.unwrap().expect("it says that it is ready");
        let line: Value = serde_json::from_str(&line).unwrap_or_default();
        if let Some(address) = line["address"].as_str() {
            break address.to_owned();
        }
    };
    let mut connection = tokio::net::TcpStream::connect(&address).await.unwrap();
    let head = format!("GET /v1/queues HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n");
    // Whoever is not answered may be cut off while it writes.
    let _ = connection.write_all(head.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = connection.read_to_end(&mut answer).await;
    child.kill().await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_centre_by_itself_answers_the_gateway_alone() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let caller = "X-Keydesk-Key-Id: 01940000-0000-7000-8000-000000000001\r\nX-Keydesk-Environment: test\r\n\
                  X-Keydesk-Scopes: queues:read\r\n";
    let answer = asked_alone(data, &[], caller).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let unnamed = asked_alone(data, &[], "").await;
    assert!(unnamed.starts_with("HTTP/1.1 403") && unnamed.contains("not_the_gateway"), "{unnamed}");
    let stranger = asked_alone(data, &["--sandbox-gateway", "192.0.2.0/24"], caller).await;
    assert_eq!(stranger, "", "whoever is not the gateway is not answered");
}
