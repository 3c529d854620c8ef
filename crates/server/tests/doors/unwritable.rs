//! Standard output and error that can't be written: a full disk, a reader that has gone, one that does not read.

use std::{fs::File, path::Path, process::Stdio};

use serde_json::Value;
use store::testing::Raw;
use tokio::process::{Child, Command};

use crate::support::{Connection, Program, command, init, keydesk, request, shell, wait_until};

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

/// Nobody asks for a change: the watch over the writing finds it by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_another_program_holds_is_said_by_readyz() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    init(data, &[]).await;
    let program = Program::serve(data, &[]).await;
    let said = async |words: &str| {
        request(&program.address, "GET", "/readyz", None, None).await.is_ok_and(|(_, answer)| answer.contains(words))
    };
    let mut other = Raw::connect(&format!("sqlite:{}", data.join("keydesk.db").display())).await;
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    assert!(wait_until(async || said("another program holds the database's write lock").await).await);
    other.execute("ROLLBACK").await.unwrap();
    assert!(wait_until(async || said(r#""writes":"ok""#).await).await);
    program.kill().await;
}

/// Runs a command to its end with this standard output, and says its exit status and what it said on standard error.
async fn run_to(out: Stdio, data: &Path, args: &[&str]) -> (Option<i32>, String) {
    let spawned = command().args(args).arg("--data-dir").arg(data).stdout(out).stderr(Stdio::piped()).spawn();
    let ended = spawned.expect("a program").wait_with_output().await.expect("an end");
    (ended.status.code(), String::from_utf8(ended.stderr).expect("text"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_was_made_is_said_where_it_can_not_be_printed() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let backup = folder.path().join("copy.db").display().to_string();
    let password = folder.path().join("password").display().to_string();
    std::fs::write(&password, "correct horse battery staple\n").unwrap();
    let said_done = async |args: &[&str], done: &str| {
        let (code, said) = run_to(full(), &data, args).await;
        assert_eq!(code, Some(1), "{args:?} {said}");
        let words = format!("{done}, but that could not be printed (standard output can't be written: ");
        assert!(said.contains(&words) && said.lines().count() == 1, "{args:?} {said}");
    };
    said_done(&["init"], "the deployment was created").await;
    let made = keydesk(&data, &["key", "create", "--client-name", "Acme", "--json"]).await;
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    let id = made["id"].as_str().unwrap();
    let key = format!("the key {id} was");
    said_done(&["key", "update", id, "--client-name", "Other"], &format!("{key} changed")).await;
    said_done(&["key", "disable", id], &format!("{key} disabled")).await;
    said_done(&["key", "enable", id, "--json"], &format!("{key} enabled")).await;
    assert!(keydesk(&data, &["key", "rotate", id, "--overlap", "24h"]).await.status.success());
    said_done(&["key", "end-overlap", id], &format!("the old secret of the key {id} was ended")).await;
    said_done(&["backup", &backup], "is a copy of the database").await;
    assert!(Path::new(&backup).exists());
    said_done(&["key", "delete", id], &format!("{key} deleted")).await;
    let listed: Value = serde_json::from_slice(&keydesk(&data, &["key", "list", "--json"]).await.stdout).unwrap();
    assert!(listed["items"].as_array().unwrap().iter().all(|key| key["id"] != id), "{listed}");
    let person = |verb: &'static str| ["admin", verb, "--email", "ada@example.com"];
    let create = ["--name", "Ada", "--role", "viewer", "--password-file", &password];
    let who = "the administrator ada@example.com";
    said_done(&[&person("create")[..], &create].concat(), &format!("{who} was created")).await;
    said_done(&[&person("set-role")[..], &["--role", "manager"]].concat(), &format!("{who} has the role manager now"))
        .await;
    said_done(&person("disable"), &format!("{who} was disabled")).await;
    said_done(&person("enable"), &format!("{who} was enabled")).await;
    said_done(&person("end-sessions"), "the sessions of ada@example.com were ended").await;
    said_done(&person("remove"), &format!("{who} was removed")).await;
    said_done(&["forget", "ada@example.com"], "the person was forgotten").await;
    said_done(&["installation", "create", "other"], "the installation other was created").await;
    said_done(&["installation", "disable", "other"], "the installation other was disabled").await;
    said_done(&["installation", "enable", "other"], "the installation other was enabled").await;
    // What was lost since then can't be printed either, and is printed before anything is put in place.
    let (code, said) = run_to(full(), &data, &["restore", &backup]).await;
    assert!(code == Some(1) && said.contains("so nothing was restored"), "{said}");
    let (code, said) = run_to(full(), &data, &["restore", &backup, "--json"]).await;
    assert!(
        code == Some(1) && said.contains(&format!("{backup} is restored, the replaced database is kept as ")),
        "{said}"
    );
    assert!(said.contains(", but that could not be printed") && said.lines().count() == 1, "{said}");
    let (code, said) = run_to(full(), &data, &["key", "list"]).await;
    assert!(code == Some(1) && said.contains("standard output can't be written"), "{said}");
}

/// The secret of the Default API Key can be rotated, but the key can't be deleted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_advised_to_delete_the_default_key() {
    let folder = tempfile::tempdir().unwrap();
    init(folder.path(), &[]).await;
    let shown = keydesk(folder.path(), &["key", "default", "--json"]).await;
    let id = serde_json::from_slice::<Value>(&shown.stdout).unwrap()["id"].as_str().unwrap().to_owned();
    let (code, said) = run_to(full(), folder.path(), &["key", "rotate", &id, "--overlap", "0"]).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&format!("key rotate {id}")) && !said.contains("key delete"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_is_printed_once_is_made_for_a_closed_standard_output() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    init(data, &[]).await;
    let create = ["key", "create", "--client-name", "Acme", "--json"];
    let made: Value = serde_json::from_slice(&keydesk(data, &create).await.stdout).unwrap();
    let id = made["id"].as_str().unwrap();
    let shell = async |redirected: &str, args: &[&str]| {
        let script = format!("exec \"$0\" \"$@\" {redirected}");
        let mut shell = Command::new("sh");
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KEYDESK_")) {
            shell.env_remove(name);
        }
        shell.args(["-c", &script, env!("CARGO_BIN_EXE_keydesk")]).args(args).arg("--data-dir").arg(data);
        let ended = shell.stdin(Stdio::null()).output().await.expect("a shell");
        (ended.status.code(), String::from_utf8(ended.stderr).expect("text"))
    };
    let entries = async || keydesk(data, &["audit", "verify"]).await.stdout;
    let before = entries().await;
    let invite = ["admin", "invite", "--email", "ada@example.com", "--name", "Ada", "--role", "owner"];
    for args in [&create[..], &["key", "rotate", id, "--overlap", "0"], &["key", "handover", id], &invite] {
        let (code, said) = shell(">&-", args).await;
        assert_eq!(code, Some(1), "{args:?} {said}");
        assert!(said.contains("standard output is closed") && said.lines().count() == 1, "{said}");
    }
    assert_eq!(entries().await, before, "nothing was made");
    assert_eq!(shell(">/dev/null", &create).await, (Some(0), String::new()), "somebody chose that");
    assert_eq!(shell(">&-", &["key", "disable", id]).await, (Some(0), String::new()), "nothing is lost");
}
