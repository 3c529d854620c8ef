//! Limits of the real program: exact under many callers, and over its end, however that comes.

use std::path::PathBuf;

use serde_json::Value;
use store::{on_both_databases, testing::TestDatabase};

use crate::support::{Program, init, keydesk, request, wait_until};

on_both_databases!(
    as_many_of_64_callers_pass_as_the_limit_allows,
    what_was_taken_outlives_a_stop_exactly,
    a_kill_gives_nothing_anew_and_wastes_a_portion_at_most,
    a_ceiling_that_the_operator_sets_holds_at_once_for_all_keys_of_the_client
);

/// A deployment, and its operator.
struct Desk {
    data: PathBuf,
    database: TestDatabase,
}

impl Desk {
    async fn found(database: TestDatabase) -> Self {
        let data = database.dir();
        init(&data, &["--database", database.address()]).await;
        Self { data, database }
    }

    async fn serve(&self) -> Program {
        Program::serve(&self.data, &["--database", self.database.address()]).await
    }

    async fn did(&self, args: &[&str]) -> Value {
        let output = keydesk(&self.data, &[args, &["--database", self.database.address(), "--json"]].concat()).await;
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// A key with these limits.
    async fn key(&self, name: &str, limits: &[&str]) -> String {
        let create = ["key", "create", "--client-name", name, "--scope", "calls:read"];
        let made = self.did(&[&create[..], limits].concat()).await;
        made["key"].as_str().unwrap().to_owned()
    }
}

/// One call: its status and all that came.
async fn call(server: &Program, key: &str) -> (u16, String) {
    request(&server.address, "GET", "/authz?scope=calls:read", Some(key), None).await.unwrap()
}

/// How many of so many calls pass, one after the other. Those that do not are refused as too many.
async fn passing(address: &str, key: &str, calls: usize) -> usize {
    let mut passed = 0;
    for _ in 0..calls {
        let (status, answer) = request(address, "GET", "/authz?scope=calls:read", Some(key), None).await.unwrap();
        assert!([200, 429].contains(&status), "{answer}");
        passed += usize::from(status == 200);
    }
    passed
}

/// How many pass of the calls of 64 callers that come at once, each over connections of its own.
async fn passing_at_once(server: &Program, key: &str, each: usize) -> usize {
    let callers: Vec<_> = (0..64)
        .map(|_| {
            let (address, key) = (server.address.clone(), key.to_owned());
            tokio::spawn(async move { passing(&address, &key, each).await })
        })
        .collect();
    let mut passed = 0;
    for caller in callers {
        passed += caller.await.unwrap();
    }
    passed
}

async fn as_many_of_64_callers_pass_as_the_limit_allows(database: TestDatabase) {
    let desk = Desk::found(database).await;
    let server = desk.serve().await;
    for (limits, expected) in [
        // None of these gives a call back within the test.
        (&["--rate", "a=137/86400s"][..], 137),
        (&["--quota", "q=211/month"], 211),
        (
            &["--rate", "a=190/86400s", "--rate", "b=150/43200s", "--quota", "q=141/month", "--quota", "r=400/month"],
            141,
        ),
        (&["--rate", "a=86400/86400s,burst=1", "--quota", "q=1/month"], 1),
    ] {
        let key = desk.key("Acme", limits).await;
        assert_eq!(passing_at_once(&server, &key, 8).await, expected, "{limits:?}");
        assert_eq!(passing(&server.address, &key, 3).await, 0, "{limits:?}");
    }
    server.kill().await;
}

async fn what_was_taken_outlives_a_stop_exactly(database: TestDatabase) {
    let desk = Desk::found(database).await;
    let rate = desk.key("Rate", &["--rate", "a=100/86400s"]).await;
    let quota = desk.key("Quota", &["--quota", "q=90/month"]).await;
    let mut server = desk.serve().await;
    for of_quota in [64, 26, 0] {
        assert_eq!(passing(&server.address, &rate, 20).await, 20);
        assert_eq!(passing_at_once(&server, &quota, 1).await, of_quota);
        server.signal("TERM").await;
        assert_eq!(server.end().await, Some(0));
        server = desk.serve().await;
    }
    assert_eq!(passing(&server.address, &rate, 60).await, 40);
    let (status, answer) = call(&server, &quota).await;
    assert!(status == 429 && answer.contains("quota_exceeded"), "{answer}");
    server.kill().await;
}

async fn a_kill_gives_nothing_anew_and_wastes_a_portion_at_most(database: TestDatabase) {
    let desk = Desk::found(database).await;
    let key = desk.key("Acme", &["--quota", "q=400/month"]).await;
    let mut passed = 0;
    for _ in 0..3 {
        let server = desk.serve().await;
        passed += passing_at_once(&server, &key, 1).await;
        server.kill().await;
    }
    assert_eq!(passed, 3 * 64, "no call was refused while there was some left");
    let server = desk.serve().await;
    let address = server.address.clone();
    let mut last = passing_at_once(&server, &key, 10).await;
    // Portions are leased for as long as there are any.
    assert!(
        wait_until(async || {
            let more = passing(&address, &key, 50).await;
            last += more;
            more == 0
        })
        .await
    );
    passed += last;
    // Each kill has lost what was leased and not given out: a share of what was left.
    assert!((3 * 64 + 1..=400).contains(&passed), "{passed}");
    server.kill().await;
}

async fn a_ceiling_that_the_operator_sets_holds_at_once_for_all_keys_of_the_client(database: TestDatabase) {
    let desk = Desk::found(database).await;
    let server = desk.serve().await;
    let keys = [desk.key("Acme CRM", &[]).await, desk.key("ácme  crm", &["--rate", "own=30/86400s"]).await];
    let other = desk.key("Other", &[]).await;
    let set = ["limits", "set", "--client", "Acme CRM", "--environment", "live", "--rate", "all=40/86400s"];
    desk.did(&set).await;
    let known = async || call(&server, &keys[0]).await.1.contains("\"client:all\";q=40");
    assert!(wait_until(known).await, "a running server learns of it");
    let left: usize = {
        let (_, answer) = call(&server, &keys[0]).await;
        let from = answer.split("\"client:all\";r=").nth(1).unwrap();
        from.split(';').next().unwrap().parse().unwrap()
    };
    assert_eq!(passing_at_once(&server, &keys[1], 1).await, left.min(30), "its own is reached first");
    assert_eq!(passing_at_once(&server, &keys[0], 1).await, left - left.min(30));
    let (status, answer) = call(&server, &keys[0]).await;
    assert!(status == 429 && answer.contains("\"refused_by\":\"client:all\""), "{answer}");
    assert_eq!(passing(&server.address, &other, 50).await, 50);
    desk.did(&["limits", "clear", "--client", "Acme CRM", "--environment", "live"]).await;
    assert!(wait_until(async || call(&server, &keys[0]).await.0 == 200).await, "and that it is gone");
    server.kill().await;
}
