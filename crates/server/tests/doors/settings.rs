//! The settings of a key; its secrets, its hand-over links, and the list as a table.

use std::net::SocketAddr;

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Method, Request},
};
use domain::{Caller, Keydesk, NewKey, OpenOptions, Via};
use edge::Problem;
use model::{Catalogue, PlainSecret, ScopeEntry, SettingsPatch};
use serde_json::{Value, json};
use store::testing::TestDatabase;
use verify::Call;

use crate::support::{Answer, FULL, TestApp};

/// Every setting with a value that is not the usual one.
fn everything() -> Value {
    json!({
        "client_name": "Acme CRM", "preset": "crm", "scopes": ["calls:read"], "expires_at": "2099-01-31T00:00:00.000Z",
        "allowed_ips": ["2001:DB8::/32", "203.0.113.0/24"], "allowed_origins": ["https://*.Example.com:443"],
        "metadata": {"crm": "4711"}, "owner_email": "ada@example.com", "notes": "ring Ada first",
        "contact_centre": {"calls_per_hour": 60, "max_streams": 5},
    })
}

async fn every_setting_is_given_changed_and_taken_back(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(FULL).await;
    let created = client.post("/api/v1/keys", everything()).await;
    insta::assert_snapshot!("settings_create", created.whole());
    let path = created.header("location").to_owned();
    let back = json!({
        "client_name": "Acme", "preset": "custom", "scopes": [], "expires_at": null, "allowed_ips": [],
        "allowed_origins": [], "metadata": {}, "owner_email": null, "notes": null, "contact_centre": {},
    });
    insta::assert_snapshot!("settings_patch", client.patch(&path, back).await.whole());
    let again = client.patch(&path, everything()).await.json();
    for (name, value) in created.json().as_object().unwrap() {
        if !["key", "version", "updated_at"].contains(&name.as_str()) {
            assert_eq!(&again[name], value, "{name}");
        }
    }
    assert_eq!(again["version"], 3);
    let same = client.patch(&path, json!({})).await;
    assert_eq!((same.status.as_u16(), same.header("etag")), (200, "\"3\""));
    let secret = created.json()["key"].as_str().unwrap().to_owned();
    let itself = json!({"key": secret, "ip": "203.0.113.9", "origin": "https://app.example.com"});
    assert_eq!(client.post("/api/v1/keys/verify", itself).await.json()["code"], "VALID");
}

