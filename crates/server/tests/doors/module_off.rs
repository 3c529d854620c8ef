//! An installation without the API Keys module: keys can't be managed, and those that exist go on working.

use axum::http::Method;
use model::{Actor, MODULE_UNAVAILABLE};
use serde_json::json;
use store::testing::TestDatabase;

use crate::support::{FULL, TestApp};

async fn management_is_off_and_verification_is_not(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(FULL).await;
    let key = app.key_in("default", "Acme", &["contacts:read"]).await;
    app.keydesk.set_module(Actor::Operator, "default", false).await.unwrap();
    let path = format!("/api/v1/keys/{}", key.id);
    for (method, path) in [
        (Method::GET, "/api/v1/keys".to_owned()),
        (Method::POST, "/api/v1/keys".to_owned()),
        (Method::GET, path.clone()),
        (Method::PATCH, path.clone()),
        (Method::DELETE, path.clone()),
        (Method::POST, "/api/v1/keys/bulk-delete".to_owned()),
        (Method::POST, "/api/v1/keys/import".to_owned()),
        (Method::POST, "/api/v1/keys/lookup".to_owned()),
        (Method::POST, format!("{path}/restore")),
        (Method::POST, format!("{path}/reveal")),
    ] {
        let answer = client.call(method, &path, None, &[]).await;
        assert_eq!(answer.refusal(), (403, "module_unavailable".to_owned()), "{path}");
        assert_eq!(answer.json()["detail"], MODULE_UNAVAILABLE);
    }
    let verdict = client.post("/api/v1/keys/verify", json!({"key": key.secret})).await.json();
    assert_eq!(verdict["code"], "VALID");
    let batch = client.post("/api/v1/keys/verify-batch", json!({"calls": [{"key": key.secret}]})).await.json();
    assert_eq!(batch["answers"][0]["code"], "VALID");
    assert_eq!(app.with_key(&key.secret).get("/api/v1/whoami").await.json()["client_name"], "Acme");
    assert_eq!(client.get("/api/v1/scopes").await.status, 200);
    app.keydesk.set_module(Actor::Operator, "default", true).await.unwrap();
    assert_eq!(client.get(&path).await.status, 200);
}

store::on_both_databases!(management_is_off_and_verification_is_not);
