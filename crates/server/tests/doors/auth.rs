//! Which callers are let in, and which answers the others get.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    body::{Body, Bytes, HttpBody},
    http::{Method, Request},
};
use hyper::body::Frame;
use serde_json::json;
use store::testing::TestDatabase;

use crate::support::{Answer, FULL, TestApp};

/// A well-formed key that nobody has.
const UNKNOWN: &str = "ccc_live_0000000000000000000000000000000yHFA6";

/// Status, headers and body, without the request id.
fn without_id(answer: &Answer) -> String {
    let id = answer.header("x-request-id");
    assert_eq!(id.len(), 36);
    format!("{:?} {:?} {}", answer.status, answer.headers, answer.text()).replace(id, "")
}

async fn all_invalid_keys_get_the_same_answer(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let deleted = app.key_in("default", "Deleted", FULL).await;
    let full = app.client(FULL).await;
    full.delete(&format!("/api/v1/keys/{}", deleted.id)).await;
    let good = full.key();
    let typo = format!("{}{}", &good[..good.len() - 1], if good.ends_with('a') { 'b' } else { 'a' });
    let format = model::SecretFormat::new("ccc").unwrap();
    let unknown = format.write(model::Environment::Live, &[7; model::BODY_LEN]);
    let mut answers = Vec::new();
    for key in ["x", "", &typo, UNKNOWN, unknown.expose(), &deleted.secret, &good.to_uppercase(), &"a".repeat(9000)] {
        for path in ["/api/v1/keys", "/api/v1/whoami", "/api/v1/keys/verify"] {
            let method = if path.ends_with("verify") { Method::POST } else { Method::GET };
            let answer = app.with_key(key).call(method, path, None, &[]).await;
            assert_eq!(answer.status, 401, "{key}");
            answers.push(without_id(&answer));
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:#?}");
}

async fn a_foreign_key_gets_the_verdict_of_an_unknown_one(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    app.installation("other").await;
    let foreign = app.key_in("other", "Foreign", FULL).await;
    let client = app.client(&["keys:verify"]).await;
    let unknown = client.post("/api/v1/keys/verify", json!({"key": UNKNOWN})).await;
    let verdict = client.post("/api/v1/keys/verify", json!({"key": foreign.secret, "scopes": ["data:read"]})).await;
    assert_eq!(verdict.json()["code"], "NOT_FOUND");
    let (id, unknown_id) = (verdict.header("x-request-id"), unknown.header("x-request-id"));
    assert_eq!(verdict.text().replace(id, ""), unknown.text().replace(unknown_id, ""));
}

async fn the_caller_is_checked_before_the_request(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(&["contacts:read"]).await;
    // A body that never comes: an answer shows that the server did not wait for it.
    for (key, expected) in [(None, 401), (Some("nonsense"), 401), (Some(client.key()), 403)] {
        let body = Body::new(Silence);
        let mut request = Request::post("/api/v1/keys").header("content-type", "text/plain");
        if let Some(key) = key {
            request = request.header("x-api-key", key);
        }
        assert_eq!(app.send(request.body(body).unwrap()).await.status, expected);
    }
}

/// A body of which nothing ever arrives.
struct Silence;

impl HttpBody for Silence {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Pending
    }
}

async fn challenges_say_what_is_missing(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(&["contacts:read"]).await;
    let challenge = |answer: Answer| (answer.status.as_u16(), answer.header("www-authenticate").to_owned());
    let nobody = challenge(app.anonymous().get("/api/v1/keys").await);
    assert_eq!(nobody, (401, "Bearer realm=\"keydesk\"".to_owned()));
    let bad = challenge(app.with_key("x").get("/api/v1/keys").await);
    assert_eq!(bad, (401, "Bearer realm=\"keydesk\", error=\"invalid_token\"".to_owned()));
    let id = "01981d2c-9e5b-7c3a-8b1d-0123456789ab";
    for (method, path, scope) in [
        (Method::GET, "/api/v1/keys".to_owned(), "keys:read"),
        (Method::GET, format!("/api/v1/keys/{id}"), "keys:read"),
        (Method::POST, "/api/v1/keys".to_owned(), "keys:write"),
        (Method::PATCH, format!("/api/v1/keys/{id}"), "keys:write"),
        (Method::DELETE, format!("/api/v1/keys/{id}"), "keys:write"),
        (Method::POST, "/api/v1/keys/bulk-delete".to_owned(), "keys:write"),
        (Method::POST, "/api/v1/keys/import".to_owned(), "keys:write"),
        (Method::POST, format!("/api/v1/keys/{id}/restore"), "keys:write"),
        (Method::POST, "/api/v1/keys/lookup".to_owned(), "keys:read"),
        (Method::POST, format!("/api/v1/keys/{id}/reveal"), "keys:reveal"),
        (Method::POST, "/api/v1/keys/verify".to_owned(), "keys:verify"),
        (Method::POST, "/api/v1/keys/verify-batch".to_owned(), "keys:verify"),
    ] {
        let refused = challenge(client.call(method, &path, None, &[]).await);
        let expected = format!("Bearer realm=\"keydesk\", error=\"insufficient_scope\", scope=\"{scope}\"");
        assert_eq!(refused, (403, expected), "{path}");
    }
}

async fn two_headers_must_agree(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(&[]).await;
    let (key, other) = (client.key().to_owned(), app.key_in("default", "Other", &[]).await.secret);
    for (headers, expected) in [
        (vec![("x-api-key", key.as_str())], 200),
        (vec![("x-api-key", &other)], 400),
        (vec![("x-api-key", "")], 400),
        (vec![("authorization", "Basic YTpi")], 200),
        (vec![("authorization", &format!("bearer {key}"))], 200),
        (vec![("authorization", &format!("Bearer {other}"))], 400),
        (vec![("cookie", "session=1")], 200),
    ] {
        let answer = client.call(Method::GET, "/api/v1/whoami", None, &headers).await;
        assert_eq!(answer.status, expected, "{headers:?} {}", answer.text());
    }
    let cookie = app.anonymous().call(Method::GET, "/api/v1/whoami", None, &[("cookie", "session=1")]).await;
    assert_eq!(cookie.refusal(), (401, "missing_key".to_owned()));
    let in_url = client.get(&format!("/api/v1/whoami?key={other}")).await;
    assert_eq!(in_url.refusal(), (400, "invalid_request".to_owned()));
    assert!(!in_url.text().contains(&other[10..]));
}

async fn scopes_can_only_be_granted_by_their_holders(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(&["keys:write", "contacts:*"]).await;
    let create = async |scopes: &[&str]| {
        client.post("/api/v1/keys", json!({"client_name": "New", "scopes": scopes})).await.status.as_u16()
    };
    assert_eq!(create(&["contacts:read"]).await, 201);
    assert_eq!(create(&["contacts:*", "keys:write"]).await, 201);
    assert_eq!(create(&["keys:reveal"]).await, 403);
    assert_eq!(create(&["keys:*"]).await, 403);
}

store::on_both_databases!(
    all_invalid_keys_get_the_same_answer,
    a_foreign_key_gets_the_verdict_of_an_unknown_one,
    the_caller_is_checked_before_the_request,
    challenges_say_what_is_missing,
    two_headers_must_agree,
    scopes_can_only_be_granted_by_their_holders,
);
