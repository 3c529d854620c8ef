//! Standard output and error that can't be written: a full disk, a reader that has gone, one that does not read.

use std::{fs::File, path::Path, process::Stdio};

use serde_json::Value;
use tokio::process::{Child, Command};

use crate::support::{Connection, command, init, keydesk, request, shell, wait_until};

/// A file that takes nothing.
fn full() -> Stdio {
    File::options().write(true).open("/dev/full").expect("/dev/full").into()
}

/// A port that was free a moment ago. The log, which says the port, can't be read here.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").and_then(|taken| taken.local_addr()).expect("a port").port()
}

struct Serving {
    child: Child,
    address: String,
    ops_address: String,
}

impl Serving {
    async fn start(data: &Path, level: &str, how: impl FnOnce(&mut Command)) -> Self {
        let [address, ops_address] = [free_port(), free_port()].map(|port| format!("127.0.0.1:{port}"));
        let mut command = command();
        command.args(["serve", "--listen", &address, "--ops-listen", &ops_address, "--log-level", level, "--data-dir"]);
        command.arg(data).stdout(Stdio::null());
        how(&mut command);
        let serving = Self { child: command.spawn().expect("a program"), address, ops_address };
        assert!(wait_until(async || serving.answers().await).await, "it does not serve");
        serving
    }

    async fn answers(&self) -> bool {
        request(&self.address, "GET", "/readyz", None, None).await.is_ok_and(|(status, _)| status == 200)
    }

    async fn dropped(&self) -> u64 {
        let (_, page) = request(&self.ops_address, "GET", "/metrics", None, None).await.expect("metrics");
        let line = page.lines().find_map(|line| line.strip_prefix("keydesk_log_lines_dropped_total "));
        line.and_then(|number| number.trim().parse().ok()).expect("a number")
    }

    async fn end(mut self, signal: &str) -> Option<i32> {
        let id = self.child.id().expect("a running program").to_string();
        assert!(Command::new("kill").args([signal, &id]).status().await.expect("kill").success());
        self.child.wait().await.expect("a status").code()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_on_a_full_disk_stops_nothing_and_its_lines_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    for level in ["info", "debug"] {
        let serving = Serving::start(folder.path(), level, |command| _ = command.stderr(full())).await;
        assert!(wait_until(async || serving.dropped().await > 0).await, "no line was counted at {level}");
        assert!(serving.answers().await);
        assert_eq!(serving.end("-TERM").await, Some(0), "{level}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_whose_reader_has_gone_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut serving = Serving::start(folder.path(), "debug", |command| _ = command.stderr(Stdio::piped())).await;
    drop(serving.child.stderr.take());
    assert!(wait_until(async || serving.answers().await && serving.dropped().await > 0).await);
    assert_eq!(serving.end("-TERM").await, Some(0));
}

/// Whoever answers calls does not wait for whoever reads the log.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_nobody_reads_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path(), "debug", |command| _ = command.stderr(Stdio::piped())).await;
    // More than the pipe and the queue hold.
    let asked = "GET /api/v1/whoami HTTP/1.1\r\nHost: x\r\n\r\n".repeat(100);
    let mut left = 200;
    let filled = wait_until(async || {
        let mut connection = Connection::open(&serving.address).await.expect("a connection");
        connection.write(asked.as_bytes()).await.expect("room");
        connection.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.expect("room");
        assert!(connection.read_to_end().await.expect("answers").contains("alive"));
        left -= 1;
        left == 0 || serving.dropped().await > 0
    });
    assert!(filled.await);
    assert!(serving.dropped().await > 0, "the reader was waited for");
    assert!(serving.answers().await);
    assert_eq!(serving.end("-TERM").await, Some(0));
}

/// As `nohup` starts it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_hang_ups_ignored_is_not_ended_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let address = format!("127.0.0.1:{}", free_port());
    let mut command = shell("trap '' HUP; exec \"$0\" \"$@\"");
    command.args(["serve", "--listen", &address, "--log-level", "off", "--data-dir"]).arg(data);
    let child = command.stdout(Stdio::null()).spawn().unwrap();
    let serving = Serving { child, ops_address: String::new(), address };
    assert!(wait_until(async || serving.answers().await).await);
    let id = serving.child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-HUP", &id]).status().await.unwrap().success());
    assert!(serving.answers().await);
    assert_eq!(serving.end("-TERM").await, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_could_not_be_printed_is_said_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    init(data, &[]).await;
    let run = async |out: Stdio, args: &[&str]| {
        let spawned = command().args(args).arg("--data-dir").arg(data).stdout(out).stderr(Stdio::piped()).spawn();
        let ended = spawned.expect("a program").wait_with_output().await.expect("an end");
        (ended.status.code(), String::from_utf8(ended.stderr).expect("text"))
    };
    let keys = async || {
        let listed: Value = serde_json::from_slice(&keydesk(data, &["key", "list", "--json"]).await.stdout).unwrap();
        listed["items"].as_array().unwrap().iter().map(|key| key["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let before = keys().await;
    for closed in [false, true] {
        for json in [None, Some("--json")] {
            let known = keys().await;
            let out = || if closed { std::io::pipe().expect("a pipe").1.into() } else { full() };
            let args: Vec<_> = ["key", "create", "--client-name", "Acme"].into_iter().chain(json).collect();
            let (code, said) = run(out(), &args).await;
            let made: Vec<_> = keys().await.into_iter().filter(|id| !known.contains(id)).collect();
            let [id] = made.as_slice() else { panic!("{made:?} were made") };
            assert_eq!(code, Some(1), "{said}");
            assert!(said.contains(&format!("key rotate {id}")) && said.contains(&format!("key delete {id}")), "{said}");
            assert_eq!(said.lines().count(), 1, "{said}");
            let (code, said) = run(out(), &["key", "rotate", id, "--overlap", "0"]).await;
            assert!(code == Some(1) && said.contains(&format!("key rotate {id}")), "{said}");
            let (code, said) = run(out(), &["key", "handover", id]).await;
            assert!(code == Some(1) && said.contains("make another"), "{said}");
        }
    }
    assert_eq!(keys().await.len(), before.len() + 4);
}
