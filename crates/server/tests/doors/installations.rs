//! Two installations in one Keydesk: no call from one reaches a key of the other.

use axum::http::Method;
use serde_json::json;
use store::testing::TestDatabase;

use crate::support::{FULL, TestApp};

async fn nothing_crosses_between_installations(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    app.installation("other").await;
    let theirs = app.key_in("other", "Theirs", FULL).await;
    let their_deleted = app.key_in("other", "Their deleted", FULL).await;
    let they = app.key_in("other", "They", FULL).await;
    let they = app.with_key(&they.secret);
    they.delete(&format!("/api/v1/keys/{}", their_deleted.id)).await;
    let their_default = app.keydesk.default_key(&app.operator("other").await).await.unwrap().id.to_string();
    let before = they.get("/api/v1/keys?limit=200").await.json();

    let we = app.client(FULL).await;
    for id in [&theirs.id, &their_deleted.id, &their_default] {
        let path = format!("/api/v1/keys/{id}");
        for (method, path, body) in [
            (Method::GET, path.clone(), None),
            (Method::PATCH, path.clone(), Some(r#"{"client_name":"Ours"}"#)),
            (Method::DELETE, path.clone(), None),
            (Method::POST, format!("{path}/restore"), None),
            (Method::POST, format!("{path}/reveal"), None),
            (Method::POST, format!("{path}/disable"), None),
            (Method::POST, format!("{path}/enable"), None),
            (Method::POST, format!("{path}/rotate"), Some(r#"{"overlap_seconds":60}"#)),
            (Method::POST, format!("{path}/end-overlap"), None),
            (Method::POST, format!("{path}/handover"), None),
            (Method::GET, format!("{path}/handover"), None),
            (Method::DELETE, format!("{path}/handover/{id}"), None),
            (Method::GET, format!("{path}/secrets"), None),
        ] {
            for headers in [&[][..], &[("if-match", "\"1\", \"2\"")]] {
                let answer = we.call(method.clone(), &path, body, headers).await;
                assert_eq!(answer.refusal(), (404, "not_found".to_owned()), "{method} {path}");
            }
        }
        let skipped = we.post("/api/v1/keys/bulk-delete", json!({"ids": [id]})).await.json();
        assert_eq!(skipped, json!({"deleted": [], "skipped": [{"id": id, "code": "not_found"}]}));
        for verb in ["bulk-disable", "bulk-enable"] {
            let skipped = we.post(&format!("/api/v1/keys/{verb}"), json!({"ids": [id]})).await.json();
            assert_eq!(skipped["skipped"], json!([{"id": id, "code": "not_found"}]));
        }
    }
    for key in [&theirs.secret, &their_deleted.secret] {
        let verdict = we.post("/api/v1/keys/verify", json!({"key": key})).await.json();
        assert_eq!((&verdict["code"], verdict.get("key_id")), (&json!("NOT_FOUND"), None));
        let batch = we.post("/api/v1/keys/verify-batch", json!({"calls": [{"key": key}]})).await.json();
        assert_eq!(batch["answers"][0]["code"], "NOT_FOUND");
        for asked in [json!({"key": key}), json!({"hint": key[key.len() - 4..]})] {
            assert_eq!(we.post("/api/v1/keys/lookup", asked).await.json(), json!({"items": []}));
        }
    }
    for query in ["", "?search=the", "?status=revoked", "?sort=created_at", "?preset=custom"] {
        let listed = we.get(&format!("/api/v1/keys{query}")).await.text();
        assert!(!listed.contains("Their") && !listed.contains(&their_default), "{listed}");
        let table = we.get(&format!("/api/v1/keys.csv{query}")).await.text();
        assert!(!table.contains("Their") && !table.contains(&their_default), "{table}");
    }
    assert_eq!(they.get("/api/v1/keys?limit=200").await.json()["total"], before["total"]);
    assert_eq!(app.with_key(&theirs.secret).get("/api/v1/whoami").await.json()["client_name"], "Theirs");
}

store::on_both_databases!(nothing_crosses_between_installations);