async fn an_invalid_value_is_refused_with_its_field_and_the_reason(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(FULL).await;
    let path = format!("/api/v1/keys/{}", app.key_in("default", "Acme", &[]).await.id);
    let pairs: serde_json::Map<_, _> = (0..17).map(|n| (n.to_string(), json!(""))).collect();
    let networks: Vec<_> = (0..101).map(|n| format!("10.0.0.{n}")).collect();
    for (field, value, at, words) in [
        ("allowed_ips", json!(["10.0.0.1", "010.0.0.1"]), "allowed_ips[1]", "begins with 0"),
        ("allowed_ips", json!(["::ffff:10.0.0.0/8"]), "allowed_ips[0]", "IPv4-mapped"),
        ("allowed_ips", json!(["fe80::1%eth0"]), "allowed_ips[0]", "zone"),
        ("allowed_ips", json!(["203.0.113.9/24"]), "allowed_ips[0]", "the network is 203.0.113.0/24"),
        ("allowed_ips", json!(["10.0.0.0/33"]), "allowed_ips[0]", "prefix length"),
        ("allowed_ips", json!([5]), "allowed_ips[0]", "must be a string"),
        ("allowed_ips", json!("10.0.0.1"), "allowed_ips", "must be a list"),
        ("allowed_ips", json!(networks), "allowed_ips", "0 to 100"),
        ("allowed_origins", json!(["https://example.com/"]), "allowed_origins[0]", "no path"),
        ("allowed_origins", json!(["*"]), "allowed_origins[0]", "https://"),
        ("allowed_origins", json!(["https://*"]), "allowed_origins[0]", "*.example.com"),
        ("metadata", json!(pairs), "metadata", "at most 16"),
        ("metadata", json!({"a": "x".repeat(1024)}), "metadata", "1024 bytes"),
        ("metadata", json!({"a": 5}), "metadata", "a string for each value"),
        ("metadata", json!({"a": "\u{0}"}), "metadata", "control"),
        ("metadata", json!([]), "metadata", "must be an object"),
        ("owner_email", json!("ada"), "owner_email", "email"),
        ("notes", json!("x".repeat(1001)), "notes", "1000"),
        ("notes", json!(" "), "notes", "null"),
        ("contact_centre", json!({"calls_per_hour": 1_000_001}), "contact_centre.calls_per_hour", "from 0 to 1000000"),
        (
            "contact_centre",
            json!({"call_prefixes": [{"prefix": "61", "calls_per_hour": 1}]}),
            "contact_centre.call_prefixes[0].prefix",
            "up to 15 digits",
        ),
        (
            "contact_centre",
            json!({"call_prefixes": [{"prefix": "+1"}, {"prefix": "+1"}]}),
            "contact_centre.call_prefixes",
            "another prefix",
        ),
        (
            "contact_centre",
            json!({"dialling_hours": {"from_hour": 20, "to_hour": 9}}),
            "contact_centre.dialling_hours",
            "full hour",
        ),
        ("contact_centre", json!({"agent_ids": ["ada"]}), "contact_centre.agent_ids[0]", "UUID"),
        ("contact_centre", json!({"calls": 1}), "contact_centre.calls", "not a field"),
        ("sandbox_world", json!("main"), "sandbox_world", "not main"),
        ("enabled", json!("true"), "enabled", "must be true or false"),
        ("enabled", json!(1), "enabled", "must be true or false"),
        ("enabled", json!([]), "enabled", "must be true or false"),
        ("expires_at", json!("tomorrow"), "expires_at", "RFC 3339"),
        // The page and the command line take this, but it is no instant.
        ("expires_at", json!("30d"), "expires_at", "RFC 3339"),
        ("expires_at", json!("2099-12-31"), "expires_at", "RFC 3339"),
        ("expires_at", json!("never"), "expires_at", "RFC 3339"),
        ("expires_at", json!("2099-12-31T00:00:00"), "expires_at", "RFC 3339"),
        ("expires_at", json!("2099-12-31T00:00+01:00"), "expires_at", "RFC 3339"),
        ("expires_at", json!("2099-12-31T00:00:00+0100"), "expires_at", "RFC 3339"),
        ("expires_at", json!("2099-12-31 00:00:00Z"), "expires_at", "RFC 3339"),
        ("expires_at", json!(""), "expires_at", "RFC 3339"),
        ("expires_at", json!(1_795_382_400_000_i64), "expires_at", "must be a string"),
    ] {
        let mut body = json!({"client_name": "Beta"});
        body[field] = value;
        for answer in [client.post("/api/v1/keys", body.clone()).await, client.patch(&path, body.clone()).await] {
            assert_eq!(answer.refusal(), (400, "invalid_request".to_owned()), "{field}");
            let error = &answer.json()["errors"][0];
            assert_eq!(error["field"], at);
            assert!(error["message"].as_str().unwrap().contains(words), "{error}");
        }
    }
    for body in [json!({"environment": "test"}), json!({"key": "x"}), json!({"rate_limit": {"limit": 1}})] {
        assert_eq!(client.patch(&path, body).await.refusal(), (400, "invalid_request".to_owned()));
    }
    // The key is live.
    let world = json!({"client_name": "Beta", "sandbox_world": "acme-ci"});
    for answer in [client.post("/api/v1/keys", world.clone()).await, client.patch(&path, world.clone()).await] {
        assert_eq!(answer.refusal(), (422, "invalid_setting".to_owned()));
        assert_eq!(answer.json()["errors"][0]["field"], "sandbox_world");
    }
    let past = json!({"client_name": "Beta", "expires_at": "2020-01-01T00:00:00Z"});
    for answer in [client.post("/api/v1/keys", past.clone()).await, client.patch(&path, past.clone()).await] {
        assert_eq!(answer.refusal(), (422, "invalid_setting".to_owned()));
        assert_eq!(answer.json()["errors"][0]["field"], "expires_at");
    }
    let stronger = client.patch(&path, json!({"scopes": ["data:write"]})).await;
    assert_eq!(stronger.refusal(), (403, "scope_escalation".to_owned()));
    assert_eq!(client.get(&path).await.json()["version"], 1, "nothing was changed");
}

