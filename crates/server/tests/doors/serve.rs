//! `keydesk serve`, as an operator runs it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Connection, Program, command, init, keydesk, request, wait_until};

async fn new_key(data: &std::path::Path, scopes: &[&str]) -> Value {
    let mut args = vec!["key", "create", "--client-name", "Caller", "--json"];
    args.extend(scopes.iter().flat_map(|scope| ["--scope", scope]));
    serde_json::from_slice(&keydesk(data, &args).await.stdout).expect("a key")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_knows_changes_of_the_command_line_within_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let program = Program::serve(data, &[]).await;
    let caller = new_key(data, &["keys:verify"]).await;
    let (id, key) = (caller["id"].as_str().unwrap(), caller["key"].as_str().unwrap());
    let status = async || request(&program.address, "GET", "/api/v1/whoami", Some(key), None).await.unwrap().0;
    assert_eq!(status().await, 200);
    assert!(keydesk(data, &["key", "delete", id]).await.status.success());
    let deleted = Instant::now();
    assert!(wait_until(async || status().await == 401).await);
    assert!(deleted.elapsed() < Duration::from_secs(1), "{:?}", deleted.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopping_server_finishes_running_calls_and_loses_no_count() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    for signal in ["TERM", "INT", "HUP"] {
        let mut program = Program::serve(data, &[]).await;
        let caller = new_key(data, &["keys:*"]).await;
        let (id, key) = (caller["id"].as_str().unwrap(), caller["key"].as_str().unwrap());
        let body = json!({"client_name": "Made while stopping"}).to_string();
        let mut running = Connection::open(&program.address).await.unwrap();
        let head = format!(
            "POST /api/v1/keys HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{{",
            body.len()
        );
        running.write(head.as_bytes()).await.unwrap();
        // The head has been read once the caller's key has been counted.
        let counted = async || {
            let (_, metrics) = request(&program.ops_address, "GET", "/metrics", None, None).await.unwrap();
            metrics.contains("keydesk_verifications_total{code=\"VALID\"} 1\n")
        };
        assert!(wait_until(counted).await);
        program.signal(signal).await;
        program.line("stopping").await;
        assert!(wait_until(async || Connection::open(&program.address).await.is_err()).await);
        running.write(&body.as_bytes()[1..]).await.unwrap();
        let answer = running.read_to_end().await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 201 Created"), "{answer}");
        assert_eq!(program.end().await, Some(0));
        program.line("stopped").await;
        let listed = keydesk(data, &["key", "list", "--json"]).await;
        let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
        let keys = listed["items"].as_array().unwrap();
        assert!(keys.iter().any(|key| key["client_name"] == "Made while stopping"));
        let used = keys.iter().find(|key| key["id"] == id).unwrap();
        assert!(used["last_used_at"].is_string(), "the use was not written down: {used}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_taken_port_is_reported_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = keydesk(folder.path(), &["serve", "--listen", &address]).await;
    assert_eq!(output.status.code(), Some(1));
    let expected = format!(
        "keydesk: {address} is in use by another program; stop that one, or choose another address with --listen.\n"
    );
    assert_eq!(String::from_utf8(output.stderr).unwrap(), expected);
    assert!(!folder.path().join("keydesk.db").exists(), "nothing is touched before");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operations_listener_tells_the_operator_and_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::serve(folder.path(), &[]).await;
    for (address, path, expected) in [
        (&program.address, "/metrics", 404),
        (&program.ops_address, "/metrics", 200),
        (&program.address, "/healthz", 200),
        (&program.ops_address, "/readyz", 200),
        (&program.ops_address, "/api/v1/whoami", 404),
    ] {
        assert_eq!(request(address, "GET", path, None, None).await.unwrap().0, expected, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_sends_its_request_slowly_is_disconnected() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::serve(folder.path(), &[]).await;
    let started = Instant::now();
    let mut slow = Connection::open(&program.address).await.unwrap();
    slow.write(b"GET /healthz HTTP/1.1\r\nHost:").await.unwrap();
    let mut silent = Connection::open(&program.address).await.unwrap();
    let (slow, silent) = tokio::join!(slow.read_to_end(), silent.read_to_end());
    assert_eq!((slow.unwrap().as_str(), silent.unwrap().as_str()), ("", ""));
    let waited = started.elapsed();
    assert!((Duration::from_secs(9)..Duration::from_secs(15)).contains(&waited), "{waited:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_that_are_no_http_do_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::serve(folder.path(), &[]).await;
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(100_000));
    let wide = format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(500));
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\0 HTTP/1.1\r\n\r\n",
        b"POST /api/v1/keys HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"POST /api/v1/keys HTTP/1.1\r\nTransfer-Encoding: nonsense\r\n\r\n",
        long.as_bytes(),
        wide.as_bytes(),
    ] {
        let mut connection = Connection::open(&program.address).await.unwrap();
        // The server may close the connection before it has read everything.
        let _ = connection.write(bytes).await;
        let answer = connection.read_to_end().await.unwrap_or_default();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer:.200}");
    }
    assert_eq!(request(&program.address, "GET", "/healthz", None, None).await.unwrap().0, 200);
}

#[tokio::test]
async fn flags_override_the_environment_which_overrides_the_file() {
    let folder = tempfile::tempdir().unwrap();
    init(folder.path(), &[]).await;
    let file = folder.path().join("keydesk.toml");
    std::fs::write(&file, format!("data_dir = {:?}\ninstallation = \"of-file\"\n", folder.path())).unwrap();
    let run = async |args: &[&str], environment: &[(&str, &str)]| {
        let mut command = command();
        command.arg("--config").arg(&file).args(["key", "list"]).args(args).envs(environment.iter().copied());
        let output = command.output().await.unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(run(&[], &[]).await.contains("\"of-file\""));
    assert!(run(&[], &[("KEYDESK_INSTALLATION", "of-env")]).await.contains("\"of-env\""));
    assert!(run(&["--installation", "of-flag"], &[("KEYDESK_INSTALLATION", "of-env")]).await.contains("\"of-flag\""));
}
