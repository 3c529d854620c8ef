//! Many calls at once, by a program that others measure HTTP/2 with.

use std::process::Stdio;

use tokio::process::Command;

use super::{Gateway, recorder::Recorder};

/// Calls, connections, and calls at once on each.
const ARGS: [&str; 6] = ["-n", "2000", "-c", "8", "-m", "10"];

async fn all_succeed(protocol: &[&str]) {
    let api = Recorder::start().await;
    let gateway = Gateway::before(&api.url, "").await;
    let program = std::env::var_os("TEST_H2LOAD").unwrap_or_else(|| "h2load".into());
    let key = format!("Authorization: Bearer {}", gateway.first.secret);
    let url = format!("http://{}/v1/a/loaded", gateway.address);
    let output = Command::new(&program)
        .args(ARGS)
        .args(protocol)
        .args(["-H", &key, &url])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap_or_else(|error| panic!("{} does not start: {error}", program.display()));
    let said = String::from_utf8_lossy(&output.stdout);
    for words in ["2000 done, 2000 succeeded, 0 failed, 0 errored, 0 timeout", "status codes: 2000 2xx,"] {
        assert!(output.status.success() && said.contains(words), "{said}{}", String::from_utf8_lossy(&output.stderr));
    }
    let seen = api.seen();
    assert_eq!(seen.len(), 2_000, "none is sent twice");
    let key = gateway.first.id.as_str();
    assert!(seen.iter().all(|seen| seen.line() == "GET /v1/a/loaded" && seen.one("x-keydesk-key-id") == key));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_calls_over_http_2_succeed() {
    all_succeed(&[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_calls_over_http_1_succeed() {
    all_succeed(&["--h1"]).await;
}