/// A call from an address, perhaps from a web page.
async fn from(app: &TestApp, key: &str, ip: Option<&str>, origins: &[&str]) -> Answer {
    let mut request = Request::builder().method(Method::GET).uri("/api/v1/whoami").header("x-api-key", key);
    for origin in origins {
        request = request.header("origin", *origin);
    }
    let mut request = request.body(Body::empty()).unwrap();
    if let Some(ip) = ip {
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(ip.parse().unwrap(), 4711)));
    }
    app.send(request).await
}

async fn a_caller_is_bound_to_addresses_and_origins(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(FULL).await;
    let created = client.post("/api/v1/keys", everything()).await.json();
    let (path, key) = (format!("/api/v1/keys/{}", created["id"].as_str().unwrap()), created["key"].as_str().unwrap());
    let page = "https://app.example.com";
    for (ip, origins, expected) in [
        (Some("203.0.113.9"), &[page][..], 200),
        (Some("::ffff:203.0.113.9"), &[page], 200),
        (Some("198.51.100.1"), &[page], 403),
        (None, &[page], 403),
        (Some("203.0.113.9"), &[], 403),
        (Some("203.0.113.9"), &["https://example.com"], 403),
        (Some("203.0.113.9"), &[page, page], 403),
    ] {
        let answer = from(&app, key, ip, origins).await;
        assert_eq!(answer.status, expected, "{ip:?} {origins:?}");
        if expected == 403 {
            let known = ["ip_not_allowed", "origin_not_allowed"];
            assert!(known.contains(&answer.code().as_str()), "{}", answer.text());
        } else {
            assert_eq!(answer.json()["notes"], Value::Null, "notes are for whoever manages keys");
        }
    }
    for (body, expected) in [
        (json!({"key": key}), "IP_NOT_ALLOWED"),
        (json!({"key": key, "ip": "198.51.100.1", "origin": page}), "IP_NOT_ALLOWED"),
        (json!({"key": key, "ip": "203.0.113.9"}), "ORIGIN_NOT_ALLOWED"),
        (json!({"key": key, "ip": "203.0.113.9", "origin": page, "scopes": ["data:read"]}), "INSUFFICIENT_SCOPE"),
        (json!({"key": key, "ip": "::ffff:203.0.113.9", "origin": page, "scopes": ["calls:read"]}), "VALID"),
    ] {
        assert_eq!(client.post("/api/v1/keys/verify", body.clone()).await.json()["code"], expected, "{body}");
    }
    let free = client.patch(&path, json!({"allowed_ips": [], "allowed_origins": []})).await;
    assert_eq!(free.status, 200);
    assert_eq!(from(&app, key, None, &[]).await.status, 200);
}

/// Browsers name no origin where a page asks its own host, and say so.
async fn a_key_may_be_used_from_the_very_origin_that_it_is_bound_to(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(FULL).await;
    let made =
        client.post("/api/v1/keys", json!({"client_name": "Wall", "allowed_origins": ["https://desk.example"]})).await;
    let made = made.json();
    let key = made["key"].as_str().unwrap();
    for (lines, expected) in [
        (&[("host", "desk.example"), ("sec-fetch-site", "same-origin")][..], None),
        (&[("host", "desk.example"), ("origin", "https://desk.example")], None),
        (&[("host", "evil.example"), ("sec-fetch-site", "same-origin")], Some("pages of the host that is asked")),
        (&[("host", "desk.example"), ("sec-fetch-site", "same-site")], Some("does not say from which page")),
        (&[("host", "desk.example"), ("sec-fetch-site", "cross-site")], Some("does not say from which page")),
        (&[("host", "desk.example")], Some("does not say from which page")),
        // A page could have written it.
        (
            &[("host", "evil.example"), ("x-forwarded-host", "desk.example"), ("sec-fetch-site", "same-origin")],
            Some("pages of the host that is asked"),
        ),
        (&[("host", "desk.example"), ("origin", "null")], Some("Origin is null")),
        (&[("host", "desk.example"), ("origin", "https://evil.example")], Some("the request's Origin header names")),
    ] {
        for uri in ["/api/v1/whoami", "/authz?scope=live:read"] {
            let mut request = Request::builder().method(Method::GET).uri(uri).header("x-api-key", key);
            for (name, value) in lines {
                request = request.header(*name, *value);
            }
            let answer = app.send(request.body(Body::empty()).unwrap()).await;
            match expected {
                // It holds no scope.
                None if uri.starts_with("/authz") => assert_eq!(answer.code(), "insufficient_scope", "{lines:?}"),
                None => assert_eq!(answer.status, 200, "{lines:?}: {}", answer.text()),
                Some(words) => {
                    assert_eq!(answer.code(), "origin_not_allowed", "{lines:?}");
                    assert!(answer.text().contains(words), "{lines:?}: {}", answer.text());
                }
            }
        }
    }
}

