//! Who is told when a limit is reached, and when an address guesses keys: each once, however much comes.

use delivery::testing::Receiver;
use serde_json::{Value, json};
use store::{on_both_databases, testing::TestDatabase};

use crate::{
    support::{Program, request, wait_until},
    webhooks::Desk,
};

on_both_databases!(
    a_limit_that_is_reached_is_told_once_in_its_window,
    ceilings_and_quotas_are_told_by_their_names,
    a_burst_of_guesses_is_one_event_and_one_line
);

/// The events of a kind that the receiver got.
fn told(receiver: &Receiver, kind: &str) -> Vec<Value> {
    let bodies = receiver.received().into_iter().map(|of| serde_json::from_slice::<Value>(&of.body).unwrap());
    bodies.filter(|body| body["type"] == kind).collect()
}

/// How many of these calls pass, from some callers at once.
async fn passing(server: &Program, key: &str, calls: usize) -> usize {
    let callers: Vec<_> = (0..8)
        .map(|_| {
            let (address, key) = (server.address.clone(), key.to_owned());
            tokio::spawn(async move {
                let mut passed = 0;
                for _ in 0..calls / 8 {
                    let call = request(&address, "GET", "/authz?scope=calls:read", Some(&key), None).await.unwrap();
                    passed += usize::from(call.0 == 200);
                }
                passed
            })
        })
        .collect();
    let mut passed = 0;
    for caller in callers {
        passed += caller.await.unwrap();
    }
    passed
}

/// The id of a new key with these limits, and the key.
async fn with_limits(desk: &Desk, name: &str, limits: &[&str]) -> (String, String) {
    let create = ["key", "create", "--client-name", name, "--scope", "calls:read"];
    let made = desk.did(&[&create[..], limits].concat()).await;
    (made["id"].as_str().unwrap().to_owned(), made["key"].as_str().unwrap().to_owned())
}

async fn limited(desk: &Desk, name: &str) -> (String, String) {
    with_limits(desk, name, &["--rate", "default=3/86400s"]).await
}

/// Whatever comes before this has been told by then: it is told of another key, later.
async fn tell_something_later(desk: &Desk, server: &Program, receiver: &Receiver) {
    let (id, key) = limited(desk, "Later").await;
    let later = || told(receiver, "limit.reached").iter().any(|of| of["data"]["key_id"] == id.as_str());
    passing(server, &key, 8).await;
    assert!(wait_until(async || later()).await);
}

async fn a_limit_that_is_reached_is_told_once_in_its_window(database: TestDatabase) {
    let desk = Desk::found(database).await;
    let receiver = Receiver::start().await.unwrap();
    desk.did(&["webhook", "create", "--url", &receiver.url(), "--types", "limit.reached"]).await;
    let server = desk.serve().await;
    let (id, key) = limited(&desk, "Acme").await;
    assert_eq!(passing(&server, &key, 40).await, 3);
    let of_key = || -> Vec<Value> {
        let told = told(&receiver, "limit.reached");
        told.into_iter().filter(|body| body["data"]["key_id"] == id.as_str()).collect()
    };
    assert!(wait_until(async || !of_key().is_empty()).await);
    assert_eq!(passing(&server, &key, 40).await, 0);
    tell_something_later(&desk, &server, &receiver).await;
    server.kill().await;
    // Nor does a process that begins anew tell it again.
    let server = desk.serve().await;
    passing(&server, &key, 40).await;
    tell_something_later(&desk, &server, &receiver).await;
    let told = of_key();
    assert_eq!(told.len(), 1, "{told:?}");
    let event = &told[0];
    assert_eq!((&event["subject"]["kind"], &event["subject"]["id"]), (&json!("key"), &json!(id)));
    let data = &event["data"];
    assert_eq!((&data["limit"]["name"], &data["limit"]["limit"]), (&json!("default"), &json!(3)), "{event}");
    assert!(data["limit"]["until"].is_string() && data["client_name"] == "Acme", "{event}");
    assert!(!event.to_string().contains(&key[..20]), "{event}");
    server.kill().await;
}

