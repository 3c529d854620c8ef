//! PgBouncer between Keydesk and PostgreSQL, as Debian has it and, but for the pool's mode and size, as it is configured from the start.

use serde_json::Value;
use store::testing::TestDatabase;

use crate::{
    proxies::{Proxy, free_address},
    support::{Program, init, keydesk, ran, request, wait_until},
};

/// A PgBouncer in front of a database, and the database's address behind it.
async fn pooled(database: &TestDatabase, mode: &str) -> (Proxy, String) {
    let (server, name) = database.address().rsplit_once('/').expect("a database");
    let (host, port) = server.rsplit_once('@').and_then(|(_, place)| place.split_once(':')).expect("a port");
    let address = free_address();
    let (listen, listen_port) = address.split_once(':').expect("a port");
    // Two nodes have 38 connections at most.
    let configuration = format!(
        "[databases]\n* = host={host} port={port} user=postgres\n[pgbouncer]\nlisten_addr = {listen}\nlisten_port = \
         {listen_port}\nunix_socket_dir =\nauth_type = any\npool_mode = {mode}\ndefault_pool_size = 60\n"
    );
    // It refuses to run as root.
    let as_user: &[&str] = if rustix::process::geteuid().is_root() { &["-u", "nobody"] } else { &[] };
    let args = [as_user, &["pgbouncer.ini"]].concat();
    let pooler = Proxy::start("pgbouncer", &args, address.clone(), &[("pgbouncer.ini", configuration)]).await;
    (pooler, format!("postgres://keydesk@{address}/{name}?sslmode=disable"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_that_shares_connections_is_refused_by_every_command() {
    let database = TestDatabase::empty_postgres().await;
    let data = database.dir().join("data").display().to_string();
    for mode in ["transaction", "statement"] {
        let (_pooler, address) = pooled(&database, mode).await;
        let commands: [&[&str]; 6] = [
            &["serve", "--listen", "127.0.0.1:0"],
            &["init"],
            &["migrate"],
            &["key", "list"],
            &["doctor"],
            &["restore", "--after"],
        ];
        // What one left behind in a shared connection does not confuse the next.
        for command in commands.iter().chain(&commands) {
            let refused = ran(&[("KEYDESK_DATABASE", &address)], &[command, &["--data-dir", &data][..]].concat()).await;
            refused.is_refused("a pooler gives each transaction another connection to it");
        }
    }
    let tables = database.raw().await.number("SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'").await;
    assert_eq!(tables, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_pooler_that_shares_none_nodes_serve_and_are_notified() {
    let database = TestDatabase::empty_postgres().await;
    let (_pooler, address) = pooled(&database, "session").await;
    let data = database.dir().join("data");
    let on = ["--database", &address];
    init(&data, &on).await;
    let made = keydesk(
        &data,
        &[&["key", "create", "--client-name", "Manager", "--scope", "keys:*", "--json"], &on[..]].concat(),
    )
    .await;
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    let manager = made["key"].as_str().unwrap();
    let (one, other) = (Program::serve(&data, &on).await, Program::serve(&data, &on).await);
    let call = async |node: &Program, method: &str, path: &str, key: &str, body: Option<&str>| {
        request(&node.address, method, path, Some(key), body).await.unwrap()
    };
    let (status, answer) = call(&one, "POST", "/api/v1/keys", manager, Some("{\"client_name\":\"Acme\"}")).await;
    assert_eq!(status, 201, "{answer}");
    let key: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    let (id, secret) = (key["id"].as_str().unwrap(), key["key"].as_str().unwrap());
    assert_eq!(call(&other, "GET", "/api/v1/whoami", secret, None).await.0, 200);
    assert_eq!(call(&one, "DELETE", &format!("/api/v1/keys/{id}"), manager, None).await.0, 204);
    assert!(wait_until(async || call(&other, "GET", "/api/v1/whoami", secret, None).await.0 == 401).await);
    // It would have been said after two seconds without the notification that a node sends to itself.
    let listening = "SELECT COUNT(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()";
    let raw = database.raw();
    let mut raw = raw.await;
    assert!(wait_until(async || raw.number(listening).await == 2).await);
    for node in [one, other] {
        assert!(!node.printed().contains("no notification"), "{}", node.printed());
    }
}
