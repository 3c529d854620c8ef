//! The life of a key over REST, with every answer in full, the same on both databases.

use serde_json::json;
use store::testing::TestDatabase;

use crate::support::{FULL, TestApp};

macro_rules! whole {
    ($name:literal, $answer:expr) => {{
        let answer = $answer;
        insta::assert_snapshot!($name, answer.whole());
        answer
    }};
}

async fn a_key_lives_from_create_to_restore(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(FULL).await;

    let new = json!({"client_name": "Acme CRM", "scopes": ["contacts:read", "calls:make"], "environment": "test"});
    let created = whole!("create", client.post("/api/v1/keys", new).await).json();
    let (id, secret) = (created["id"].as_str().unwrap(), created["key"].as_str().unwrap());
    let path = format!("/api/v1/keys/{id}");

    whole!("get", client.get(&path).await);
    whole!("list", client.get("/api/v1/keys?search=ACME&sort=-created_at").await);
    whole!("patch", client.patch(&path, json!({"client_name": "  Acme CRM 2 "})).await);
    let asked = json!({"key": secret, "scopes": ["contacts:read"], "ip": "203.0.113.9", "origin": "https://a.example", "cost": 1});
    whole!("verify", client.post("/api/v1/keys/verify", asked).await);
    let asked = json!({"key": secret, "scopes": ["data:read", "contacts:read", "calls:read"]});
    whole!("verify_insufficient", client.post("/api/v1/keys/verify", asked).await);
    whole!("verify_unknown", client.post("/api/v1/keys/verify", json!({"key": "nonsense"})).await);
    let batch = json!({"calls": [{"key": secret}, {"key": ""}, {"key": secret, "scopes": ["calls:make"]}]});
    whole!("verify_batch", client.post("/api/v1/keys/verify-batch", batch).await);
    whole!("reveal", client.post(&format!("{path}/reveal"), json!(null)).await);
    whole!("whoami", app.with_key(secret).get("/api/v1/whoami").await);

    whole!("delete", client.delete(&path).await);
    whole!("delete_again", client.delete(&path).await);
    whole!("verify_deleted", client.post("/api/v1/keys/verify", json!({"key": secret})).await);
    whole!("whoami_deleted", app.with_key(secret).get("/api/v1/whoami").await);
    whole!("list_deleted", client.get("/api/v1/keys?status=revoked").await);
    whole!("restore", client.post(&format!("{path}/restore"), json!(null)).await);
    whole!("restore_again", client.post(&format!("{path}/restore"), json!(null)).await);
    let default = app.keydesk.default_key(&app.operator("default").await).await.unwrap().id;
    let ids = json!({"ids": [id, default, id, "01981d2c-9e5b-7c3a-8b1d-0123456789ab"]});
    whole!("bulk_delete", client.post("/api/v1/keys/bulk-delete", ids).await);
    whole!("patch_default", client.patch(&format!("/api/v1/keys/{default}"), json!({"client_name": "x"})).await);
    whole!("delete_default", client.delete(&format!("/api/v1/keys/{default}")).await);
}

async fn the_catalogue(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(&[]).await;
    whole!("scopes", client.get("/api/v1/scopes").await);
    whole!("presets", client.get("/api/v1/presets").await);
    whole!("healthz", app.anonymous().get("/healthz").await);
    whole!("readyz", app.anonymous().get("/readyz").await);
}

async fn a_preset_gives_its_scopes(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let operator = app.client(&["keys:write", "live:*", "queues:*"]).await;
    let created = operator.post("/api/v1/keys", json!({"client_name": "Widget", "preset": "live-widget"})).await.json();
    assert_eq!((&created["preset"], &created["scopes"]), (&json!("live-widget"), &json!(["live:read", "queues:read"])));
    let refused = operator.post("/api/v1/keys", json!({"client_name": "CRM", "preset": "crm"})).await;
    assert_eq!(refused.refusal(), (403, "scope_escalation".to_owned()));
    let bare = operator.post("/api/v1/keys", json!({"client_name": "Bare"})).await.json();
    assert_eq!((&bare["preset"], &bare["scopes"]), (&json!("custom"), &json!([])));
}

async fn pages_follow_each_other(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(&["keys:read"]).await;
    for number in 0..7 {
        app.key_in("default", &format!("Client {number}"), &[]).await;
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/v1/keys?search=client&limit=3&sort=-client_name&cursor={cursor}");
        let page = client.get(&path).await.json();
        assert_eq!(page["total"], 7);
        let names = page["items"].as_array().unwrap().iter().map(|key| key["client_name"].as_str().unwrap().to_owned());
        seen.extend(names);
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    let expected: Vec<_> = (0..7).rev().map(|number| format!("Client {number}")).collect();
    assert_eq!(seen, expected);
}

store::on_both_databases!(
    a_key_lives_from_create_to_restore,
    the_catalogue,
    a_preset_gives_its_scopes,
    pages_follow_each_other,
);
