//! "Why was I refused?", asked with the key that was refused.

use std::{collections::BTreeSet, net::SocketAddr};

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{HeaderValue, Method, Request, header},
};
use domain::NewKey;
use model::{Code, KeyId, NetworkSet, OriginSet, Overlap, SettingsPatch, TrustedProxies};
use serde_json::{Value, json};
use server::Gateway;
use store::{on_both_databases, testing::TestDatabase};

use crate::support::{Answer, FULL, Program, StoppedClock, TestApp, TestKey, init, keydesk, request};

on_both_databases!(
    each_refusal_is_explained_at_every_door,
    a_key_learns_of_its_own_refusals_and_of_nothing_else,
    a_revoked_key_is_told_that_and_no_more,
    a_batch_is_explained_in_its_order,
    every_refusal_has_an_id_of_its_own_by_which_it_is_found_for_a_day
);

async fn bound(app: &TestApp) -> TestKey {
    let operator = app.operator("default").await;
    let new = NewKey::of(SettingsPatch {
        scopes: Some(["contacts:read"].iter().map(|scope| scope.parse().unwrap()).collect()),
        allowed_ips: Some(NetworkSet::new(vec!["203.0.113.0/24".parse().unwrap()]).unwrap()),
        allowed_origins: Some(OriginSet::new(vec!["https://app.example.com".parse().unwrap()]).unwrap()),
        ..SettingsPatch::name("Bound")
    });
    let issued = app.keydesk.issue(&operator, new).await.unwrap();
    TestKey { id: issued.key.id.to_string(), secret: issued.secret.expose().to_owned() }
}

/// Asks `/authz` with a key, from an address, behind a proxy that is trusted.
async fn authz(app: &TestApp, key: &str, target: &str, headers: &[(&str, &str)]) -> Answer {
    // As bytes: what is no ASCII may be sent, too.
    let bearer = HeaderValue::from_bytes(format!("Bearer {key}").as_bytes()).unwrap();
    let mut request = Request::get(target).header(header::AUTHORIZATION, bearer);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let peer: SocketAddr = "10.0.0.1:4711".parse().unwrap();
    app.send(request.extension(ConnectInfo(peer)).body(Body::empty()).unwrap()).await
}

async fn behind_a_proxy(database: &TestDatabase) -> TestApp {
    let app = TestApp::new(database).await;
    let trusted_proxies = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
    let dispatcher = server::dispatcher_behind(&app.keydesk, Gateway { trusted_proxies, ..Gateway::default() });
    TestApp { dispatcher, ..app }
}

async fn explained(app: &TestApp, key: &str, refused: &Answer) -> Answer {
    let id = refused.header("x-request-id");
    app.with_key(key).get(&format!("/api/v1/explain/{id}")).await
}

fn fields(told: &Value) -> Value {
    json!([told["code"], told["check"], told["route"]["method"], told["route"]["path"]])
}

