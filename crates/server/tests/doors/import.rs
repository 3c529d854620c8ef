//! Keys that another system issued are imported over REST, at the command line and in the Workspace, and go on working at every door.

use std::fs;

use axum::{
    body::{Body, Bytes},
    http::{Request, header},
};
use futures::stream;
use model::{ImportCode, Role};
use serde_json::{Value, json};
use store::{on_both_databases, testing::TestDatabase};

use crate::support::{Answer, Client, FULL, Person, TestApp, command, init, keydesk};

on_both_databases!(
    rows_are_told_in_lines_and_the_last_is_the_summary,
    without_a_summary_nothing_was_kept,
    what_is_wrong_with_the_whole_has_a_status,
    a_body_may_come_slowly_and_break_off,
    an_imported_key_works_at_every_door,
    slow_hashes_have_bounds,
    people_see_what_becomes_of_rows_before_they_import,
    the_command_line_imports_files_and_standard_input,
);

const NDJSON: &str = "application/x-ndjson";
const CSV: &str = "text/csv";

fn foreign(number: usize) -> String {
    format!("acme_{number:032}")
}

/// Without the ids, which differ.
fn told(answer: &Answer) -> Vec<Value> {
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, NDJSON), "{}", answer.text());
    let mut lines = answer.lines();
    lines.iter_mut().filter_map(Value::as_object_mut).for_each(|line| drop(line.remove("id")));
    lines
}

async fn total(client: &Client<'_>) -> u64 {
    client.get("/api/v1/keys").await.json()["total"].as_u64().unwrap()
}

async fn valid(client: &Client<'_>, key: &str) -> String {
    client.post("/api/v1/keys/verify", json!({ "key": key })).await.json()["code"].as_str().unwrap().to_owned()
}

async fn rows_are_told_in_lines_and_the_last_is_the_summary(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(&[FULL, &["keys:verify"]].concat()).await;
    let before = total(&client).await;
    let rows = [
        json!({"client_name": "Acme CRM", "key": foreign(1), "scopes": ["contacts:read"]}),
        json!({"client_name": "Acme CRM", "key": foreign(1), "scopes": ["contacts:read"]}),
        json!({"client_name": "Beta", "key": foreign(1)}),
        json!({"client_name": "Own", "key": client.key()}),
        json!({"client_name": "Gamma", "key": foreign(2), "scopes": ["recordings:read"]}),
    ];
    let text: String = rows.iter().map(|row| format!("{row}\n")).collect();
    let lines = [
        json!({"line": 1, "result": "imported", "code": null}),
        json!({"line": 2, "result": "unchanged", "code": null}),
        json!({"line": 3, "result": "conflict", "code": "different_settings"}),
        json!({"line": 4, "result": "exists", "code": "issued_here"}),
        json!({"line": 5, "result": "refused", "code": "scope_escalation", "field": "scopes"}),
    ];
    let summary = |dry_run: bool| json!({"summary": {"rows": 5, "imported": 1, "unchanged": 1, "conflict": 1, "exists": 1, "refused": 1, "dry_run": dry_run, "kept": !dry_run}});
    let dry = told(&client.import("?dry_run=true", NDJSON, &text).await);
    assert_eq!(dry, [&lines[..], &[summary(true)]].concat());
    assert_eq!(total(&client).await, before);
    let done = client.import("?partial=true", NDJSON, &text).await;
    assert_eq!(told(&done), [&lines[..], &[summary(false)]].concat());
    assert_eq!(total(&client).await, before + 1);
    let lines = done.lines();
    assert_eq!((&lines[0]["id"], &lines[4]["id"]), (&lines[1]["id"], &Value::Null));
    let key = client.get(&format!("/api/v1/keys/{}", lines[0]["id"].as_str().unwrap())).await.json();
    assert_eq!(
        (&key["imported"], &key["hint"], &key["client_name"]),
        (&json!(true), &json!("acme…0001"), &json!("Acme CRM"))
    );
    let table = client.get("/api/v1/keys.csv").await.text();
    let imported = table.lines().find(|line| line.contains("acme…0001")).unwrap();
    assert!(table.lines().next().unwrap().contains(",imported") && imported.contains("true"), "{table}");
    // The same again changes nothing, whatever its form.
    let again = told(
        &client.import("", CSV, &format!("client_name;key;scopes\r\nAcme CRM;{};contacts:read\r\n", foreign(1))).await,
    );
    assert_eq!(again[0], json!({"line": 2, "result": "unchanged", "code": null}));
    assert_eq!((&again[1]["summary"]["unchanged"], &again[1]["summary"]["kept"]), (&json!(1), &json!(true)));
    for code in ImportCode::ALL {
        let page = include_str!("../../../../docs/import.md");
        assert!(page.contains(&format!("`{}`", code.as_str())), "docs/import.md does not explain {}", code.as_str());
    }
}

