//! `/metrics` as Prometheus reads it, and the dashboard and rules that rest on it.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt as _, process::Command};

use crate::support::{Program, keydesk, request, wait_until};

/// Prometheus's own judge of metrics and rules.
fn promtool() -> Command {
    let program = std::env::var_os("TEST_PROMTOOL").map_or_else(|| "promtool".into(), PathBuf::from);
    let mut command = Command::new(program);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// What it has to say about what it is given, which is nothing where all is well.
async fn judged(mut promtool: Command, given: &str) -> (bool, String) {
    let mut child = promtool.spawn().expect("promtool, of Debian's package `prometheus`");
    let mut input = child.stdin.take().unwrap();
    input.write_all(given.as_bytes()).await.unwrap();
    drop(input);
    let output = child.wait_with_output().await.unwrap();
    (output.status.success(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

/// A server that has answered and refused calls of every kind, and its metrics.
async fn after_traffic() -> String {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let program = Program::serve(data, &[]).await;
    let made = keydesk(data, &["key", "create", "--client-name", "Acme", "--scope", "keys:*", "--json"]).await;
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    let key = made["key"].as_str().unwrap();
    let unknown = format!("{}{}", &key[..key.len() - 1], if key.ends_with('a') { 'b' } else { 'a' });
    let ask = async |method: &str, path: &str, key: Option<&str>, body: Option<&str>| {
        request(&program.address, method, path, key, body).await.unwrap().0
    };
    assert!(wait_until(async || ask("GET", "/api/v1/whoami", Some(key), None).await == 200).await);
    assert_eq!(ask("GET", "/authz?scope=keys:read", Some(key), None).await, 200);
    assert_eq!(ask("GET", "/authz?scope=calls:make", Some(key), None).await, 403);
    assert_eq!(ask("GET", "/authz", Some(&unknown), None).await, 401);
    assert_eq!(ask("POST", "/api/v1/keys", Some(key), Some("{\"client_name\":\"B\"}")).await, 201);
    assert_eq!(ask("GET", "/api/v1/keys", Some(key), None).await, 200);
    assert_eq!(ask("GET", "/login", None, None).await, 200);
    let (_, answer) = request(&program.ops_address, "GET", "/metrics", None, None).await.unwrap();
    let (head, metrics) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("text/plain; version=0.0.4"), "{head}");
    metrics.to_owned()
}

/// A value, under its name and labels.
fn value(metrics: &str, name: &str) -> f64 {
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("there is no {name} in\n{metrics}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prometheus_finds_nothing_wrong_with_the_metrics_of_a_server_at_work() {
    let metrics = after_traffic().await;
    let mut promtool = promtool();
    promtool.args(["check", "metrics"]);
    let (accepted, said) = judged(promtool, &metrics).await;
    assert!(accepted && said.is_empty(), "{said}");
    for (name, expected) in [
        ("keydesk_http_requests_total{route=\"/authz\",status=\"200\"}", 1.0),
        ("keydesk_http_request_duration_seconds_count{route=\"/authz\"}", 3.0),
        ("keydesk_http_request_duration_seconds_bucket{route=\"/authz\",le=\"+Inf\"}", 3.0),
        ("keydesk_refusals_total{route=\"/authz\",code=\"insufficient_scope\"}", 1.0),
        ("keydesk_verifications_total{code=\"INSUFFICIENT_SCOPE\"}", 1.0),
        ("keydesk_capacity{of=\"changes\"}", 1000.0),
        ("keydesk_occupancy{of=\"changes\"}", 0.0),
        ("keydesk_database_connections_bound{of=\"write\"}", 1.0),
    ] {
        assert_eq!(value(&metrics, name).to_bits(), f64::to_bits(expected), "{name}");
    }
    // A key was made; what else was written beside it is the server's own affair.
    assert!(value(&metrics, "keydesk_changes_committed_total") >= 1.0);
    for of in ["read", "poll", "turn", "commit"] {
        let count = value(&metrics, &format!("keydesk_database_duration_seconds_count{{of=\"{of}\"}}"));
        assert!(count >= 1.0, "{of}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_has_a_room_says_how_large_it_is() {
    let metrics = after_traffic().await;
    let rooms = |name: &str| -> BTreeSet<String> {
        let named = |line: &str| Some(line.strip_prefix(name)?.split_once('}')?.0.to_owned());
        metrics.lines().filter_map(named).collect()
    };
    let held = rooms("keydesk_occupancy{");
    assert!(held.len() >= 14, "{held:?}");
    assert_eq!(held, rooms("keydesk_capacity{"));
    for of in &held {
        let [used, bound] = ["occupancy", "capacity"].map(|kind| value(&metrics, &format!("keydesk_{kind}{{{of}}}")));
        assert!(used < bound, "{of}: {used} of {bound}");
    }
    assert_eq!(rooms("keydesk_connections{"), rooms("keydesk_connections_bound{"));
}

/// A file of `docs`.
fn docs(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name)
}

/// The names of Keydesk's metrics in a text.
fn named(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices("keydesk_")
        .filter(|(at, _)| !text[..*at].ends_with(is_part))
        .map(|(at, _)| text[at..].split(|c| !is_part(c)).next().unwrap_or_default().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_dashboard_the_rules_and_the_documents_name_metrics_that_there_are() {
    let metrics = after_traffic().await;
    let there = named(&metrics);
    for file in ["grafana/keydesk.json", "prometheus/rules.yml", "metrics.md"] {
        let text = fs::read_to_string(docs(file)).unwrap();
        let asked = named(&text);
        assert!(asked.len() > 10, "{file}: {asked:?}");
        let missing: Vec<_> = asked.difference(&there).collect();
        assert!(missing.is_empty(), "{file} names {missing:?}, which are not in\n{metrics}");
    }
    let documented = named(&fs::read_to_string(docs("metrics.md")).unwrap());
    let own: BTreeSet<_> = metrics.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    let untold: Vec<_> = own.iter().filter(|name| !documented.contains(**name)).collect();
    assert!(untold.is_empty(), "docs/metrics.md says nothing of {untold:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rules_are_accepted_and_alert_when_they_should() {
    for arguments in [["check", "rules", "rules.yml"], ["test", "rules", "rules-test.yml"]] {
        let mut promtool = promtool();
        promtool.args(arguments).current_dir(docs("prometheus"));
        let (accepted, said) = judged(promtool, "").await;
        assert!(accepted, "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_dashboard_is_one_that_grafana_imports_and_prometheus_understands() {
    let dashboard: Value = serde_json::from_slice(&fs::read(docs("grafana/keydesk.json")).unwrap()).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let mut ids = BTreeSet::new();
    for panel in panels {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
        let place = &panel["gridPos"];
        assert!(place["x"].as_u64().unwrap() + place["w"].as_u64().unwrap() <= 24, "{panel}");
        if panel["type"] != "row" {
            assert_eq!(panel["datasource"]["uid"], "${datasource}", "{panel}");
            assert!(!panel["targets"].as_array().unwrap().is_empty(), "{panel}");
        }
    }
    assert!(ids.len() > 20);
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    let asked = targets.map(|target| target["expr"].as_str().unwrap());
    // As Grafana fills them in.
    let filled = asked.map(|asked| asked.replace("$instance", ".*").replace("$__rate_interval", "1m"));
    let rules: Vec<_> =
        filled.enumerate().map(|(at, expr)| json!({"record": format!("asked_{at}"), "expr": expr})).collect();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("asked.yml");
    fs::write(&file, json!({"groups": [{"name": "asked", "rules": rules}]}).to_string()).unwrap();
    let mut promtool = promtool();
    promtool.args(["check", "rules"]).arg(file);
    let (accepted, said) = judged(promtool, "").await;
    assert!(accepted, "{said}");
}