async fn each_refusal_is_explained_at_every_door(database: TestDatabase) {
    let app = behind_a_proxy(&database).await;
    let (key, verifier) = (bound(&app).await, app.client(&["keys:verify"]).await);
    let plain = app.key_in("default", "Plain", &["contacts:read"]).await;
    let (near, far) = (("x-forwarded-for", "203.0.113.9"), ("x-forwarded-for", "198.51.100.4"));
    let page = ("origin", "https://app.example.com");
    let original = [("x-original-method", "PUT"), ("x-original-uri", "/v1/contacts/7?token=x")];

    let refused = authz(&app, &key.secret, "/authz?scope=contacts:read", &[far, page]).await;
    assert_eq!(refused.refusal(), (403, "ip_not_allowed".to_owned()));
    let told = explained(&app, &key.secret, &refused).await;
    assert_eq!(told.status, 200, "{}", told.text());
    assert!(!told.text().contains("203.0.113"), "{}", told.text());
    assert_eq!(told.header("cache-control"), "no-store");
    let told = told.json();
    assert_eq!(fields(&told), json!(["ip_not_allowed", "address", "GET", "/authz"]));
    assert_eq!((&told["address"], &told["others"]), (&json!("198.51.100.4"), &json!([])));
    assert!(told["mend"].as_str().unwrap().contains("allow 198.51.100.4"), "{told}");
    assert_eq!(told["request_id"], refused.header("x-request-id"));

    let foreign = ("origin", "https://evil.example");
    let refused = authz(&app, &key.secret, "/authz?scope=contacts:read", &[near, foreign]).await;
    let told = explained(&app, &key.secret, &refused).await.json();
    assert_eq!((&told["code"], &told["origin"]), (&json!("origin_not_allowed"), &json!("https://evil.example")));

    let [method, target] = original;
    let refused = authz(&app, &plain.secret, "/authz?scope=contacts:read&scope=data:write", &[method, target]).await;
    let told = explained(&app, &plain.secret, &refused).await.json();
    assert_eq!(fields(&told), json!(["insufficient_scope", "scopes", "PUT", "/v1/contacts/7"]));
    assert_eq!(told["missing_scopes"], json!(["data:write"]));

    let refused = authz(&app, &plain.secret, "/authz", &original).await;
    assert_eq!(refused.refusal(), (403, "no_route".to_owned()));
    let told = explained(&app, &plain.secret, &refused).await.json();
    assert_eq!(fields(&told), json!(["no_route", "route", "PUT", "/v1/contacts/7"]));

    let refused = authz(&app, &plain.secret, "/authz?mode=nginx&scope=data:write", &[]).await;
    assert_eq!(explained(&app, &plain.secret, &refused).await.json()["code"], "insufficient_scope");

    let refused = app.with_key(&plain.secret).get("/api/v1/keys/0198-nonsense").await;
    assert_eq!(refused.status, 403);
    let told = explained(&app, &plain.secret, &refused).await.json();
    assert_eq!(fields(&told), json!(["insufficient_scope", "scopes", "GET", "/api/v1/keys/{id}"]));

    let refused = verifier.post("/api/v1/keys/verify", json!({"key": plain.secret, "environment": "test"})).await;
    assert_eq!(refused.json()["code"], "ENVIRONMENT_NOT_ALLOWED");
    let told = explained(&app, &plain.secret, &refused).await.json();
    assert_eq!(fields(&told), json!(["environment_not_allowed", "environment", "POST", "/api/v1/keys/verify"]));

    let (operator, id) = (app.operator("default").await, plain.id.parse::<KeyId>().unwrap());
    app.keydesk.set_enabled(&operator, id, false, None).await.unwrap();
    let refused = app.with_key(&plain.secret).get("/api/v1/whoami").await;
    assert_eq!(refused.refusal(), (401, "invalid_token".to_owned()));
    let told = explained(&app, &plain.secret, &refused).await.json();
    assert_eq!(fields(&told), json!(["key_disabled", "state", "GET", "/api/v1/whoami"]));
    assert!(told["ended_at"].is_string(), "{told}");
}

