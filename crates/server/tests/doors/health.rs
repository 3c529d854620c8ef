//! `keydesk health`, which containers and service managers run.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    thread,
};

use crate::support::{Program, ran};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_healthy_while_it_runs_and_not_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Program::serve(folder.path(), &[]).await;
    let address = program.address.clone();
    let at = [("KEYDESK_LISTEN", address.as_str())];
    for args in [&["health"][..], &["health", "--writes"]] {
        let healthy = ran(&at, args).await;
        assert_eq!(healthy.code, Some(0), "{healthy:?}");
        assert_eq!(healthy.out, format!("The server at {} is ready.\n", program.address));
    }
    program.signal("TERM").await;
    assert_eq!(program.end().await, Some(0));
    ran(&at, &["health"]).await.is_refused("no server answers at");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_not_ready_says_why() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap().to_string();
    thread::spawn(move || {
        let (mut stream, _) = server.accept().unwrap();
        let mut asked = [0; 1024];
        let length = stream.read(&mut asked).unwrap();
        assert!(asked[..length].starts_with(b"GET /readyz HTTP/1.1\r\n"));
        stream
            .write_all(b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n{\"detail\":\"The database does not answer.\"}")
            .unwrap();
    });
    let sick = ran(&[], &["health", "--listen", &address]).await;
    sick.is_refused("is not ready: it answers 503: The database does not answer.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_whose_port_nobody_knows_is_refused() {
    ran(&[], &["health", "--listen", "127.0.0.1:0"]).await.is_refused("is not where a server listens");
}
