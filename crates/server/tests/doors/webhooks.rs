//! Events out, as programs, the operator and receivers see them.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::http::Method;
use delivery::{
    Policy,
    testing::{Receiver, Reply},
};
use domain::EventOptions;
use serde_json::{Value, json};
use store::{
    on_both_databases,
    testing::{Raw, TestDatabase},
};
use tokio::io::AsyncWriteExt as _;

use crate::support::{Client, Program, TestApp, init, keydesk, request, wait_until};

on_both_databases!(
    a_webhook_lives_its_life_over_rest,
    what_a_caller_may_not_is_refused,
    nothing_is_lost_over_a_kill_between_commit_and_delivery,
    every_acknowledged_key_is_told_of_over_kills,
);

async fn open(database: &TestDatabase) -> TestApp {
    let policy = Policy { allow_networks: vec!["127.0.0.0/8".parse().unwrap()], allow_http: true };
    TestApp::with_events(database, EventOptions { policy, ..EventOptions::default() }).await
}

const SCOPES: &[&str] = &["webhooks:read", "webhooks:write", "keys:write"];

async fn deliveries(client: &Client<'_>, path: &str) -> Vec<Value> {
    client.get(&format!("{path}/deliveries")).await.json()["items"].as_array().unwrap().clone()
}

async fn a_webhook_lives_its_life_over_rest(database: TestDatabase) {
    let app = open(&database).await;
    let client = app.client(SCOPES).await;
    let receiver = Receiver::start().await.unwrap();
    assert_eq!(client.get("/api/v1/webhooks").await.json(), json!({ "items": [] }));
    let wanted = json!({ "url": receiver.url(), "types": ["key.*"] });
    let body = wanted.to_string();
    let mark = [("Idempotency-Key", "one")];
    let made = client.call(Method::POST, "/api/v1/webhooks", Some(&body), &mark).await;
    assert_eq!((made.status.as_u16(), made.header("cache-control")), (201, "no-store"), "{}", made.text());
    let created = made.json();
    let path = format!("/api/v1/webhooks/{}", created["id"].as_str().unwrap());
    assert_eq!((made.header("location"), made.header("etag")), (path.as_str(), "\"1\""));
    let secret = created["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("whsec_"));
    for (name, expected) in [("order", "subject"), ("signature", "v1"), ("environment", "live")] {
        assert_eq!(created[name], expected);
    }
    let again = client.call(Method::POST, "/api/v1/webhooks", Some(&body), &mark).await;
    assert_eq!((again.header("idempotency-replayed"), again.json()), ("true", created.clone()));
    let shown = client.get(&path).await;
    assert!(shown.json().get("secret").is_none() && shown.header("etag") == "\"1\"", "{}", shown.text());
    assert_eq!(client.get("/api/v1/webhooks").await.json()["items"], json!([shown.json()]));

    let key = client.post("/api/v1/keys", json!({ "client_name": "Acme" })).await.json();
    assert_eq!(client.post(&format!("{path}/test"), json!({})).await.status, 202);
    app.keydesk.deliver_due().await;
    let told: Vec<Value> = receiver.received().iter().map(|of| serde_json::from_slice(&of.body).unwrap()).collect();
    let mut types: Vec<_> = told.iter().map(|body| body["type"].as_str().unwrap()).collect();
    types.sort_unstable();
    assert_eq!(types, ["key.created", "webhook.test"]);
    let created_event = told.iter().find(|body| body["type"] == "key.created").unwrap();
    assert_eq!(created_event["data"]["key"]["id"], key["id"]);
    assert_eq!(created_event["actor"]["kind"], "key");
    assert!(receiver.received().iter().all(|of| !of.text().contains(key["key"].as_str().unwrap())));
    let sent = deliveries(&client, &path).await;
    assert_eq!(sent.len(), 2);
    for delivery in &sent {
        let state = (&delivery["state"], &delivery["attempts"], &delivery["last_attempt"]["status"]);
        assert_eq!(state, (&json!("delivered"), &json!(1), &json!(204)));
    }
    let page = client.get(&format!("{path}/deliveries?limit=1")).await.json();
    let next = page["next_cursor"].as_str().unwrap();
    let rest = client.get(&format!("{path}/deliveries?limit=1&cursor={next}&state=delivered")).await.json();
    assert_eq!((&page["items"][0], &rest["items"][0]), (&sent[0], &sent[1]));
    assert_eq!(rest["next_cursor"], Value::Null);

    let ids = json!({ "ids": [created_event["id"]] });
    let redelivered = client.post(&format!("{path}/redeliver"), ids).await;
    assert_eq!((redelivered.status.as_u16(), redelivered.json()), (202, json!({ "events": 1 })));
    let range = json!({ "from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z" });
    assert_eq!(client.post(&format!("{path}/redeliver"), range).await.json(), json!({ "events": 2 }));
    app.keydesk.deliver_due().await;
    assert_eq!(receiver.received().len(), 4);

    let rotated = client.post(&format!("{path}/rotate-secret"), json!({})).await.json();
    assert!(rotated["secret"] != secret.as_str() && rotated["former_secret_ends_at"].is_string(), "{rotated}");
    client.post("/api/v1/keys", json!({ "client_name": "Beta" })).await;
    app.keydesk.deliver_due().await;
    assert_eq!(receiver.received().pop().unwrap().header("webhook-signature").split(' ').count(), 2);

    let stale = client.call(Method::PATCH, &path, Some(r#"{"enabled":false}"#), &[("If-Match", "\"1\"")]).await;
    assert_eq!(stale.refusal(), (412, "version_moved".to_owned()));
    let off = client.call(Method::PATCH, &path, Some(r#"{"enabled":false}"#), &[("If-Match", "\"2\"")]).await;
    assert_eq!((off.status.as_u16(), &off.json()["enabled"], off.header("etag")), (200, &json!(false), "\"3\""));
    let refused = client.post(&format!("{path}/test"), json!({})).await.refusal();
    assert_eq!(refused, (422, "invalid_setting".to_owned()));
    assert_eq!(client.delete(&path).await.status, 204);
    assert_eq!(client.get(&path).await.refusal(), (404, "not_found".to_owned()));

    let auditor = app.client(&["audit:read"]).await;
    let log = auditor.get("/api/v1/audit?limit=200").await.text();
    for action in ["create", "test", "redeliver", "rotate_secret", "disable", "delete"] {
        assert!(log.contains(&format!("\"webhook.{action}\"")), "{action}");
    }
    // An address may hold a secret of the receiver's.
    assert!(!log.contains("/hooks?from"), "{log}");
}

async fn what_a_caller_may_not_is_refused(database: TestDatabase) {
    let app = open(&database).await;
    let (client, reader) = (app.client(SCOPES).await, app.client(&["webhooks:read"]).await);
    let receiver = Receiver::start().await.unwrap();
    let url = receiver.url();
    let signed = json!({ "url": url, "signature": "v1a", "order": "none", "enabled": false });
    let made = client.post("/api/v1/webhooks", signed).await.json();
    assert_eq!((&made["secret"], &made["enabled"]), (&Value::Null, &json!(false)));
    assert!(made["public_key"].as_str().unwrap().starts_with("whpk_"));
    let path = format!("/api/v1/webhooks/{}", made["id"].as_str().unwrap());
    assert_eq!(reader.get(&path).await.status, 200);
    for refused in [
        reader.post("/api/v1/webhooks", json!({ "url": url })).await,
        reader.patch(&path, json!({ "enabled": true })).await,
        reader.post(&format!("{path}/test"), json!({})).await,
        reader.post(&format!("{path}/redeliver"), json!({ "ids": [made["id"]] })).await,
        reader.post(&format!("{path}/rotate-secret"), json!({})).await,
        reader.delete(&path).await,
        app.client(&["keys:read"]).await.get("/api/v1/webhooks").await,
    ] {
        assert_eq!(refused.refusal(), (403, "insufficient_scope".to_owned()));
    }
    for (body, status, code, field) in [
        (json!({}), 400, "invalid_request", "url"),
        (json!({ "url": url, "types": [] }), 400, "invalid_request", "types"),
        (json!({ "url": url, "types": ["key.paint"] }), 400, "invalid_request", "types"),
        (json!({ "url": url, "order": "any" }), 400, "invalid_request", "order"),
        (json!({ "url": url, "secret": "x" }), 400, "invalid_request", "secret"),
        (json!({ "url": "https://10.0.0.1/" }), 422, "invalid_setting", "url"),
        (json!({ "url": "https://[::ffff:10.0.0.1]/" }), 422, "invalid_setting", "url"),
        (json!({ "url": "https://169.254.169.254/latest" }), 422, "invalid_setting", "url"),
        (json!({ "url": "https://u:p@example.com/" }), 422, "invalid_setting", "url"),
        (json!({ "url": "ftp://example.com/" }), 422, "invalid_setting", "url"),
        (json!({ "url": "example.com" }), 422, "invalid_setting", "url"),
    ] {
        let answer = client.post("/api/v1/webhooks", body.clone()).await;
        assert_eq!(answer.refusal(), (status, code.to_owned()), "{body}");
        let errors = answer.json()["errors"].to_string();
        assert!(errors.contains(&format!("\"{field}\"")), "{body}: {errors}");
    }
    for body in [json!({}), json!({ "from": "2026-01-01T00:00:00Z" }), json!({ "ids": [] }), json!({ "ids": ["x"] })] {
        let refused = client.post(&format!("{path}/redeliver"), body.clone()).await.refusal();
        assert_eq!(refused, (400, "invalid_request".to_owned()), "{body}");
    }
    assert_eq!(client.get(&format!("{path}/deliveries?state=gone")).await.refusal().0, 400);
    for number in 1..20 {
        let status = client.post("/api/v1/webhooks", json!({ "url": url })).await.status;
        assert_eq!(status, 201, "{number}");
    }
    assert_eq!(client.post("/api/v1/webhooks", json!({ "url": url })).await.refusal().0, 422);
}

/// A deployment whose configuration lets it send to this machine.
pub(crate) struct Desk {
    pub(crate) data: PathBuf,
    pub(crate) config: String,
    database: TestDatabase,
}

impl Desk {
    pub(crate) async fn found(database: TestDatabase) -> Self {
        let data = database.dir();
        let config = data.join("keydesk.toml");
        let text = format!(
            "database = {:?}\n[webhooks]\nallow_networks = [\"127.0.0.0/8\"]\nallow_http = true\n",
            database.address()
        );
        std::fs::write(&config, text).unwrap();
        let config = config.to_str().unwrap().to_owned();
        init(&data, &["--config", &config]).await;
        Self { data, config, database }
    }

    pub(crate) async fn serve(&self) -> Program {
        Program::serve(&self.data, &["--config", &self.config]).await
    }

    /// Runs a command that succeeds, and returns what it printed.
    pub(crate) async fn did(&self, args: &[&str]) -> Value {
        let output = keydesk(&self.data, &[args, &["--config", &self.config, "--json"]].concat()).await;
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    pub(crate) async fn raw(&self) -> Raw {
        self.database.raw().await
    }

    pub(crate) async fn key(&self, name: &str) -> String {
        let made = self.did(&["key", "create", "--client-name", name]).await;
        made["id"].as_str().unwrap().to_owned()
    }
}

/// The keys that were told of, as often as they were.
fn told(receiver: &Receiver) -> Vec<String> {
    let key = |body: &[u8]| -> String {
        let body: Value = serde_json::from_slice(body).unwrap();
        body["subject"]["id"].as_str().unwrap().to_owned()
    };
    receiver.received().iter().map(|received| key(&received.body)).collect()
}

async fn nothing_is_lost_over_a_kill_between_commit_and_delivery(database: TestDatabase) {
    let desk = Desk::found(database).await;
    let receiver = Receiver::start().await.unwrap();
    let made = desk.did(&["webhook", "create", "--url", &receiver.url(), "--types", "key.created"]).await;
    let id = made["id"].as_str().unwrap();
    receiver.answer(|_| Reply::status(200).after(Duration::from_secs(3_600)));
    let server = desk.serve().await;
    let one = desk.key("Under way").await;
    receiver.arrival().await;
    // It was sent, and nobody knows how it was answered.
    server.kill().await;
    let other = desk.key("While nobody serves").await;
    receiver.answer(|_| Reply::status(200));
    let server = desk.serve().await;
    assert!(wait_until(async || told(&receiver).len() >= 3).await, "{:?}", told(&receiver));
    let told = told(&receiver);
    // Those of different keys don't wait for each other.
    assert_eq!(told.iter().filter(|id| **id == one).count(), 2);
    assert_eq!(told.iter().filter(|id| **id == other).count(), 1);
    let ids: BTreeSet<_> = receiver.received().iter().map(|of| of.header("webhook-id").to_owned()).collect();
    assert_eq!(ids.len(), 2, "a receiver knows what it has seen by its id");
    let all_delivered = async || {
        let page = desk.did(&["webhook", "deliveries", id]).await;
        page["items"].as_array().unwrap().iter().all(|delivery| delivery["state"] == "delivered")
    };
    assert!(wait_until(all_delivered).await);
    server.kill().await;
}

async fn every_acknowledged_key_is_told_of_over_kills(database: TestDatabase) {
    let desk = Desk::found(database).await;
    let receiver = Receiver::start().await.unwrap();
    desk.did(&["webhook", "create", "--url", &receiver.url(), "--types", "key.created"]).await;
    let caller = desk.did(&["key", "create", "--client-name", "Caller", "--scope", "keys:write"]).await;
    let secret = caller["key"].as_str().unwrap().to_owned();
    let acknowledged = Arc::new(Mutex::new(BTreeSet::new()));
    for round in 0..3_u64 {
        let server = desk.serve().await;
        let ended = Arc::new(AtomicBool::new(false));
        let callers: Vec<_> = (0..4)
            .map(|_| {
                let (address, secret) = (server.address.clone(), secret.clone());
                let (ended, acknowledged) = (Arc::clone(&ended), Arc::clone(&acknowledged));
                tokio::spawn(async move {
                    while !ended.load(Relaxed) {
                        let body = r#"{"client_name":"Acme"}"#;
                        let Ok((201, answer)) =
                            request(&address, "POST", "/api/v1/keys", Some(&secret), Some(body)).await
                        else {
                            continue;
                        };
                        let body = answer.split("\r\n\r\n").nth(1).unwrap_or_default();
                        let Ok(key) = serde_json::from_str::<Value>(body) else { continue };
                        acknowledged.lock().unwrap().insert(key["id"].as_str().unwrap().to_owned());
                    }
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(400 + 300 * round)).await;
        server.kill().await;
        ended.store(true, Relaxed);
        for caller in callers {
            caller.await.unwrap();
        }
    }
    let acknowledged = acknowledged.lock().unwrap().clone();
    assert!(acknowledged.len() > 10, "{}", acknowledged.len());
    let server = desk.serve().await;
    let missing = || -> Vec<String> {
        let told: BTreeSet<String> = told(&receiver).into_iter().collect();
        acknowledged.iter().filter(|id| !told.contains(*id)).cloned().collect()
    };
    assert!(wait_until(async || missing().is_empty()).await, "{} of {}", missing().len(), acknowledged.len());
    server.kill().await;
}

#[tokio::test]
async fn without_a_word_of_the_operator_nothing_is_sent_to_this_machine() {
    let database = TestDatabase::sqlite().await;
    let app = TestApp::new(&database).await;
    let client = app.client(SCOPES).await;
    let receiver = Receiver::start().await.unwrap();
    for url in [receiver.url(), receiver.url().replace("http:", "https:"), "https://localhost/".to_owned()] {
        let refused = client.post("/api/v1/webhooks", json!({ "url": url })).await.refusal();
        assert_eq!(refused, (422, "invalid_setting".to_owned()), "{url}");
    }
}

#[tokio::test]
async fn the_log_gets_events_as_lines_and_metrics_say_how_deliveries_go() {
    let database = TestDatabase::sqlite().await;
    let desk = Desk::found(database).await;
    let receiver = Receiver::start().await.unwrap();
    let log = desk.data.join("events.ndjson");
    let mut text = std::fs::read_to_string(&desk.config).unwrap();
    text.push_str(&format!("[events]\nlog = {:?}\n", log.to_str().unwrap()));
    std::fs::write(&desk.config, text).unwrap();
    let server = desk.serve().await;
    desk.did(&["webhook", "create", "--url", &receiver.url()]).await;
    let one = desk.key("Acme").await;
    let line = || {
        std::fs::read_to_string(&log).unwrap_or_default().lines().find(|line| line.contains(&one)).map(str::to_owned)
    };
    assert!(wait_until(async || line().is_some()).await);
    let line: Value = serde_json::from_str(&line().unwrap()).unwrap();
    assert_eq!((&line["type"], &line["installation"]), (&json!("key.created"), &json!("default")));
    let counted = async || {
        let (_, metrics) = request(&server.ops_address, "GET", "/metrics", None, None).await.unwrap();
        metrics.contains("keydesk_webhook_attempts_total{outcome=\"delivered\"} 1")
    };
    assert!(wait_until(counted).await);
    server.kill().await;
}

/// What the library for Python is asked: each line has headers and a body as JSON, and is verified with the secret.
const VERIFY: &str = "
import json, sys
from standardwebhooks.webhooks import Webhook
for line in sys.stdin:
    sent = json.loads(line)
    event = Webhook(sys.argv[1]).verify(sent['body'], sent['headers'])
    assert event['id'] == sent['headers']['webhook-id']
    try:
        Webhook(sys.argv[1]).verify(json.dumps(json.loads(sent['body'])), sent['headers'])
    except Exception:
        print('verified')
";

#[tokio::test]
async fn the_library_for_python_verifies_what_was_sent_and_nothing_that_was_written_again() {
    let database = TestDatabase::sqlite().await;
    let app = open(&database).await;
    let client = app.client(SCOPES).await;
    let receiver = Receiver::start().await.unwrap();
    let made = client.post("/api/v1/webhooks", json!({ "url": receiver.url() })).await.json();
    for name in ["Acme", "Müller & Söhne", "東京"] {
        client.post("/api/v1/keys", json!({ "client_name": name })).await;
    }
    app.keydesk.deliver_due().await;
    let lines: Vec<String> = receiver
        .received()
        .iter()
        .map(|received| {
            let headers: serde_json::Map<_, _> =
                received.headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
            json!({ "headers": headers, "body": received.text() }).to_string()
        })
        .collect();
    let python = std::env::var_os("TEST_PYTHON")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/venv/bin/python"), PathBuf::from);
    let mut child = tokio::process::Command::new(&python)
        .args(["-c", VERIFY, made["secret"].as_str().unwrap()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("{} with `standardwebhooks`, as `cargo xtask test` has it: {error}", python.display())
        });
    child.stdin.take().unwrap().write_all((lines.join("\n") + "\n").as_bytes()).await.unwrap();
    let output = child.wait_with_output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "verified\n".repeat(3));
}
