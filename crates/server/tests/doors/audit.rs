//! The audit log through its doors: REST, the command line, and the lines of the log.

use std::net::SocketAddr;

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Method, Request},
};
use serde_json::{Value, json};
use store::testing::TestDatabase;

use crate::{
    follow::Log,
    support::{FULL, Program, TestApp, init, keydesk},
};

store::on_both_databases!(the_log_is_read_over_rest, the_log_is_checked_and_exported_on_the_command_line);

async fn the_log_is_read_over_rest(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    app.installation("other").await;
    let made = app.key_in("default", "Acme", &["contacts:read"]).await;
    let revealer = app.client(FULL).await;
    let peer: SocketAddr = "203.0.113.9:4711".parse().unwrap();
    let reveal = Request::post(format!("/api/v1/keys/{}/reveal", made.id))
        .header("authorization", format!("Bearer {}", revealer.key()))
        .header("user-agent", "acme-sync/3.1")
        .extension(ConnectInfo(peer))
        .body(Body::empty())
        .unwrap();
    let revealed = app.send(reveal).await;
    assert_eq!(revealed.status, 200);
    let reader = app.client(&["audit:read"]).await;
    let page = reader.get(&format!("/api/v1/audit?action=key.reveal&key_id={}&limit=1", made.id)).await.json();
    let entry = &page["items"][0];
    assert_eq!(entry["address"], "203.0.113.9");
    assert_eq!(entry["user_agent"], "acme-sync/3.1");
    assert_eq!(entry["request_id"], revealed.header("x-request-id"));
    assert_eq!((&entry["environment"], &entry["actor"]["kind"]), (&json!("live"), &json!("key")));
    assert_eq!(page["next_cursor"], Value::Null);
    // Pages, newest first.
    let first = reader.get("/api/v1/audit?limit=2").await.json();
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = reader.get(&format!("/api/v1/audit?limit=2&cursor={cursor}")).await.json();
    let number = |page: &Value, at: usize| page["items"][at]["number"].as_i64().unwrap();
    assert_eq!(number(&first, 1) - 1, number(&second, 0));
    assert_eq!(reader.get("/api/v1/audit?limit=0").await.refusal(), (400, "invalid_request".to_owned()));
    let other = app.key_in("other", "Theirs", &["audit:read"]).await;
    let theirs = app.with_key(&other.secret).get(&format!("/api/v1/audit?key_id={}", made.id)).await.json();
    assert_eq!(theirs["items"], json!([]), "another installation's");
    // As lines, oldest first; that they were read as a whole is told.
    let lines = reader.call(Method::GET, "/api/v1/audit", None, &[("accept", "application/x-ndjson")]).await;
    assert_eq!(lines.header("content-type"), "application/x-ndjson");
    let numbers: Vec<_> = lines
        .text()
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["number"].as_i64().unwrap())
        .collect();
    assert_eq!(numbers, (1..=numbers.len() as i64).collect::<Vec<_>>());
    let newest = reader.get("/api/v1/audit?limit=1").await.json();
    assert_eq!(newest["items"][0]["action"], "audit.export");
    let table = reader.call(Method::GET, "/api/v1/audit?action=key.reveal", None, &[("accept", "text/csv")]).await;
    assert_eq!(table.header("content-type"), "text/csv; charset=utf-8; header=present");
    assert_eq!((table.text().lines().count(), table.text().starts_with("number,at,actor,")), (2, true));
    app.client(&["keys:read"]).await.get("/api/v1/keys.csv").await;
    let newest = reader.get("/api/v1/audit?limit=1").await.json();
    assert_eq!(newest["items"][0]["action"], "key.export");
}

