//! What is recorded of calls as `[usage]` in the configuration file says, with the real program.

use std::fs;

use serde_json::{Value, json};
use store::{on_both_databases, testing::TestDatabase};

use crate::{
    support::{Program, keydesk, ran, request},
    webhooks::Desk,
};

on_both_databases!(where_only_refusals_are_recorded_allowed_calls_leave_nothing);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_setting_that_cant_be_is_refused_in_a_sentence_and_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let file = folder.path().join("keydesk.toml").display().to_string();
    for (setting, words) in [
        ("quarter_days = 30", "[usage] quarter_days is 31 to 400."),
        ("quarter_days = 401", "[usage] quarter_days is 31 to 400."),
        ("day_months = 0", "[usage] day_months is 1 to 120."),
        ("day_months = 121", "[usage] day_months is 1 to 120."),
        ("record = \"none\"", "unknown variant `none`, expected `all` or `refused`"),
        ("records = \"all\"", "unknown field `records`"),
    ] {
        fs::write(&file, format!("[usage]\n{setting}\n")).unwrap();
        let serve = ["serve", "--listen", "127.0.0.1:0", "--data-dir", data.to_str().unwrap(), "--config", &file];
        ran(&[], &serve).await.is_refused(words);
        assert!(!data.exists(), "{setting}: nothing was made");
    }
}

/// An answer that is JSON.
async fn answered(server: &Program, path: &str, key: &str) -> Value {
    let (status, answer) = request(&server.address, "GET", path, Some(key), None).await.unwrap();
    assert_eq!(status, 200, "{path}: {answer}");
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

/// How many calls with a key were allowed, how many were refused, and when it was used last.
async fn recorded(server: &Program, id: &str, reader: &str) -> (u64, u64, Value) {
    let usage = answered(server, &format!("/api/v1/keys/{id}/usage"), reader).await;
    let points = usage["points"].as_array().unwrap();
    let allowed = points.iter().map(|point| point["allowed"].as_u64().unwrap()).sum();
    let denied = points.iter().flat_map(|point| point["denied"].as_object().unwrap().values());
    let denied = denied.map(|calls| calls.as_u64().unwrap()).sum();
    let mut key = answered(server, &format!("/api/v1/keys/{id}"), reader).await;
    (allowed, denied, key["last_used_at"].take())
}

async fn where_only_refusals_are_recorded_allowed_calls_leave_nothing(database: TestDatabase) {
    let desk = Desk::found(database).await;
    let reading = ["key", "create", "--client-name", "Reader", "--scope", "keys:read", "--scope", "usage:read"];
    let reader = desk.did(&reading).await["key"].as_str().unwrap().to_owned();
    let made = desk.did(&["key", "create", "--client-name", "Acme", "--scope", "calls:read"]).await;
    let (id, key) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    let plain = fs::read_to_string(&desk.config).unwrap();
    fs::write(&desk.config, format!("{plain}[usage]\nrecord = \"refused\"\n")).unwrap();
    let called = async || {
        let mut server = desk.serve().await;
        for (scope, calls, expected) in [("calls:read", 3, 200), ("calls:make", 2, 403)] {
            for _ in 0..calls {
                let path = format!("/authz?scope={scope}");
                assert_eq!(request(&server.address, "GET", &path, Some(key), None).await.unwrap().0, expected);
            }
        }
        // Whatever is to be written down is, before it ends.
        server.signal("TERM").await;
        assert_eq!(server.end().await, Some(0));
    };
    called().await;
    let server = desk.serve().await;
    assert_eq!(recorded(&server, id, &reader).await, (0, 2, Value::Null));
    let list = answered(&server, "/api/v1/keys?attention=never_used&search=acme", &reader).await;
    assert_eq!(list["items"][0]["id"], id, "it seems never to have been used");
    server.kill().await;
    // Whoever reads that list is told that nobody knows.
    let asked = ["key", "list", "--attention", "never_used", "--search", "acme", "--config", &desk.config];
    let listed = keydesk(&desk.data, &asked).await;
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(listed.contains("Acme") && listed.contains("not recorded"), "{listed}");

    // Without the setting the same calls are.
    fs::write(&desk.config, plain).unwrap();
    called().await;
    let server = desk.serve().await;
    let (allowed, denied, last_used_at) = recorded(&server, id, &reader).await;
    assert_eq!((allowed, denied), (3, 4));
    assert!(last_used_at.is_string(), "{last_used_at}");
    let list = answered(&server, "/api/v1/keys?attention=never_used&search=acme", &reader).await;
    assert_eq!(list["total"], json!(0));
    server.kill().await;
    let listed = keydesk(&desk.data, &["key", "list", "--config", &desk.config]).await;
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(listed.contains("Acme") && !listed.contains("not recorded"), "{listed}");
}
