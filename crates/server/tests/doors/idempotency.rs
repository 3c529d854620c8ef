use axum::http::Method;
use domain::NewInstallation;
use model::Actor;
use serde_json::{Value, json};
use store::testing::TestDatabase;

use crate::support::{Answer, Client, FULL, TestApp};

async fn create(client: &Client<'_>, key: &str, body: &str) -> Answer {
    client.call(Method::POST, "/api/v1/keys", Some(body), &[("idempotency-key", key)]).await
}

async fn the_same_request_gets_the_same_answer_and_creates_one_key(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(FULL).await;
    let body = r#"{"client_name":"Acme","scopes":["contacts:read"]}"#;
    let first = create(&client, "order-1", body).await;
    assert_eq!(first.status, 201, "{}", first.text());
    let again = create(&client, "order-1", body).await;
    assert_eq!((again.status, again.json()), (first.status, first.json()));
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!((first.header("idempotency-replayed"), again.header("idempotency-replayed")), ("", "true"));
    let spaced = create(&client, "order-1", r#"{ "scopes": ["contacts:read"], "client_name": "Acme" }"#).await;
    assert_eq!(spaced.json(), first.json());
    let other = create(&client, "order-1", r#"{"client_name":"Other"}"#).await;
    assert_eq!(other.refusal(), (409, "idempotency_mismatch".to_owned()));
    let another = create(&client, "order-2", body).await;
    assert_ne!(another.json()["id"], first.json()["id"]);
    assert_eq!(client.get("/api/v1/keys?search=Acme").await.json()["total"], 2);
}

async fn a_rotation_sent_again_ends_no_secret(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(FULL).await;
    let first = create(&client, "order-1", r#"{"client_name":"Acme"}"#).await.json();
    let path = format!("/api/v1/keys/{}/rotate", first["id"].as_str().unwrap());
    let rotate = async |mark, seconds| {
        let body = json!({"overlap_seconds": seconds}).to_string();
        client.call(Method::POST, &path, Some(&body), &[("idempotency-key", mark), ("if-match", "\"1\"")]).await
    };
    let rotated = rotate("rotation-1", 60).await;
    assert_eq!(rotated.status, 200, "{}", rotated.text());
    let again = rotate("rotation-1", 60).await;
    assert_eq!((again.status, again.json()), (rotated.status, rotated.json()));
    assert_eq!((rotated.header("idempotency-replayed"), again.header("idempotency-replayed")), ("", "true"));
    assert_eq!(rotate("rotation-1", 61).await.refusal(), (409, "idempotency_mismatch".to_owned()));
    assert_eq!(rotate("order-1", 60).await.refusal(), (409, "idempotency_mismatch".to_owned()));
    for key in [&first["key"], &rotated.json()["key"]] {
        let verdict = client.post("/api/v1/keys/verify", json!({"key": key})).await.json();
        assert_eq!(verdict["code"], "VALID");
    }
}

async fn at_the_same_time_only_one_key_is_created(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(FULL).await;
    let body = r#"{"client_name":"Acme"}"#;
    let (a, b, c) = tokio::join!(
        create(&client, "order-1", body),
        create(&client, "order-1", body),
        create(&client, "order-1", body)
    );
    let created: Vec<_> =
        [a, b, c].into_iter().filter(|answer| answer.status == 201).map(|answer| answer.json()).collect();
    assert!(!created.is_empty() && created.iter().all(|answer| *answer == created[0]));
    assert_eq!(client.get("/api/v1/keys?search=Acme").await.json()["total"], 1);
}

async fn callers_do_not_share_their_idempotency_keys(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    app.installation("other").await;
    let here = app.client(FULL).await;
    let there = app.key_in("other", "Caller", FULL).await;
    let there = app.with_key(&there.secret);
    let body = r#"{"client_name":"Acme"}"#;
    let (mine, theirs) = (create(&here, "order-1", body).await, create(&there, "order-1", body).await);
    assert_eq!((mine.status.as_u16(), theirs.status.as_u16()), (201, 201));
    assert_ne!(mine.json()["id"], theirs.json()["id"]);
}

async fn an_idempotency_key_is_visible_ascii(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(FULL).await;
    let body = json!({"client_name": "Acme"}).to_string();
    for (key, expected) in [
        ("a".repeat(255), 201),
        ("a".repeat(256), 400),
        (String::new(), 400),
        ("a b".to_owned(), 400),
        ("ä".to_owned(), 400),
    ] {
        assert_eq!(create(&client, &key, &body).await.status, expected, "{key}");
    }
    let twice = [("idempotency-key", "a"), ("idempotency-key", "b")];
    let answer = client.call(Method::POST, "/api/v1/keys", Some(&body), &twice).await;
    assert_eq!(answer.refusal(), (400, "invalid_request".to_owned()));
}

/// The body without what tells of the secret and of the status, and those.
fn told(answer: &Answer) -> (Value, [Value; 3]) {
    let mut body = answer.json();
    let fields = body.as_object_mut().unwrap();
    let told = ["key", "key_unavailable", "status"].map(|name| fields.remove(name).unwrap_or_default());
    fields.remove("deleted_at");
    (body, told)
}

async fn a_deleted_key_is_not_answered_as_if_it_worked(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(FULL).await;
    let body = r#"{"client_name":"Acme"}"#;
    let first = create(&client, "deploy-acme", body).await;
    let path = first.header("location").to_owned();
    assert_eq!(client.delete(&path).await.status, 204);
    let again = create(&client, "deploy-acme", body).await;
    assert_eq!((again.status.as_u16(), again.header("idempotency-replayed")), (201, "true"));
    let (shown, told_again) = told(&again);
    assert_eq!(shown, told(&first).0);
    assert_eq!(told_again, [Value::Null, json!("ended"), json!("revoked")]);
}

async fn what_is_shown_once_is_not_told_again(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let new = NewInstallation { name: "once".to_owned(), title: "Once".to_owned(), recoverable: false };
    app.keydesk.create_installation(Actor::Operator, new).await.unwrap();
    let caller = app.key_in("once", "Caller", FULL).await;
    let client = app.with_key(&caller.secret);
    let body = r#"{"client_name":"Acme"}"#;
    let first = create(&client, "order-1", body).await;
    assert!(first.json()["key"].is_string());
    let again = create(&client, "order-1", body).await;
    assert_eq!((again.status, again.header("idempotency-replayed")), (first.status, "true"));
    assert_eq!(told(&again), (told(&first).0, [Value::Null, json!("show_once"), json!("active")]));
    let path = format!("{}/rotate", first.header("location"));
    let rotate = async || {
        client.call(Method::POST, &path, Some(r#"{"overlap_seconds":0}"#), &[("idempotency-key", "order-2")]).await
    };
    let (rotated, again) = (rotate().await, rotate().await);
    assert!(rotated.json()["key"].is_string());
    assert_eq!(told(&again), (told(&rotated).0, [Value::Null, json!("show_once"), json!("active")]));
    // It can't be handed over either.
    let handover = client.call(Method::POST, &format!("{}/handover", first.header("location")), None, &[]).await;
    assert_eq!(handover.refusal(), (409, "not_recoverable".to_owned()));
}

store::on_both_databases!(
    a_deleted_key_is_not_answered_as_if_it_worked,
    what_is_shown_once_is_not_told_again,
    the_same_request_gets_the_same_answer_and_creates_one_key,
    a_rotation_sent_again_ends_no_secret,
    at_the_same_time_only_one_key_is_created,
    callers_do_not_share_their_idempotency_keys,
    an_idempotency_key_is_visible_ascii,
);