async fn keys_are_disabled_and_enabled(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(FULL).await;
    let (one, two) = (app.key_in("default", "One", &[]).await, app.key_in("default", "Two", &[]).await);
    let default = app.keydesk.default_key(&app.operator("default").await).await.unwrap().id;
    let off =
        client.call(Method::POST, &format!("/api/v1/keys/{}/disable", one.id), None, &[("if-match", "\"1\"")]).await;
    assert_eq!((off.status.as_u16(), off.header("etag"), &off.json()["status"]), (200, "\"2\"", &json!("disabled")));
    assert_eq!(client.post("/api/v1/keys/verify", json!({"key": one.secret})).await.json()["code"], "DISABLED");
    let moved =
        client.call(Method::POST, &format!("/api/v1/keys/{}/enable", one.id), None, &[("if-match", "\"1\"")]).await;
    assert_eq!(moved.refusal(), (412, "version_moved".to_owned()));
    let ids = json!({"ids": [one.id, two.id, default]});
    let skipped = json!([{"id": default, "code": "default_key_protected"}]);
    let off = client.post("/api/v1/keys/bulk-disable", ids.clone()).await.json();
    assert_eq!(off, json!({"changed": [two.id], "unchanged": [one.id], "skipped": skipped}));
    let on = client.post("/api/v1/keys/bulk-enable", ids).await.json();
    assert_eq!(on, json!({"changed": [one.id, two.id], "unchanged": [], "skipped": skipped}));
    for verb in ["disable", "enable"] {
        let refused = client.post(&format!("/api/v1/keys/{default}/{verb}"), json!(null)).await;
        assert_eq!(refused.refusal(), (403, "default_key_protected".to_owned()));
    }
}

async fn a_key_is_created_disabled_and_enabled_by_an_edit(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(FULL).await;
    let new = json!({"client_name": "Acme", "scopes": ["calls:read"], "enabled": false});
    let created = client.post("/api/v1/keys", new).await;
    assert_eq!((created.status.as_u16(), &created.json()["status"]), (201, &json!("disabled")));
    let (path, secret) = (created.header("location").to_owned(), created.json()["key"].clone());
    let code = async || client.post("/api/v1/keys/verify", json!({"key": secret})).await.json()["code"].clone();
    assert_eq!(code().await, "DISABLED");
    let edited = json!({"client_name": "Beta", "enabled": true});
    let weak = app.client(&["keys:write"]).await.patch(&path, edited.clone()).await;
    assert_eq!((weak.refusal(), code().await), ((403, "scope_escalation".to_owned()), json!("DISABLED")));
    let refused = client.patch(&path, json!({"client_name": "", "enabled": true})).await;
    assert_eq!((refused.refusal(), code().await), ((422, "invalid_client_name".to_owned()), json!("DISABLED")));
    let on = client.call(Method::PATCH, &path, Some(&edited.to_string()), &[("if-match", "\"1\"")]).await;
    assert_eq!((on.status.as_u16(), on.header("etag"), &on.json()["status"]), (200, "\"2\"", &json!("active")));
    assert_eq!((&on.json()["client_name"], code().await), (&json!("Beta"), json!("VALID")));
    // Settings that are not given stay.
    for body in [json!({}), json!({"client_name": "Gamma"}), json!({"enabled": null})] {
        assert_eq!(client.patch(&path, body).await.json()["status"], "active");
    }
    assert_eq!(client.patch(&path, json!({"enabled": false})).await.json()["status"], "disabled");
    assert_eq!(client.patch(&path, json!({"client_name": "Delta"})).await.json()["status"], "disabled");
}

