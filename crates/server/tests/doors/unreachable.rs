//! A database that is not there: the reason is said, soon, in one sentence, and without the password.

use std::process::Stdio;

use store::testing::TestDatabase;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpListener,
    process::Command,
};

use crate::support::{command, ran};

const COMMANDS: [&[&str]; 5] = [&["key", "list"], &["doctor"], &["init"], &["migrate"], &["restore", "--after"]];

/// An address at which nobody listens.
async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("postgres://keydesk:hunter2@{}/keydesk?sslmode=disable", listener.local_addr().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_not_there_is_named_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data").display().to_string();
    let address = nobody().await;
    for command in COMMANDS {
        let refused = ran(&[("KEYDESK_DATABASE", &address)], &[command, &["--data-dir", &data]].concat()).await;
        refused.is_refused("PostgreSQL at 127.0.0.1 refuses the connection; check that it runs, and on this port");
        assert!(!refused.err.contains("hunter2"), "{}", refused.err);
    }
    let socket = format!("postgres:///keydesk?host={data}");
    ran(&[("KEYDESK_DATABASE", &socket)], &["key", "list"]).await.is_refused("has no socket there");
}

/// A server that says one thing to everybody who connects, as PostgreSQL does before anybody is let in.
async fn saying(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut head = [0; 1024];
                let _ = stream.read(&mut head).await;
                let _ = stream.write_all(answer).await;
                // Whoever is told nothing waits.
                while stream.read(&mut head).await.is_ok_and(|length| length > 0) {}
            });
        }
    });
    format!("postgres://keydesk:hunter2@{address}/keydesk?sslmode=disable")
}

macro_rules! refusal {
    ($code:literal) => {
        concat!("E\0\0\0\x23SFATAL\0VFATAL\0C", $code, "\0Mkeydesk\0\0").as_bytes()
    };
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_server_refuses_is_said_in_words() {
    for (answer, words) in [
        (refusal!("28P01"), "refuses the user's password"),
        (refusal!("28000"), "does not let this user in"),
        (refusal!("3D000"), "has no database of this name"),
        (refusal!("42501"), "grant it CONNECT"),
        (refusal!("53300"), "has no connection left"),
        (refusal!("57P03"), "starts or stops just now"),
        (refusal!("XX000"), "with the error XX000"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "PostgreSQL"),
        (b"", "does not answer within 5 s"),
    ] {
        let address = saying(answer).await;
        let refused = ran(&[("KEYDESK_DATABASE", &address)], &["key", "list"]).await;
        refused.is_refused(words);
        assert!(!refused.err.contains("hunter2") && refused.err.contains("PostgreSQL at 127.0.0.1"), "{}", refused.err);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_the_server_does_not_have_is_said_to_be_missing() {
    let database = TestDatabase::postgres().await;
    let address = database.address().replace("keydesk_test_", "keydesk_nowhere_");
    ran(&[("KEYDESK_DATABASE", &address)], &["key", "list"]).await.is_refused("has no database of this name");
}

#[tokio::test]
async fn a_password_that_is_not_percent_encoded_is_said_to_be_that_and_not_repeated() {
    for address in [
        "postgres://keydesk:p#ss/w0rd@127.0.0.1/keydesk",
        "postgres://keydesk:p/w0rd@127.0.0.1/keydesk",
        "postgres://keydesk:p@w0rd@127.0.0.1/keydesk",
        "postgres://keydesk:p?w0rd@127.0.0.1/keydesk",
        "postgres://keydesk:p%w0rd@127.0.0.1/keydesk",
    ] {
        for command in [&["doctor"][..], &["init"], &["serve", "--listen", "127.0.0.1:0"]] {
            let refused = ran(&[("KEYDESK_DATABASE", address)], command).await;
            refused.is_refused("must be percent-encoded");
            assert!(!refused.err.contains("w0rd") && !refused.err.contains("p#ss"), "{}", refused.err);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_says_what_it_waits_for_and_can_be_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = command()
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(folder.path())
        .env("KEYDESK_DATABASE", nobody().await)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let said = lines.next_line().await.unwrap().unwrap();
    assert!(said.contains("waiting for the database") && said.contains("refuses the connection"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
    let id = child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
    assert_eq!(child.wait().await.unwrap().code(), Some(0));
}

/// What does not pass by itself is not waited for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_does_not_wait_for_a_password_to_become_right() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().display().to_string();
    let address = saying(refusal!("28P01")).await;
    let refused =
        ran(&[("KEYDESK_DATABASE", &address)], &["serve", "--listen", "127.0.0.1:0", "--data-dir", &data]).await;
    refused.is_refused("refuses the user's password");
}

/// The brackets of an address of IPv6 are no part of the host.
#[tokio::test]
async fn an_address_of_ipv6_is_connected_to_and_not_looked_up_as_a_name() {
    // Nobody listens on this port; and a machine without IPv6 says that it has none.
    let address = "postgres://keydesk:hunter2@[::1]:1/keydesk?sslmode=disable";
    let refused = ran(&[("KEYDESK_DATABASE", address)], &["key", "list"]).await;
    refused.is_refused("PostgreSQL at ::1 ");
    assert!(!refused.err.contains("not known by this name") && !refused.err.contains("hunter2"), "{}", refused.err);
}