async fn ceilings_and_quotas_are_told_by_their_names(database: TestDatabase) {
    let desk = Desk::found(database).await;
    let receiver = Receiver::start().await.unwrap();
    desk.did(&["webhook", "create", "--url", &receiver.url(), "--types", "limit.reached"]).await;
    desk.did(&["limits", "set", "--client", "Acme", "--environment", "live", "--rate", "all=5/86400s"]).await;
    let server = desk.serve().await;
    let keys = [with_limits(&desk, "Acme", &[]).await, with_limits(&desk, "ÁCME", &[]).await];
    let (quota_id, quota) = with_limits(&desk, "Beta", &["--quota", "monthly=2/month,zone=UTC"]).await;
    assert_eq!(passing(&server, &keys[0].1, 40).await, 5);
    assert_eq!(passing(&server, &keys[1].1, 40).await, 0, "all keys of the client have used it up");
    assert_eq!(passing(&server, &quota, 40).await, 2);
    tell_something_later(&desk, &server, &receiver).await;
    let named = |name: &str| -> Vec<Value> {
        told(&receiver, "limit.reached").into_iter().filter(|event| event["data"]["limit"]["name"] == name).collect()
    };

    let of_client = named("client:all");
    assert_eq!(of_client.len(), 1, "once for both keys: {of_client:?}");
    let of_client = &of_client[0];
    assert_eq!((&of_client["subject"]["kind"], &of_client["environment"]), (&json!("installation"), &json!("live")));
    let data = &of_client["data"];
    assert_eq!((&data["limit"]["limit"], &data["client_name"]), (&json!(5), &json!("Acme")), "{of_client}");
    assert_eq!(data["key_id"], keys[0].0.as_str(), "whose call was refused first");
    let of_quota = named("monthly");
    assert_eq!(of_quota.len(), 1, "{of_quota:?}");
    let of_quota = &of_quota[0];
    assert_eq!((&of_quota["subject"]["kind"], &of_quota["subject"]["id"]), (&json!("key"), &json!(quota_id)));
    assert_eq!(of_quota["data"]["limit"]["limit"], 2);
    let until = of_quota["data"]["limit"]["until"].as_str().unwrap();
    assert!(until.ends_with("-01T00:00:00.000Z"), "the month's end: {until}");

    // The installation's ceiling comes while the server runs.
    desk.did(&["limits", "set", "--rate", "whole=20/86400s"]).await;
    let (free_id, free) = with_limits(&desk, "Gamma", &[]).await;
    let known = async || {
        let call = request(&server.address, "GET", "/authz?scope=calls:read", Some(&free), None).await.unwrap();
        call.1.contains("\"installation:whole\";q=20")
    };
    assert!(wait_until(known).await, "a running server learns of it");
    assert!(passing(&server, &free, 80).await < 20);
    assert!(wait_until(async || !named("installation:whole").is_empty()).await);
    let event = &named("installation:whole")[0];
    assert_eq!((&event["subject"]["kind"], &event["data"]["limit"]["limit"]), (&json!("installation"), &json!(20)));
    assert_eq!(event["data"]["key_id"], free_id.as_str());
    server.kill().await;
}

async fn a_burst_of_guesses_is_one_event_and_one_line(database: TestDatabase) {
    let desk = Desk::found(database).await;
    let receiver = Receiver::start().await.unwrap();
    let types = "guessing.detected,limit.reached";
    desk.did(&["webhook", "create", "--url", &receiver.url(), "--types", types]).await;
    let server = desk.serve().await;
    let good = desk.did(&["key", "create", "--client-name", "Acme", "--scope", "calls:read"]).await;
    let good = good["key"].as_str().unwrap();
    for _ in 0..2 {
        assert_eq!(passing(&server, "ccc_live_guessed", 200).await, 0);
        assert_eq!(passing(&server, good, 16).await, 16, "good keys from there go on");
        assert!(wait_until(async || !told(&receiver, "guessing.detected").is_empty()).await);
    }
    let slowed = request(&server.address, "GET", "/authz", Some("ccc_live_guessed"), None).await.unwrap();
    assert!(slowed.0 == 429 && slowed.1.contains("too_many_failed_keys"), "{}", slowed.1);
    tell_something_later(&desk, &server, &receiver).await;
    let told = told(&receiver, "guessing.detected");
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(
        (&told[0]["data"]["network"], &told[0]["subject"]["kind"]),
        (&json!("127.0.0.1"), &json!("installation"))
    );
    assert!(told[0]["data"]["failed"].as_u64().unwrap() > 100, "{told:?}");
    let lines = server.printed();
    let alerts: Vec<_> = lines.lines().filter(|line| line.contains("\"keydesk::guessing\"")).collect();
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    assert!(!lines.contains("ccc_live_guessed"), "{lines}");
    server.kill().await;
}