async fn a_key_learns_of_its_own_refusals_and_of_nothing_else(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    app.installation("other").await;
    let (own, others) = (bound(&app).await, app.key_in("default", "Others", &["keys:verify"]).await);
    let foreign = app.key_in("other", "Foreign", &["keys:verify"]).await;
    let verifying = app.with_key(&others.secret);
    let refused = verifying.post("/api/v1/keys/verify", json!({"key": own.secret, "ip": "198.51.100.4"})).await;
    assert_eq!(explained(&app, &own.secret, &refused).await.status, 200);
    let nobody_s = "01981d2c-9e5b-7c3a-8b1d-0123456789ab";
    let unknown = app.with_key(&others.secret).get(&format!("/api/v1/explain/{nobody_s}")).await.whole();
    // Whoever verified it, and whoever belongs elsewhere.
    for key in [&others.secret, &foreign.secret] {
        let answer = explained(&app, key, &refused).await;
        assert_eq!((answer.refusal(), answer.whole()), ((404, "not_found".to_owned()), unknown.clone()));
    }
    // A key that is not found where it was asked about is not known there.
    let asked = verifying.post("/api/v1/keys/verify", json!({"key": foreign.secret})).await;
    assert_eq!(asked.json()["code"], "NOT_FOUND");
    assert_eq!(explained(&app, &foreign.secret, &asked).await.whole(), unknown);
    // No key that is known: as everywhere.
    let unknown_key = own.secret.replace("ccc_live_", "ccd_live_");
    let elsewhere = app.with_key(&unknown_key).get("/api/v1/whoami").await.whole();
    for key in [&unknown_key[..], "nonsense"] {
        assert_eq!(explained(&app, key, &refused).await.whole(), elsewhere, "{key}");
    }
    let path = format!("/api/v1/explain/{}", refused.header("x-request-id"));
    assert_eq!(app.anonymous().get(&path).await.refusal(), (401, "missing_key".to_owned()));
    for path in [
        format!("{path}?x=1"),
        "/api/v1/explain/7".to_owned(),
        path.to_uppercase().replace("/API/V1/EXPLAIN", "/api/v1/explain"),
    ] {
        let status = app.with_key(&own.secret).get(&path).await.status.as_u16();
        let expected = if path.contains('?') {
            400
        } else if path.ends_with("/7") {
            404
        } else {
            200
        };
        assert_eq!(status, expected, "{path}");
    }
    // An id that a caller chooses is nobody's.
    let chosen = [("x-request-id", nobody_s)];
    let refused = app.with_key(&others.secret).call(Method::GET, "/api/v1/keys", None, &chosen).await;
    assert_eq!(refused.status, 403);
    assert_ne!(refused.header("x-request-id"), nobody_s);
    // Nothing is counted, and it works while the module is off.
    let counted = || app.keydesk.verifier().counters().verifications;
    let before = counted();
    app.keydesk.set_module(model::Actor::Operator, "default", false).await.unwrap();
    assert_eq!(explained(&app, &others.secret, &refused).await.status, 200);
    assert_eq!(counted(), before);
}

async fn a_revoked_key_is_told_that_and_no_more(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let operator = app.operator("default").await;
    let key = app.key_in("default", "Acme", &["contacts:read"]).await;
    let id: KeyId = key.id.parse().unwrap();
    let before = app.with_key(&key.secret).get("/api/v1/keys").await;
    let new = app.keydesk.rotate(&operator, id, Overlap::try_from(0).unwrap(), None).await.unwrap();
    let refused = app.with_key(&key.secret).get("/api/v1/whoami").await;
    let revoked = |answer: &Answer| json!({"request_id": answer.header("x-request-id"), "code": "key_revoked"});
    for refused in [&before, &refused] {
        assert_eq!(explained(&app, &key.secret, refused).await.json(), revoked(refused), "by the secret that ended");
    }
    let told = explained(&app, new.secret.expose(), &refused).await.json();
    assert_eq!((&told["code"], &told["check"]), (&json!("secret_ended"), &json!("secret")), "by the key's new secret");
    assert_eq!(explained(&app, new.secret.expose(), &before).await.json()["code"], "insufficient_scope");
    app.keydesk.delete(&operator, id, None).await.unwrap();
    for secret in [&key.secret, new.secret.expose()] {
        assert_eq!(explained(&app, secret, &before).await.json(), revoked(&before));
    }
    let other = app.key_in("default", "Beta", &["contacts:read"]).await;
    let other_s = app.with_key(&other.secret).get("/api/v1/keys").await;
    assert_eq!(explained(&app, &key.secret, &other_s).await.status, 404);
}

async fn a_batch_is_explained_in_its_order(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let (one, two) = (app.key_in("default", "One", &["contacts:read"]).await, bound(&app).await);
    let verifying = app.client(&["keys:verify"]).await;
    let calls = json!({"calls": [
        {"key": one.secret, "scopes": ["data:write"]},
        {"key": two.secret},
        {"key": one.secret},
        {"key": one.secret, "environment": "test"},
        {"key": "nonsense"},
    ]});
    let refused = verifying.post("/api/v1/keys/verify-batch", calls).await;
    let told = explained(&app, &one.secret, &refused).await.json();
    assert_eq!(fields(&told), json!(["insufficient_scope", "scopes", "POST", "/api/v1/keys/verify-batch"]));
    assert_eq!(told["others"].as_array().unwrap().len(), 1);
    assert_eq!(told["others"][0]["code"], "environment_not_allowed");
    let told = explained(&app, &two.secret, &refused).await.json();
    assert_eq!((&told["code"], &told["others"]), (&json!("ip_not_allowed"), &json!([])));
}

