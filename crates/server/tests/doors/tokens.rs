//! Derived tokens at every door: made with a key, taken wherever a key is, and never for more.

use std::sync::Arc;

use axum::{
    body::Body,
    http::{Method, Request, header},
};
use domain::Clock as _;
use model::{Bearers, Instant, Route, RouteTable, TrustedProxies};
use serde_json::{Value, json};
use server::Gateway;
use store::{on_both_databases, testing::TestDatabase};

use crate::support::{Answer, FULL, Program, StoppedClock, TestApp, init, keydesk};

on_both_databases!(
    a_key_makes_tokens_for_itself_that_are_no_wider,
    a_token_is_taken_wherever_a_key_is,
    a_token_manages_no_keys_and_makes_no_further_tokens,
    a_route_for_keys_alone_takes_no_token_where_proxies_ask,
    an_expired_token_is_refused_and_explained
);

/// A token of a key, and the instant until which it works.
async fn made(app: &TestApp, key: &str, body: Value) -> (String, Instant) {
    let answer = app.with_key(key).post("/api/v1/tokens", body).await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (201, "no-store"), "{}", answer.text());
    let json = answer.json();
    assert_eq!(json.as_object().unwrap().len(), 2, "{json}");
    (json["token"].as_str().unwrap().to_owned(), json["expires_at"].as_str().unwrap().parse().unwrap())
}