async fn a_rotation(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(FULL).await;
    let old = app.key_in("default", "Acme", &["calls:read"]).await;
    let path = format!("/api/v1/keys/{}", old.id);
    let code = async |key: &str| client.post("/api/v1/keys/verify", json!({"key": key})).await.json()["code"].clone();
    let rotated = client.post(&format!("{path}/rotate"), json!({"overlap_seconds": 86_400})).await;
    insta::assert_snapshot!("settings_rotate", rotated.whole());
    let new = rotated.json()["key"].as_str().unwrap().to_owned();
    assert_eq!((code(&old.secret).await, code(&new).await), (json!("VALID"), json!("VALID")));
    insta::assert_snapshot!("settings_secrets", client.get(&format!("{path}/secrets")).await.whole());
    let ended = client.post(&format!("{path}/end-overlap"), json!(null)).await;
    assert_eq!((ended.status.as_u16(), ended.header("etag")), (200, "\"3\""));
    assert_eq!((code(&old.secret).await, code(&new).await), (json!("REVOKED"), json!("VALID")));
    for body in [
        json!({}),
        json!({"overlap_seconds": -1}),
        json!({"overlap_seconds": 2_592_001}),
        json!({"overlap_seconds": "1"}),
    ] {
        let refused = client.post(&format!("{path}/rotate"), body).await;
        assert_eq!(refused.refusal(), (400, "invalid_request".to_owned()));
        assert_eq!(refused.json()["errors"][0]["field"], "overlap_seconds");
    }
    let weak = app.client(&["keys:write"]).await;
    let refused = weak.post(&format!("{path}/rotate"), json!({"overlap_seconds": 0})).await;
    assert_eq!(refused.refusal(), (403, "scope_escalation".to_owned()));
    assert_eq!(code(&new).await, "VALID");
}

async fn a_hand_over(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(FULL).await;
    let key = app.key_in("default", "Acme", &["calls:read"]).await;
    let path = format!("/api/v1/keys/{}/handover", key.id);
    let made = client.post(&path, json!(null)).await;
    assert_eq!((made.status.as_u16(), made.header("cache-control")), (201, "no-store"));
    let token = made.json()["token"].as_str().unwrap().to_owned();
    assert_eq!(made.json()["path"], format!("/handover#{token}"));
    let listed = client.get(&path).await;
    assert!(!listed.text().contains(&token));
    assert_eq!(
        (listed.json()["items"].as_array().unwrap().len(), &listed.json()["items"][0]["opened_at"]),
        (1, &Value::Null)
    );
    let opened = app.keydesk.open_handover(&PlainSecret::new(token), &Via::default()).await.unwrap();
    assert_eq!(opened.secret.expose(), key.secret);
    assert!(client.get(&path).await.json()["items"][0]["opened_at"].is_string());
    let waiting = client.post(&path, json!(null)).await.json();
    let link = format!("{path}/{}", waiting["id"].as_str().unwrap());
    let reader = app.client(&["keys:read", "keys:reveal"]).await;
    assert_eq!(reader.delete(&link).await.refusal(), (403, "insufficient_scope".to_owned()));
    let writer = app.client(&["keys:write", "keys:read"]).await;
    assert_eq!(writer.delete(&format!("{path}/x")).await.refusal(), (404, "not_found".to_owned()));
    assert_eq!(writer.delete(&link).await.status, 204);
    assert_eq!(writer.delete(&link).await.refusal(), (410, "handover_over".to_owned()));
    assert!(client.get(&path).await.json()["items"][0]["withdrawn_at"].is_string());
    let refused = writer.post(&path, json!(null)).await;
    assert_eq!(refused.refusal(), (403, "insufficient_scope".to_owned()), "it shows a secret");
}