async fn the_log_is_checked_and_exported_on_the_command_line(database: TestDatabase) {
    let (dir, address) = (database.dir(), database.address().to_owned());
    let run = async |args: &[&str]| {
        let output = keydesk(&dir, &[args, &["--database", &address]].concat()).await;
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    init(&dir, &["--database", &address]).await;
    let (_, created, _) = run(&["key", "create", "--client-name", "Acme", "--json"]).await;
    let id = serde_json::from_str::<Value>(&created).unwrap()["id"].as_str().unwrap().to_owned();
    let (code, found, _) = run(&["audit", "verify"]).await;
    assert_eq!((code, found.as_str()), (Some(0), "ok   default: 3 entries, unbroken\n"));
    let (_, head, _) = run(&["audit", "head"]).await;
    let head = head.trim().strip_prefix("default ").unwrap();
    assert_eq!(run(&["audit", "verify", "--head", head, "--json"]).await.0, Some(0));
    assert_eq!(run(&["audit", "verify", "--head", "nonsense"]).await.0, Some(2));
    let (code, lines, _) = run(&["audit", "export", "--action", "key.issue", "--key", &id]).await;
    assert_eq!((code, lines.lines().count()), (Some(0), 1));
    assert_eq!(serde_json::from_str::<Value>(&lines).unwrap()["key_id"], id.as_str());
    let (_, table, _) = run(&["audit", "export", "--format", "csv", "--actor", "operator"]).await;
    assert!(table.starts_with("number,at,actor,") && table.contains(",audit.export,"), "{table}");
    let (code, forgotten, _) = run(&["forget", "nobody@example.com", "--json"]).await;
    assert_eq!((code, serde_json::from_str::<Value>(&forgotten).unwrap()["accounts"].clone()), (Some(0), json!(0)));
    // The end is cut off, with the row that says where it was, by somebody who kept an old copy of neither.
    let mut raw = database.raw().await;
    let drop = if database.is_postgres() {
        "DROP TRIGGER audit_entry_append_only_row ON audit_entry"
    } else {
        "DROP TRIGGER audit_entry_not_deleted"
    };
    raw.execute(drop).await.unwrap();
    raw.execute("DELETE FROM audit_entry WHERE seq >= 3").await.unwrap();
    for broken in [&["audit", "verify"][..], &["audit", "verify", "--head", head]] {
        let (code, found, error) = run(broken).await;
        assert_eq!(code, Some(1));
        assert!(found.contains("BAD  default: cut off after entry 2"), "{found}");
        assert_eq!(error.lines().count(), 1, "{error}");
        assert_eq!(found.contains("no longer contains entry 3"), broken.len() > 2, "{found}");
    }
    assert_eq!(run(&["doctor"]).await.0, Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_writes_the_signed_ends_to_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let program = Program::serve(data, &[]).await;
    let line = program.line("audit head").await;
    assert_eq!(
        (&line["installation"], &line["entries"], &line["level"]),
        (&json!("default"), &json!(3), &json!("INFO"))
    );
    let head = line["head"].as_str().unwrap();
    assert!(keydesk(data, &["audit", "verify", "--head", head]).await.status.success());
}

#[tokio::test]
async fn refusals_that_an_operator_wants_to_see_are_lines_of_the_log() {
    let log = Log::default();
    let _listening = log.listen();
    let database = TestDatabase::sqlite().await;
    let app = TestApp::new(&database).await;
    let poor = app.client(&["keys:write"]).await;
    let before = app.keydesk.check_audit().await.unwrap()[0].entries;
    let peer: SocketAddr = "203.0.113.9:4711".parse().unwrap();
    let body = json!({"client_name": "Mine", "scopes": ["data:read"]}).to_string();
    let wider = Request::post("/api/v1/keys")
        .header("authorization", format!("Bearer {}", poor.key()))
        .header("content-type", "application/json")
        .extension(ConnectInfo(peer))
        .body(Body::from(body))
        .unwrap();
    let refused = app.send(wider).await;
    assert_eq!(refused.refusal(), (403, "scope_escalation".to_owned()));
    let line = log.about(&refused, "a caller asked for more than it holds, and was refused").remove(0);
    assert_eq!((&line["code"], &line["address"]), (&json!("scope_escalation"), &json!("203.0.113.9")));
    assert_eq!(line["key"].as_str().map(str::len), Some(36));
    let sign_in = |origin: &str| {
        Request::post("/login")
            .header("host", "127.0.0.1")
            .header("origin", origin)
            .header("content-type", "application/x-www-form-urlencoded")
            .extension(ConnectInfo(peer))
            .body(Body::from("email=hunter2-hunter2&password=wrong+password"))
            .unwrap()
    };
    let foreign = app.send(sign_in("https://evil.example")).await;
    assert_eq!(log.about(&foreign, "a request from a page of another origin was refused").len(), 1);
    let failed = app.send(sign_in("http://127.0.0.1")).await;
    let line = log.about(&failed, "a sign-in was refused: the email or the password is wrong").remove(0);
    assert_eq!(line["address"], "203.0.113.9");
    for _ in 0..50 {
        app.send(sign_in("http://127.0.0.1")).await;
    }
    let lines = log.lines();
    let throttled = lines.iter().filter(|line| line["message"] == "a sign-in was refused: too many attempts").count();
    assert!((1..50).contains(&throttled), "{throttled}");
    assert!(!format!("{lines:?}").contains("hunter2"), "what was typed is in no line");
    assert_eq!(app.keydesk.check_audit().await.unwrap()[0].entries, before, "and none is an entry");
}
