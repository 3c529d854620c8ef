//! `keydesk webhook`, beside a server that delivers.

use delivery::testing::{Received, Receiver};
use serde_json::{Value, json};
use store::{on_both_databases, testing::TestDatabase};

use crate::{
    support::{keydesk, wait_until},
    webhooks::Desk,
};

on_both_databases!(
    a_receiver_is_listed_changed_and_deleted,
    a_rotated_secret_signs_a_test_event_beside_the_former_one,
    events_are_delivered_again_by_their_ids_and_by_when_they_happened,
);

/// Runs a command: its status, what it printed, and what it complained of.
async fn run(desk: &Desk, args: &[&str]) -> (Option<i32>, String, String) {
    let output = keydesk(&desk.data, &[&["webhook"][..], args, &["--config", &desk.config]].concat()).await;
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// A new receiver, as it is printed.
async fn made(desk: &Desk, receiver: &Receiver, types: &str) -> Value {
    desk.did(&["webhook", "create", "--url", &receiver.url(), "--types", types]).await
}

fn id(webhook: &Value) -> &str {
    webhook["id"].as_str().unwrap()
}

/// What came of a type.
fn of_type(receiver: &Receiver, kind: &str) -> Vec<Received> {
    let is_of = |received: &Received| serde_json::from_slice::<Value>(&received.body).unwrap()["type"] == kind;
    receiver.received().into_iter().filter(is_of).collect()
}

async fn a_receiver_is_listed_changed_and_deleted(database: TestDatabase) {
    let desk = Desk::found(database).await;
    let (one, other) = (Receiver::start().await.unwrap(), Receiver::start().await.unwrap());
    let (code, out, _) = run(&desk, &["list"]).await;
    assert_eq!((code, out.lines().count()), (Some(0), 1), "the head of a table alone: {out}");
    let webhook = made(&desk, &one, "key.*").await;
    let id = id(&webhook);
    let listed = desk.did(&["webhook", "list"]).await;
    assert_eq!((&listed["items"][0]["id"], listed["items"].as_array().unwrap().len()), (&json!(id), 1));
    assert!(listed["items"][0].get("secret").is_none(), "{listed}");
    let (_, out, _) = run(&desk, &["list"]).await;
    let (row, url) = (out.lines().nth(1).unwrap(), one.url());
    for shown in [url.as_str(), "key.*", "enabled", "never", id] {
        assert!(row.contains(shown), "{shown}: {row}");
    }

    let (types, url) = ("key.created,limit.reached", other.url());
    let changed = desk.did(&["webhook", "update", id, "--url", &url, "--types", types, "--order", "none"]).await;
    assert_eq!((&changed["url"], &changed["order"]), (&json!(url), &json!("none")));
    assert_eq!(changed["types"], json!(["key.created", "limit.reached"]));
    let again = desk.did(&["webhook", "update", id, "--order", "subject"]).await;
    assert_eq!((&again["types"], &again["url"]), (&changed["types"], &changed["url"]), "what is not given stays");
    let (_, out, _) = run(&desk, &["update", id, "--types", "*"]).await;
    assert!(out.contains("Address") && out.contains(&url) && !out.contains("whsec_"), "{out}");
    assert_eq!(desk.did(&["webhook", "disable", id]).await["enabled"], false);
    let (_, out, _) = run(&desk, &["list"]).await;
    assert!(out.lines().nth(1).unwrap().contains("disabled"), "{out}");

    let (code, out, err) = run(&desk, &["delete", id]).await;
    assert_eq!((code, out, err.as_str()), (Some(0), format!("{id}  deleted\n"), ""));
    assert_eq!(desk.did(&["webhook", "list"]).await, json!({"items": []}));
    for verb in ["update", "delete", "test", "rotate-secret", "disable", "enable", "deliveries"] {
        let (code, out, err) = run(&desk, &[verb, id]).await;
        assert_eq!((code, out.as_str(), err.lines().count()), (Some(1), "", 1), "{verb}: {err}");
    }
    for misused in [
        &["update", id, "--order", "any"][..],
        &["update", id, "--types", "key.paint"],
        &["create"],
        &["redeliver", id],
        &["redeliver", id, "--from", "2026-01-01T00:00:00Z"],
        &["delete", "acme"],
    ] {
        assert_eq!(run(&desk, misused).await.0, Some(2), "{misused:?}");
    }
}

async fn a_rotated_secret_signs_a_test_event_beside_the_former_one(database: TestDatabase) {
    let desk = Desk::found(database).await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = made(&desk, &receiver, "limit.reached").await;
    let id = id(&webhook);
    let server = desk.serve().await;
    assert_eq!(desk.did(&["webhook", "test", id]).await, json!({ "id": id }));
    let tests = || of_type(&receiver, "webhook.test");
    assert!(wait_until(async || tests().len() == 1).await, "whichever types it wants");
    let rotated = desk.did(&["webhook", "rotate-secret", id]).await;
    assert!(rotated["secret"].as_str().unwrap().starts_with("whsec_"), "{rotated}");
    assert_ne!(rotated["secret"], webhook["secret"]);
    assert!(rotated["former_secret_ends_at"].is_string(), "{rotated}");
    let (code, out, err) = run(&desk, &["test", id]).await;
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    assert!(out.contains("keydesk webhook deliveries"), "{out}");
    assert!(wait_until(async || tests().len() == 2).await);
    let signatures: Vec<_> = tests().iter().map(|test| test.header("webhook-signature").split(' ').count()).collect();
    assert_eq!(signatures, [1, 2]);
    server.kill().await;
}

async fn events_are_delivered_again_by_their_ids_and_by_when_they_happened(database: TestDatabase) {
    let desk = Desk::found(database).await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = made(&desk, &receiver, "key.created").await;
    let id = id(&webhook);
    for name in ["Acme", "Beta"] {
        desk.key(name).await;
    }
    let server = desk.serve().await;
    let came = || -> Vec<String> {
        of_type(&receiver, "key.created").iter().map(|event| event.header("webhook-id").to_owned()).collect()
    };
    assert!(wait_until(async || came().len() == 2).await);
    let all_delivered = async || {
        let page = desk.did(&["webhook", "deliveries", id, "--state", "delivered"]).await;
        page["items"].as_array().unwrap().len() == 2
    };
    assert!(wait_until(all_delivered).await);

    let first = came()[0].clone();
    let again = desk.did(&["webhook", "redeliver", id, "--event", &first]).await;
    assert_eq!(again, json!({"events": 1}));
    assert!(wait_until(async || came().len() == 3).await);
    assert_eq!(came()[2], first);
    assert!(wait_until(all_delivered).await);
    let always = ["redeliver", id, "--from", "2020-01-01T00:00:00Z", "--to", "2100-01-01T00:00:00Z"];
    let (code, out, err) = run(&desk, &always).await;
    assert_eq!((code, out.as_str(), err.as_str()), (Some(0), "2 events are on their way.\n", ""));
    assert!(wait_until(async || came().len() == 5).await);
    let before = ["webhook", "redeliver", id, "--from", "2020-01-01T00:00:00Z", "--to", "2020-01-02T00:00:00Z"];
    assert_eq!(desk.did(&before).await, json!({"events": 0}));
    let (_, table, _) = run(&desk, &["deliveries", id]).await;
    assert!(table.starts_with("TYPE ") && table.contains(&first), "{table}");
    server.kill().await;
}