async fn every_refusal_has_an_id_of_its_own_by_which_it_is_found_for_a_day(database: TestDatabase) {
    let clock = StoppedClock::at("2026-11-22T21:20:00Z");
    let app = TestApp::by_clock(&database, &clock).await;
    let (manager, verifier) = (app.client(FULL).await, app.client(&["keys:verify"]).await);
    let limited = json!({
        "client_name": "Limited",
        "scopes": ["calls:read"],
        "quotas": [{"name": "q", "limit": 1, "period": "month"}],
    });
    let made = manager.post("/api/v1/keys", limited).await.json();
    let (limited, bound) = (made["key"].as_str().unwrap(), bound(&app).await.secret);
    assert_eq!(app.with_key(limited).get("/authz?scope=calls:read").await.status, 200);
    let verify = async |key: &str| verifier.post("/api/v1/keys/verify", json!({ "key": key })).await;
    let mut ids = BTreeSet::new();
    for (key, refused, code) in [
        (limited, app.with_key(limited).get("/authz?scope=calls:read").await, "quota_exceeded"),
        (limited, app.with_key(limited).get("/authz?mode=nginx&scope=calls:read").await, "quota_exceeded"),
        (limited, app.with_key(limited).get("/api/v1/keys").await, "insufficient_scope"),
        (limited, verify(limited).await, "quota_exceeded"),
        (&bound, app.with_key(&bound).get("/authz?scope=contacts:read").await, "ip_not_allowed"),
        (&bound, app.with_key(&bound).get("/api/v1/whoami").await, "ip_not_allowed"),
        (&bound, verify(&bound).await, "ip_not_allowed"),
        ("nonsense", app.with_key("nonsense").get("/authz?scope=contacts:read").await, ""),
        ("nonsense", app.with_key("nonsense").get("/api/v1/keys").await, ""),
        ("nonsense", verify("nonsense").await, ""),
        ("", app.anonymous().get("/authz").await, ""),
        ("", app.anonymous().get("/api/v1/keys").await, ""),
    ] {
        let id = refused.header("x-request-id").to_owned();
        assert_eq!(refused.json()["request_id"], id.as_str(), "{}", refused.text());
        assert!(ids.insert(id), "{}", refused.text());
        if !code.is_empty() {
            assert_eq!(explained(&app, key, &refused).await.json()["code"], code, "{}", refused.text());
        } else if !key.is_empty() {
            // Nothing beyond that it is no key.
            assert_eq!(explained(&app, key, &refused).await.refusal(), (401, "invalid_token".to_owned()));
        }
    }
    let refused = app.with_key(limited).get("/authz?scope=calls:read").await;
    clock.advance(24 * 3_600_000 - 1);
    assert_eq!(explained(&app, limited, &refused).await.status, 200);
    clock.advance(1);
    assert_eq!(explained(&app, limited, &refused).await.refusal(), (404, "not_found".to_owned()));
}