async fn without_a_summary_nothing_was_kept(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(&[FULL, &["keys:verify"]].concat()).await;
    let before = total(&client).await;
    let rows = format!("client_name,key\nAcme,{}\nBeta,short\nGamma,{}\n", foreign(1), foreign(2));
    let answer = client.import("", CSV, &rows).await;
    let lines = told(&answer);
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[1], json!({"line": 3, "result": "refused", "code": "invalid_key", "field": "key"}));
    let problem = &lines[3]["problem"];
    assert_eq!((&problem["code"], &problem["status"]), (&json!("rows_refused"), &json!(422)));
    assert_eq!(problem["type"], "/api/docs#rows_refused");
    assert_eq!(problem["request_id"], answer.header("x-request-id"));
    assert!(!answer.text().contains(&foreign(1)), "no answer has a key");
    assert_eq!(total(&client).await, before);
    assert_eq!(valid(&client, &foreign(1)).await, "NOT_FOUND");
}

async fn what_is_wrong_with_the_whole_has_a_status(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(FULL).await;
    let row = json!({"client_name": "Acme", "key": foreign(1)}).to_string();
    for (query, media, rows, expected) in [
        ("", NDJSON, "", (400, "invalid_request")),
        ("", CSV, "", (400, "invalid_request")),
        ("", CSV, "client_name,colour\nA,b\n", (400, "invalid_request")),
        ("", CSV, "client_name,key\n\"A,b\n", (400, "invalid_request")),
        ("?dry_run=1", NDJSON, row.as_str(), (400, "invalid_request")),
        ("?force=true", NDJSON, row.as_str(), (400, "invalid_request")),
        ("", "application/json", row.as_str(), (415, "unsupported_media_type")),
        ("", "text/csv; charset=latin1", row.as_str(), (415, "unsupported_media_type")),
    ] {
        let answer = client.import(query, media, rows).await;
        let (status, code) = answer.refusal();
        assert_eq!((status, code.as_str()), expected, "{query} {media} {rows}");
    }
    let weak = app.client(&["keys:read"]).await;
    assert_eq!(weak.import("", NDJSON, &row).await.refusal(), (403, "insufficient_scope".to_owned()));
    assert_eq!(app.anonymous().import("", NDJSON, &row).await.refusal(), (401, "missing_key".to_owned()));
    let long = Request::post("/api/v1/keys/import")
        .header(header::AUTHORIZATION, format!("Bearer {}", client.key()))
        .header(header::CONTENT_TYPE, NDJSON)
        .header(header::CONTENT_LENGTH, (64 << 20) + 1)
        .body(Body::from("{}"))
        .unwrap();
    assert_eq!(app.send(long).await.refusal(), (413, "payload_too_large".to_owned()));
}

async fn a_body_may_come_slowly_and_break_off(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(&[FULL, &["keys:verify"]].concat()).await;
    let rows = |number: usize| format!("{}\n", json!({"client_name": "Acme", "key": foreign(number)}));
    let send = async |parts: Vec<Result<Bytes, std::io::Error>>| {
        let request = Request::post("/api/v1/keys/import")
            .header(header::AUTHORIZATION, format!("Bearer {}", client.key()))
            .header(header::CONTENT_TYPE, NDJSON);
        app.send(request.body(Body::from_stream(stream::iter(parts))).unwrap()).await
    };
    let broken = vec![Ok(rows(1).into()), Err(std::io::Error::other("gone"))];
    assert_eq!(send(broken).await.refusal(), (408, "request_timeout".to_owned()));
    assert_eq!(valid(&client, &foreign(1)).await, "NOT_FOUND");
    // In pieces that end anywhere, with a byte order mark.
    let text = format!("\u{feff}{}{}", rows(1), rows(2));
    let pieces = text.as_bytes().chunks(7).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    let lines = told(&send(pieces).await);
    assert_eq!((lines.len(), &lines[2]["summary"]["imported"]), (3, &json!(2)));
    assert_eq!(valid(&client, &foreign(2)).await, "VALID");
}