async fn authz(app: &TestApp, key: &str, scope: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request =
        Request::get(format!("/authz?scope={scope}")).header(header::AUTHORIZATION, format!("Bearer {key}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.send(request.body(Body::empty()).unwrap()).await
}

async fn a_key_makes_tokens_for_itself_that_are_no_wider(database: TestDatabase) {
    let clock = StoppedClock::at("2026-11-22T21:20:00.750Z");
    let app = TestApp::by_clock(&database, &clock).await;
    let key = app.key_in("default", "Acme", &["contacts:*", "calls:read"]).await;
    let now = Instant::from_millis(clock.now().as_millis().div_euclid(1000) * 1000);
    for (body, seconds) in [(json!({}), 900), (json!({ "expires_in": 1 }), 1), (json!({ "expires_in": 3600 }), 3600)] {
        let (token, expires_at) = made(&app, &key.secret, body).await;
        assert_eq!(expires_at, now.plus_millis(seconds * 1000));
        assert_eq!(token.split('.').count(), 3);
    }
    for (body, expected) in [
        (json!({ "scopes": ["keys:read"] }), (403, "scope_escalation")),
        (json!({ "scopes": ["contacts:read", "calls:*"] }), (403, "scope_escalation")),
        (json!({ "scopes": ["all"] }), (400, "invalid_request")),
        (json!({ "expires_in": 0 }), (400, "invalid_request")),
        (json!({ "expires_in": 3601 }), (400, "invalid_request")),
        (json!({ "expires_in": "900" }), (400, "invalid_request")),
        (json!({ "origin": "shop.example" }), (400, "invalid_request")),
        (json!({ "resources": { "queue": [] } }), (400, "invalid_request")),
        (json!({ "resources": { "agent": ["a"] } }), (400, "invalid_request")),
        (json!({ "key": "x" }), (400, "invalid_request")),
        (json!([]), (400, "invalid_request")),
    ] {
        let refused = app.with_key(&key.secret).post("/api/v1/tokens", body.clone()).await.refusal();
        assert_eq!(refused, (expected.0, expected.1.to_owned()), "{body}");
    }
    let operator = app.operator("default").await;
    let bound = app.key_in("default", "Bound", &["live:read"]).await;
    let patch = model::SettingsPatch {
        allowed_origins: Some(model::OriginSet::new(["https://*.shop.example".parse().unwrap()]).unwrap()),
        ..model::SettingsPatch::default()
    };
    app.keydesk.update(&operator, bound.id.parse().unwrap(), patch, None).await.unwrap();
    let ask = async |origin: &str| {
        let body = json!({ "origin": origin }).to_string();
        let from = [("origin", "https://www.shop.example")];
        app.with_key(&bound.secret).call(Method::POST, "/api/v1/tokens", Some(&body), &from).await
    };
    assert_eq!(ask("https://a.shop.example").await.status, 201);
    assert_eq!(ask("https://other.example").await.refusal(), (403, "bounds_escalation".to_owned()));
}

async fn a_token_is_taken_wherever_a_key_is(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let key = app.key_in("default", "Acme", &["contacts:read", "calls:read"]).await;
    let caller = app.client(&["keys:verify"]).await;
    let body = json!({
        "scopes": ["contacts:read"],
        "origin": "https://shop.example",
        "resources": { "queue": ["q1"] },
    });
    let (token, expires_at) = made(&app, &key.secret, body).await;
    let page = ("origin", "https://shop.example");

    let verdict = caller
        .post(
            "/api/v1/keys/verify",
            json!({ "key": token, "origin": "https://shop.example", "scopes": ["contacts:read"] }),
        )
        .await
        .json();
    assert_eq!((&verdict["code"], &verdict["key_id"]), (&json!("VALID"), &json!(key.id)), "{verdict}");
    assert_eq!((&verdict["scopes"], &verdict["expires_at"]), (&json!(["contacts:read"]), &json!(expires_at)));
    assert_eq!(verdict["resources"], json!({ "queue": ["q1"] }));
    for (more, code) in [
        (json!({ "origin": "https://shop.example", "scopes": ["calls:read"] }), "INSUFFICIENT_SCOPE"),
        (json!({ "origin": "https://evil.example" }), "ORIGIN_NOT_ALLOWED"),
        (json!({}), "ORIGIN_NOT_ALLOWED"),
    ] {
        let mut call = more.clone();
        call["key"] = json!(format!(" {token}\n"));
        let verdict = caller.post("/api/v1/keys/verify", call).await.json();
        assert_eq!(verdict["code"], code, "{more}");
    }
    let batch = json!({ "calls": [{ "key": token }, { "key": key.secret }] });
    let batch = caller.post("/api/v1/keys/verify-batch", batch).await.json();
    assert_eq!((&batch["answers"][0]["key_id"], &batch["answers"][1]["key_id"]), (&json!(key.id), &json!(key.id)));
    assert_eq!(batch["answers"][0]["resources"], json!({ "queue": ["q1"] }), "refused or not");
    assert_eq!(batch["answers"][1].get("resources"), None, "a key reaches all that it reaches");

    let allowed = authz(&app, &token, "contacts:read", &[page]).await;
    assert_eq!(allowed.status, 200);
    assert_eq!(allowed.header("x-keydesk-key-id"), key.id);
    assert_eq!(allowed.header("x-keydesk-scopes"), "contacts:read");
    assert_eq!(allowed.header("x-keydesk-resources"), "queue=q1");
    assert_eq!(authz(&app, &key.secret, "contacts:read", &[]).await.header("x-keydesk-resources"), "");
    let refused = authz(&app, &token, "calls:read", &[page]).await;
    assert_eq!(refused.refusal(), (403, "insufficient_scope".to_owned()));
    let forged = authz(&app, &token, "contacts:read", &[page, ("x-keydesk-resources", "queue=q2")]).await;
    assert_eq!(forged.refusal(), (400, "invalid_request".to_owned()), "nobody else says what it reaches");
    let both = authz(&app, &token, "contacts:read", &[page, ("x-api-key", &key.secret)]).await;
    assert_eq!(both.refusal(), (400, "invalid_request".to_owned()), "two keys");

    let me = app.with_key(&token).call(Method::GET, "/api/v1/whoami", None, &[page]).await.json();
    assert_eq!((&me["id"], &me["scopes"]), (&json!(key.id), &json!(["contacts:read"])), "{me}");
    assert_eq!(me["token"]["expires_at"], json!(expires_at));
    assert_eq!(me["token"]["resources"], json!({ "queue": ["q1"] }));
    assert_eq!(app.with_key(&key.secret).get("/api/v1/whoami").await.json().get("token"), None);
    for path in ["/api/v1/scopes", "/api/v1/presets"] {
        assert_eq!(app.with_key(&token).call(Method::GET, path, None, &[page]).await.status, 200, "{path}");
    }
    app.keydesk.delete(&app.operator("default").await, key.id.parse().unwrap(), None).await.unwrap();
    assert_eq!(authz(&app, &token, "contacts:read", &[page]).await.refusal(), (401, "invalid_token".to_owned()));
}

async fn a_token_manages_no_keys_and_makes_no_further_tokens(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let key = app.key_in("default", "Manager", &[FULL, &["usage:read", "audit:read", "webhooks:*"]].concat()).await;
    let (token, _) = made(&app, &key.secret, json!({})).await;
    let client = app.with_key(&token);
    for path in ["/api/v1/keys", "/api/v1/usage", "/api/v1/audit", "/api/v1/webhooks", "/api/v1/limits"] {
        assert_eq!(client.get(path).await.refusal(), (403, "token_not_allowed".to_owned()), "{path}");
    }
    for (path, body) in [
        ("/api/v1/keys".to_owned(), json!({ "client_name": "More" })),
        (format!("/api/v1/keys/{}/reveal", key.id), json!({})),
        (format!("/api/v1/keys/{}/rotate", key.id), json!({ "overlap_seconds": 60 })),
        ("/api/v1/tokens".to_owned(), json!({})),
    ] {
        assert_eq!(client.post(&path, body).await.refusal(), (403, "token_not_allowed".to_owned()), "{path}");
    }
    let verdict = client.post("/api/v1/keys/verify", json!({ "key": key.secret })).await.json();
    assert_eq!(verdict["code"], "VALID", "to verify is not to manage");
}

async fn a_route_for_keys_alone_takes_no_token_where_proxies_ask(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let key = app.key_in("default", "Acme", &["contacts:read"]).await;
    let (token, _) = made(&app, &key.secret, json!({})).await;
    let route = |path| Route::new("POST", path, Vec::new()).unwrap();
    let routes = vec![route("/v1/hooks").of_bearers(Bearers::KeysAlone), route("/v1/calls")];
    let gateway =
        Gateway { routes: Arc::new(RouteTable::new(routes).unwrap()), trusted_proxies: TrustedProxies::default() };
    let behind = TestApp { dispatcher: server::dispatcher_behind(&app.keydesk, gateway), ..app };
    let asked = async |secret: &str, target: &str| {
        let request = Request::get("/authz")
            .header(header::AUTHORIZATION, format!("Bearer {secret}"))
            .header("x-original-method", "POST")
            .header("x-original-uri", target);
        behind.send(request.body(Body::empty()).unwrap()).await
    };
    assert_eq!(asked(&token, "/v1/hooks").await.refusal(), (403, "token_not_allowed".to_owned()));
    assert_eq!(asked(&token, "/v1/calls").await.status, 200);
    assert_eq!(asked(&key.secret, "/v1/hooks").await.status, 200);
}

async fn an_expired_token_is_refused_and_explained(database: TestDatabase) {
    let clock = StoppedClock::at("2026-11-22T21:20:00.750Z");
    let app = TestApp::by_clock(&database, &clock).await;
    let key = app.key_in("default", "Acme", &["contacts:read"]).await;
    let caller = app.client(&["keys:verify"]).await;
    let (token, expires_at) = made(&app, &key.secret, json!({ "expires_in": 60 })).await;
    clock.advance(60_000);
    let verdict = caller.post("/api/v1/keys/verify", json!({ "key": token })).await.json();
    assert_eq!((&verdict["code"], &verdict["key_id"]), (&json!("EXPIRED"), &json!(key.id)));
    let refused = authz(&app, &token, "contacts:read", &[]).await;
    assert_eq!(refused.refusal(), (401, "invalid_token".to_owned()));
    let id = refused.header("x-request-id");
    let told = app.with_key(&token).get(&format!("/api/v1/explain/{id}")).await.json();
    assert_eq!((&told["code"], &told["check"]), (&json!("token_expired"), &json!("expiry")), "{told}");
    assert_eq!(told["ended_at"], json!(expires_at));
    assert!(told["mend"].as_str().unwrap().contains("another token"), "{told}");
    // One that nobody has signed is told what every unknown key is told.
    let altered = format!("{}{}", &token[..token.len() - 8], "AAAAAAAA");
    let unknown = authz(&app, &altered, "contacts:read", &[]).await;
    let fields = |answer: &Answer| {
        let json = answer.json();
        (json["title"].clone(), json["detail"].clone(), json["code"].clone())
    };
    assert_eq!(fields(&unknown), fields(&authz(&app, "ccc_live_nonsense", "contacts:read", &[]).await));
    let verdict = caller.post("/api/v1/keys/verify", json!({ "key": altered })).await.json();
    assert_eq!((&verdict["code"], verdict.get("key_id")), (&json!("NOT_FOUND"), None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_makes_tokens_and_rotates_what_signs_them() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    init(data, &[]).await;
    let program = Program::serve(data, &[]).await;
    let did = async |args: &[&str]| -> Value {
        let output = keydesk(data, args).await;
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let key =
        did(&["key", "create", "--client-name", "Acme", "--scope", "live:read", "--scope", "keys:verify", "--json"])
            .await;
    let (id, secret) = (key["id"].as_str().unwrap(), key["key"].as_str().unwrap());
    let args = ["token", id, "--scope", "live:read", "--queue", "q1", "--expires-in", "1h", "--json"];
    let made = did(&args).await;
    let token = made["token"].as_str().unwrap();
    let code = async |token: &str| {
        let body = json!({ "key": token }).to_string();
        let answer =
            crate::support::request(&program.address, "POST", "/api/v1/keys/verify", Some(secret), Some(&body));
        let (_, answer) = answer.await.unwrap();
        let body: Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
        body["code"].as_str().unwrap().to_owned()
    };
    assert_eq!(code(token).await, "VALID", "the running server knows it");
    for (args, words) in [
        (&["token", id, "--scope", "calls:read"][..], "The key does not hold calls:read."),
        (&["token", id, "--queue", "a b"], "--queue must be ids"),
        (&["token", "01890a5d-ac96-774b-bcce-b302099a8057"], "There is no such API key"),
    ] {
        let output = keydesk(data, args).await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && said.contains(words), "{args:?}: {said}");
    }
    let misused = keydesk(data, &["token", id, "--expires-in", "2h"]).await;
    assert_eq!(misused.status.code(), Some(2), "{}", String::from_utf8_lossy(&misused.stderr));
    did(&["keyring", "add", "token", "--json"]).await;
    did(&["keyring", "use", "token", "t1", "--json"]).await;
    let listed = did(&["keyring", "list", "--json"]).await;
    let signing: Vec<_> = listed.as_array().unwrap().iter().filter(|key| key["kind"] == "token").collect();
    assert_eq!((&signing[0]["id"], &signing[0]["first"]), (&json!("t1"), &json!(true)), "{listed}");
    let published = async || {
        let (_, answer) =
            crate::support::request(&program.address, "GET", "/.well-known/jwks.json", None, None).await.unwrap();
        answer.contains("\"kid\":\"t1\"")
    };
    assert!(crate::support::wait_until(published).await, "{}", program.printed());
    let newer = did(&args).await;
    assert_eq!(code(newer["token"].as_str().unwrap()).await, "VALID");
    assert_eq!(code(token).await, "VALID", "of the key before");
    program.kill().await;
}