#[tokio::test]
async fn whoever_guesses_is_slowed_down_and_good_keys_from_there_are_not() {
    let database = TestDatabase::sqlite().await;
    let app = behind_a_proxy(&database).await;
    app.installation("other").await;
    let good = app.key_in("default", "Good", &["contacts:read"]).await.secret;
    let foreign = app.key_in("other", "Foreign", &["contacts:read"]).await.secret;
    let verifying = app.client(&["keys:verify"]).await;
    let unknown = {
        let other = TestDatabase::sqlite().await;
        let elsewhere = TestApp::new(&other).await;
        elsewhere.key_in("default", "Elsewhere", &[]).await.secret
    };
    let ask = async |key: &str, address: &str| {
        authz(&app, key, "/authz?scope=contacts:read", &[("x-forwarded-for", address)]).await
    };
    let at_first = ask("nonsense", "2001:db8::1").await;
    assert_eq!(at_first.status, 401);
    for number in 0..120 {
        ask("nonsense", &format!("2001:db8::{number:x}")).await;
    }
    // One more may come every second, and this takes less.
    let slowed = ask("nonsense", "2001:db8::2").await;
    assert_eq!(slowed.refusal(), (429, "too_many_failed_keys".to_owned()));
    assert_eq!(slowed.header("retry-after"), "1");
    for key in [&unknown[..], &foreign, "", "ccc_live_x", "schl\u{fc}ssel"] {
        assert_eq!(ask(key, "2001:db8::3").await.whole(), slowed.whole(), "{key}");
    }
    assert_eq!(ask(&good, "2001:db8::2").await.status, 200, "a good key goes on");
    for key in ["nonsense", &unknown, &foreign] {
        assert_eq!(ask(key, "2001:db8:0:1::1").await.whole(), at_first.whole(), "another network: {key}");
    }
    // Verifying counts the address that is named, and not the caller's own.
    let verify = async |key: &str, ip: &str| {
        let answer = verifying.post("/api/v1/keys/verify", json!({"key": key, "ip": ip})).await.json();
        json!([answer["code"], answer["retry_after_seconds"]])
    };
    assert_eq!(verify("nonsense", "2001:db8::9").await, json!(["NOT_FOUND", 1]));
    assert_eq!(verify(&unknown, "2001:db8::9").await, json!(["NOT_FOUND", 1]));
    assert_eq!(verify(&foreign, "2001:db8::9").await, json!(["NOT_FOUND", 1]));
    assert_eq!(verify(&good, "2001:db8::9").await, json!(["VALID", null]));
    assert_eq!(verify("nonsense", "198.51.100.4").await, json!(["NOT_FOUND", null]));
    // One alert, and what becomes one event.
    let detected = app.keydesk.detect_guessing().await;
    let of_authz: Vec<_> = detected.iter().map(|seen| (seen.network.as_str(), seen.failed > 100)).collect();
    assert!(of_authz.iter().all(|seen| *seen == ("2001:db8::/64", true)) && detected.len() == 1, "{detected:?}");
    assert_eq!(app.keydesk.detect_guessing().await, []);
    let counters = app.keydesk.verifier().counters();
    assert!(counters.guesses_slowed > 20 && counters.guessing_sources == 1, "{counters:?}");
    assert!(counters.verifications[Code::Valid.index()] > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_asks_by_the_id_of_the_request() {
    let database = TestDatabase::sqlite().await;
    let data = database.dir().join("data");
    init(&data, &[]).await;
    let printed = keydesk(&data, &["key", "create", "--client-name", "Acme", "--scope", "calls:read", "--json"]).await;
    let made: Value = serde_json::from_slice(&printed.stdout).unwrap();
    let program = Program::serve(&data, &[]).await;
    let secret = made["key"].as_str().unwrap();
    let (status, body) = request(&program.address, "GET", "/api/v1/keys", Some(secret), None).await.unwrap();
    let refused: Value = serde_json::from_str(body.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!((status, &refused["code"]), (403, &json!("insufficient_scope")));
    let id = refused["request_id"].as_str().unwrap();
    let known = crate::support::wait_until(async || keydesk(&data, &["explain", id]).await.status.success()).await;
    assert!(known, "it is written down");
    let printed = keydesk(&data, &["explain", id]).await.stdout;
    let printed = String::from_utf8(printed).unwrap();
    assert!(printed.contains("Ask an administrator to grant keys:read.") && printed.contains("Acme"), "{printed}");
    let told: Value = serde_json::from_slice(&keydesk(&data, &["explain", id, "--json"]).await.stdout).unwrap();
    assert_eq!((&told["items"][0]["code"], &told["items"][0]["key_id"]), (&json!("insufficient_scope"), &made["id"]));
    let unknown = keydesk(&data, &["explain", "01981d2c-9e5b-7c3a-8b1d-0123456789ab"]).await;
    assert_eq!(unknown.status.code(), Some(1));
}