async fn the_list_as_a_table(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(&["keys:read"]).await;
    let new = |number| NewKey::of(SettingsPatch::name(format!("=Client {number:04}")));
    app.keydesk.issue_many(&app.operator("default").await, (0..1_100).map(new).collect()).await.unwrap();
    let table = client.get("/api/v1/keys.csv?search=client&sort=-client_name").await;
    assert_eq!((table.status.as_u16(), table.header("content-type")), (200, "text/csv; charset=utf-8; header=present"));
    assert_eq!(table.header("content-disposition"), "attachment; filename=\"api-keys.csv\"");
    let text = table.text();
    let lines: Vec<_> = text.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 1_101);
    assert!(lines[1].starts_with("\"'=Client 1099\",ccc_live_"), "{}", lines[1]);
    for bad in ["?limit=5", "?cursor=x", "?status=odd", "?expiring_before=soon"] {
        assert_eq!(client.get(&format!("/api/v1/keys.csv{bad}")).await.refusal().0, 400, "{bad}");
    }
    let nobody = app.client(&[]).await.get("/api/v1/keys.csv").await;
    assert_eq!(nobody.refusal(), (403, "insufficient_scope".to_owned()));
}

async fn a_deployment_adds_scopes_of_its_own(database: TestDatabase) {
    let mut options = OpenOptions::founding(database.address(), database.dir());
    let scope = "billing:read".parse().unwrap();
    options.catalogue = Catalogue::with(vec![ScopeEntry { scope, description: "Read bills".to_owned() }]).unwrap();
    let keydesk = Keydesk::open(options).await.unwrap();
    let app = TestApp { dispatcher: server::dispatcher(&keydesk), keydesk };
    let client = app.client(&["keys:*", "billing:*"]).await;
    let items = client.get("/api/v1/scopes").await.json()["items"].as_array().unwrap().clone();
    assert_eq!(items.len(), 25);
    assert_eq!(items[24], json!({"scope": "billing:read", "description": "Read bills"}));
    let created = client.post("/api/v1/keys", json!({"client_name": "Acme", "scopes": ["billing:read"]})).await;
    assert_eq!(created.status, 201);
    let asked = json!({"key": created.json()["key"], "scopes": ["billing:read"]});
    assert_eq!(client.post("/api/v1/keys/verify", asked).await.json()["code"], "VALID");
    let unknown = client.post("/api/v1/keys", json!({"client_name": "Acme", "scopes": ["billing:write"]})).await;
    assert_eq!(unknown.refusal(), (422, "unknown_scope".to_owned()));
}

/// The refusal of a call whose key loses a scope after it was let in, and before the turn of its change comes.
async fn a_key_that_lost_a_scope_while_its_change_waited_is_told_of_scopes(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let operator = app.operator("default").await;
    let caller = app.key_in("default", "Caller", &["keys:write", "calls:read"]).await;
    let id = caller.id.parse().unwrap();
    let verdict = app.keydesk.verifier().verify(Call::with(&caller.secret), app.keydesk.now()).await.unwrap();
    let let_in = Caller::key(&verdict.record.unwrap());
    let other = app.key_in("default", "Other", &[]).await.id.parse().unwrap();
    let left = ["keys:write"].map(|scope| scope.parse().unwrap()).into_iter().collect();
    let patch = SettingsPatch { scopes: Some(left), ..SettingsPatch::default() };
    app.keydesk.update(&operator, id, patch, None).await.unwrap();
    let refused = app.keydesk.update(&let_in, other, SettingsPatch::name("Beta"), None).await.unwrap_err();
    let problem = Problem::from(refused);
    assert_eq!((problem.kind().status, problem.kind().code), (403, "forbidden"));
    let said = format!("{problem:?}");
    assert!(said.contains("lost a scope") && !said.contains("Your role"), "{said}");
    let kept = app.keydesk.get(&operator, other).await.unwrap();
    assert_eq!((kept.version, kept.settings.client_name.as_str()), (1, "Other"));
}

store::on_both_databases!(
    every_setting_is_given_changed_and_taken_back,
    an_invalid_value_is_refused_with_its_field_and_the_reason,
    a_caller_is_bound_to_addresses_and_origins,
    a_key_may_be_used_from_the_very_origin_that_it_is_bound_to,
    keys_are_disabled_and_enabled,
    a_key_is_created_disabled_and_enabled_by_an_edit,
    a_rotation,
    a_key_that_lost_a_scope_while_its_change_waited_is_told_of_scopes,
    a_hand_over,
    the_list_as_a_table,
    a_deployment_adds_scopes_of_its_own,
);