async fn an_imported_key_works_at_every_door(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(&["keys:*", "calls:read", "contacts:read"]).await;
    let hash: String = domain::fingerprint(foreign(2).as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let rows = [
        json!({"client_name": "Whole", "key": foreign(1), "scopes": ["keys:read", "calls:read"]}),
        json!({"client_name": "Hash", "hash": hash, "scopes": ["keys:read", "calls:read"]}),
    ];
    let text: String = rows.iter().map(|row| format!("{row}\n")).collect();
    assert_eq!(told(&client.import("", NDJSON, &text).await).len(), 3);
    for key in [foreign(1), foreign(2)] {
        assert_eq!(valid(&client, &key).await, "VALID");
        let caller = app.with_key(&key);
        assert_eq!(caller.get("/api/v1/keys").await.status, 200);
        assert_eq!(caller.get("/api/v1/whoami").await.json()["imported"], true);
        let asked = Request::get("/authz")
            .header(header::AUTHORIZATION, format!("Bearer {key}"))
            .header("x-original-method", "GET")
            .header("x-original-uri", "/api/calls");
        let answer = app.send(asked.body(Body::empty()).unwrap()).await;
        assert!(matches!(answer.status.as_u16(), 200 | 403), "it is known: {}", answer.text());
    }
    let refused = app.with_key(&foreign(3)).get("/api/v1/keys").await;
    assert_eq!(refused.refusal(), (401, "invalid_token".to_owned()));
}

async fn slow_hashes_have_bounds(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(&["keys:*"]).await;
    let row = json!({
        "client_name": "Slow",
        "prefix": "acme_01.",
        "hash": "pbkdf2_sha256$1000$NaClNaClNaCl$wPYQVWv1t45GRos+KDiId6PYV0i7B/1aXhe2WwocsbM=",
    });
    assert_eq!(told(&client.import("", NDJSON, &row.to_string()).await).len(), 2);
    let wrong = "acme_01.AAAAAAAAAAAAAAAAAAAAAAAA";
    assert_eq!(app.with_key(wrong).get("/api/v1/whoami").await.refusal(), (401, "invalid_token".to_owned()));
    // Within the same second, nobody knows of the right one either.
    let busy = app.with_key("acme_01.Zm9vYmFyYmF6cXV4MDEyMzQ1").get("/api/v1/keys").await;
    if busy.status != 200 {
        assert_eq!(busy.refusal(), (429, "slow_key_busy".to_owned()));
        assert_eq!(busy.header("retry-after"), "1");
        let verified = client.post("/api/v1/keys/verify", json!({"key": "acme_01.Zm9vYmFyYmF6cXV4MDEyMzQ2"})).await;
        assert!(matches!(verified.status.as_u16(), 200 | 429), "{}", verified.text());
    }
    for (hash, code) in [
        ("$argon2id$v=19$m=1048576,t=3,p=1$c2FsdHNhbHRzYWx0$YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4", "hash_too_slow"),
        ("$2y$31$abcdefghijklmnopqrstuuOWz3GxCpMNy0zK8hHhF4IuV6E0Pz8Pi", "hash_too_slow"),
        ("md5$$0cc175b9c0f1b6a831c399e269772661", "unsupported_hash"),
    ] {
        let row = json!({"client_name": "Slow", "prefix": "acme_02.", "hash": hash}).to_string();
        assert_eq!(told(&client.import("?dry_run=true", NDJSON, &row).await)[0]["code"], code, "{hash}");
    }
}

async fn people_see_what_becomes_of_rows_before_they_import(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(&["keys:*"]).await;
    let person = Person::sign_in(&app, Role::Manager).await;
    let before = total(&client).await;
    assert!(person.page("/keys").await.contains("href=\"/keys/import\""));
    let rows = format!("client_name,key\nAcme CRM,{}\nBeta,short\n", foreign(1));
    let staged = person.post_file("/keys/import", "rows", "keys.csv", &rows).await;
    assert_eq!(staged.status, 303, "{}", staged.text());
    let preview = staged.header("location").to_owned();
    let page = person.page(&preview).await;
    for words in [
        "What would be imported",
        "Import 1 key",
        "1 row is left out.",
        "Acme CRM",
        "A key has 24 to 256 visible characters",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains(&foreign(1)), "no page has the key");
    assert_eq!(valid(&client, &foreign(1)).await, "NOT_FOUND");
    let confirmed = person.post(&preview, "intent=import").await;
    assert_eq!((confirmed.status.as_u16(), confirmed.header("location")), (303, preview.as_str()));
    assert!(person.page(&preview).await.contains("1 key was imported and works"));
    assert_eq!(valid(&client, &foreign(1)).await, "VALID");
    // Again there is nothing new, and cancelling keeps nothing.
    let staged = person.post_file("/keys/import", "rows", "keys.csv", &rows).await;
    let second = staged.header("location").to_owned();
    assert!(person.page(&second).await.contains("There is nothing new to import."));
    let cancelled = person.post(&second, "intent=cancel").await;
    assert_eq!(cancelled.header("location"), "/keys/import?done=cancelled");
    assert!(person.page("/keys/import?done=cancelled").await.contains("Nothing of it was kept."));
    assert_eq!(person.open(&second).await.status, 404);
    for (name, content, words) in [
        ("keys.csv", "client_name,colour\nA,b\n", "The first line names the columns"),
        ("keys.ndjson", "", "There is nothing to import"),
    ] {
        let refused = person.post_file("/keys/import", "rows", name, content).await;
        assert_eq!(refused.status, 400);
        assert!(refused.text().contains(words), "{}", refused.text());
    }
    let missing = person.post_file("/keys/import", "other", "keys.csv", &rows).await;
    assert_eq!(missing.status, 400, "no file");
    assert_eq!(person.post("/keys/import", "rows=x").await.status, 400, "no multipart form");
    assert_eq!(total(&client).await, before + 1);
}

async fn the_command_line_imports_files_and_standard_input(database: TestDatabase) {
    let (dir, address) = (database.dir(), database.address().to_owned());
    init(&dir, &["--database", &address]).await;
    let file = dir.join("keys.csv");
    fs::write(&file, format!("client_name,key\nAcme CRM,{}\nBeta,short\n", foreign(1))).unwrap();
    let run = async |args: &[&str]| {
        let ran = keydesk(&dir, &[args, &["--database", &address]].concat()).await;
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (ran.status.code(), text(&ran.stdout), text(&ran.stderr))
    };
    let path = file.to_str().unwrap();
    let left_out = "line 3: refused, invalid_key (key): A key has 24 to 256 visible characters of ASCII.\n";
    let (code, out, err) = run(&["import", path, "--dry-run"]).await;
    assert_eq!((code, out.starts_with(left_out)), (Some(1), true), "{out}{err}");
    assert!(out.contains("Nothing was kept.") && err.contains("can't be imported: 1"), "{out}{err}");
    let (code, out, err) = run(&["import", path]).await;
    assert_eq!((code, out.as_str()), (Some(1), left_out));
    assert!(err.contains("So none was."), "{err}");
    let (code, out, _) = run(&["key", "import", path, "--partial"]).await;
    assert_eq!(code, Some(0));
    assert_eq!(out, format!("{left_out}2 rows: 1 imported, 0 unchanged, 0 in conflict, 0 here already, 1 refused.\n"));
    let (code, out, _) = run(&["import", path, "--partial", "--json"]).await;
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        (code, &lines[0]["result"], &lines[2]["summary"]["unchanged"]),
        (Some(0), &json!("unchanged"), &json!(1))
    );
    let (_, listed, _) = run(&["key", "list", "--json"]).await;
    assert!(listed.contains("\"imported\": true") && !listed.contains(&foreign(1)));
    let (code, _, err) = run(&["import", dir.join("nothing.csv").to_str().unwrap()]).await;
    assert_eq!((code, err.contains("can't be read")), (Some(1), true), "{err}");
    // Standard input, whose form is told by how it begins.
    let mut piped = command();
    piped.args(["import", "-", "--database", &address, "--data-dir"]).arg(&dir);
    piped.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut piped = piped.spawn().unwrap();
    let row = json!({"client_name": "Gamma", "key": foreign(2)}).to_string();
    tokio::io::AsyncWriteExt::write_all(&mut piped.stdin.take().unwrap(), row.as_bytes()).await.unwrap();
    let ran = piped.wait_with_output().await.unwrap();
    assert!(ran.status.success() && String::from_utf8_lossy(&ran.stdout).starts_with("1 row: 1 imported"), "{ran:?}");
}
