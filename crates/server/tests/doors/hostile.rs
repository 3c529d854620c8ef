//! Hostile and meaningless input: each gets a clear error or comes back exactly as it was sent.

use axum::{
    body::Body,
    http::{Method, Request},
};
use model::ClientName;
use serde_json::{Value, json};
use store::testing::TestDatabase;

use crate::support::{Answer, FULL, TestApp};

/// Names that are kept as they are, however they look.
const KEPT: &[&str] = &[
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "=HYPERLINK(\"http://evil.example\",\"x\")",
    "+1+1",
    "@SUM(A1)",
    "-2+3",
    "'; DROP TABLE api_key; --",
    "100%",
    "a_b",
    "back\\slash",
    "\"quoted\"",
    "{\"json\": true}",
    "../../etc/passwd",
    "%2e%2e%2f",
    "${jndi:ldap://x}",
    "{{7*7}}",
    "😀 Acme 👍🏽",
    "❤\u{FE0F} Hotline",
    "👩\u{200D}💻 Desk",
    "東京コールセンター",
    "مركز الاتصال",
    "Ünïcödé",
    "ﬁ ligature",
    "Z҉a҉l҉g҉o",
    "null",
    "undefined",
    "0",
    "a",
];

/// Names that are refused.
fn refused() -> Vec<String> {
    let mut names: Vec<String> = [
        "",
        " ",
        "\t",
        "\u{00A0}",
        "a\0b",
        "a\nb",
        "a\tb",
        "\u{202E}cilbup",
        "a\u{200B}b",
        "\u{FEFF}a",
        "a\u{2066}b",
        "a\u{7f}b",
        "a\u{85}b",
        "\u{FE0F}",
        "a\u{FE0F}",
        "\u{2800}",
        "a\u{200D}b",
    ]
    .map(str::to_owned)
    .to_vec();
    names.extend(["x".repeat(101), "x".repeat(10_000), "é".repeat(101), "😀".repeat(101)]);
    names
}

async fn client_names_come_back_as_they_were_sent(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(FULL).await;
    let longest = "é".repeat(100);
    for name in KEPT.iter().copied().chain([longest.as_str(), "e\u{301}"]) {
        let created = client.post("/api/v1/keys", json!({"client_name": name})).await;
        assert_eq!(created.status, 201, "{name:?} {}", created.text());
        let stored = ClientName::parse(name).unwrap().to_string();
        assert_eq!(created.json()["client_name"], stored);
        let read = client.get(created.header("location")).await.json();
        assert_eq!(read["client_name"], stored);
        let verdict = client.post("/api/v1/keys/verify", json!({"key": created.json()["key"]})).await.json();
        assert_eq!(verdict["client_name"], stored);
    }
    for name in refused() {
        let answer = client.post("/api/v1/keys", json!({"client_name": name})).await;
        assert_eq!(answer.refusal(), (422, "invalid_client_name".to_owned()), "{name:?}");
        assert_eq!(answer.json()["errors"][0]["field"], "client_name");
    }
}

async fn searches_take_every_character_as_it_is(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(&["keys:read"]).await;
    for name in KEPT {
        app.key_in("default", name, &[]).await;
    }
    for (search, expected) in [
        ("%25", vec!["%2e%2e%2f", "100%"]),
        ("_", vec!["'; DROP TABLE api_key; --", "a_b"]),
        ("%5C", vec!["back\\slash"]),
        ("%25%25", vec![]),
        ("100%25", vec!["100%"]),
        ("%27", vec!["'; DROP TABLE api_key; --"]),
        ("%22", vec!["\"quoted\"", "=HYPERLINK(\"http://evil.example\",\"x\")", "{\"json\": true}"]),
        ("ÜNÏ", vec!["Ünïcödé"]),
        ("UNI", vec!["Ünïcödé"]),
        ("TABLE%20drop", vec!["'; DROP TABLE api_key; --"]),
        ("%EF%BC%A5%EF%BC%B6%EF%BC%A9%EF%BC%AC", vec!["=HYPERLINK(\"http://evil.example\",\"x\")"]),
        ("❤%20hot", vec!["❤\u{FE0F} Hotline"]),
        ("東京", vec!["東京コールセンター"]),
        ("SCRIPT", vec!["<script>alert(1)</script>"]),
        ("*", vec!["{{7*7}}"]),
        ("%22%20OR%201", vec![]),
        ("NEAR(", vec![]),
    ] {
        let answer = client.get(&format!("/api/v1/keys?limit=200&search={}", encoded(search))).await;
        assert_eq!(answer.status, 200, "{search} {}", answer.text());
        let mut names: Vec<String> = names(&answer);
        names.sort();
        let mut expected = expected;
        expected.sort_unstable();
        assert_eq!(names, expected, "{search}");
    }
}

fn names(page: &Answer) -> Vec<String> {
    let items = page.json()["items"].as_array().unwrap().clone();
    items.iter().map(|key| key["client_name"].as_str().unwrap().to_owned()).collect()
}

/// Encodes only characters that can't be in a URL at all; the table itself percent-encodes the rest of the search.
fn encoded(search: &str) -> String {
    search.chars().map(|c| if c.is_ascii() { c.to_string() } else { percent(c) }).collect()
}

fn percent(c: char) -> String {
    c.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect()
}

async fn malformed_bodies_are_refused(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(FULL).await;
    let deep = format!("{{\"client_name\":{}{}}}", "[".repeat(20_000), "]".repeat(20_000));
    for (body, expected) in [
        ("", "empty"),
        ("{", "not JSON"),
        ("{\"client_name\":\"a\"", "not JSON"),
        ("{\"client_name\":\"a\"}}", "not JSON"),
        ("{'client_name':'a'}", "not JSON"),
        ("{\"client_name\":\"\\ud800\"}", "not JSON"),
        ("{\"client_name\":NaN}", "not JSON"),
        (deep.as_str(), "not JSON"),
        ("null", "must be a JSON object"),
        ("[]", "must be a JSON object"),
        ("\"a\"", "must be a JSON object"),
        ("{}", "is required"),
        ("{\"client_name\":null}", "must be a string"),
        ("{\"client_name\":5}", "must be a string"),
        ("{\"client_name\":{\"a\":1}}", "must be a string"),
        ("{\"client_name\":\"a\",\"client_name\":\"b\"}", "\"field\":\"client_name\",\"message\":\"is given twice\""),
        ("{\"client_name\":\"a\",\"metadata\":{\"team\":\"x\",\"team\":\"y\"}}", "\"field\":\"metadata.team\""),
        (
            "{\"client_name\":\"a\",\"rate_limits\":[{\"name\":\"x\",\"name\":\"y\"}]}",
            "\"field\":\"rate_limits[0].name\"",
        ),
        (
            "{\"client_name\":\"a\",\"issue_bounds\":{\"allowed_ips\":[],\"allowed_ips\":[]}}",
            "\"issue_bounds.allowed_ips\"",
        ),
        ("\u{feff}{\"client_name\":\"a\"}", "byte order mark"),
        ("{\0\"\0c\0", "UTF-16"),
        ("{\"client_name\":\"a\",\"preset\":\"CRM\"}", "must be one of crm"),
        ("{\"client_name\":\"a\",\"preset\":5}", "must be one of crm"),
        ("{\"client_name\":\"a\",\"environment\":\"prod\"}", "must be live or test"),
        ("{\"client_name\":\"a\",\"scopes\":\"contacts:read\"}", "must be a list"),
        ("{\"client_name\":\"a\",\"scopes\":[5]}", "scopes[0]"),
        ("{\"client_name\":\"a\",\"rate_limit\":{\"limit\":1,\"window_seconds\":1}}", "is not a field"),
        ("{\"client_name\":\"a\",\"__proto__\":{}}", "is not a field"),
        ("{\"client_name\":\"a\",\"key\":\"ccc_live_x\"}", "is not a field"),
    ] {
        let answer = client.call(Method::POST, "/api/v1/keys", Some(body), &[]).await;
        assert_eq!(answer.refusal(), (400, "invalid_request".to_owned()), "{body:.60}");
        assert!(answer.text().contains(expected), "{body:.60} {}", answer.text());
    }
    let bytes = client.call(Method::POST, "/api/v1/keys", Some("{\"client_name\":\"\u{fffd}\"}"), &[]).await;
    assert_eq!(bytes.status, 201);
    let request = Request::post("/api/v1/keys").header("x-api-key", client.key());
    let request =
        request.header("content-type", "application/json").body(Body::from(&b"{\"client_name\":\"\xff\"}"[..]));
    let latin = app.send(request.unwrap()).await;
    assert_eq!(latin.refusal(), (400, "invalid_request".to_owned()));
    assert!(latin.text().contains("not UTF-8, perhaps Latin-1: byte 17"), "{}", latin.text());
}

async fn every_wrong_field_of_every_call_is_named(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(FULL).await;
    let id = app.key_in("default", "Acme", &[]).await.id;
    let patch = format!("/api/v1/keys/{id}");
    let many: Vec<_> = (0..101).map(|_| json!({"key": "x"})).collect();
    let ids: Vec<_> = (0..1001).map(|_| "01981d2c-9e5b-7c3a-8b1d-0123456789ab").collect();
    for (method, path, body, fields) in [
        (Method::POST, "/api/v1/keys/verify", json!({}), vec!["key"]),
        (
            Method::POST,
            "/api/v1/keys/verify",
            json!({"key": 1, "ip": "999.1.1.1", "cost": -1}),
            vec!["key", "ip", "cost"],
        ),
        (Method::POST, "/api/v1/keys/verify", json!({"key": "x", "scopes": ["contacts:read", "*"]}), vec!["scopes[1]"]),
        (Method::POST, "/api/v1/keys/verify", json!({"key": "x", "cost": 1e300}), vec!["cost"]),
        (Method::POST, "/api/v1/keys/verify", json!({"key": "x", "extra": 1}), vec!["extra"]),
        (Method::POST, "/api/v1/keys/verify-batch", json!({"calls": []}), vec!["calls"]),
        (Method::POST, "/api/v1/keys/verify-batch", json!({"calls": many}), vec!["calls"]),
        (
            Method::POST,
            "/api/v1/keys/verify-batch",
            json!({"calls": [{"key": "x"}, {"kee": "x"}]}),
            vec!["calls[1].kee", "calls[1].key"],
        ),
        (Method::POST, "/api/v1/keys/verify-batch", json!({"calls": [5]}), vec!["calls[0]"]),
        (Method::POST, "/api/v1/keys/bulk-delete", json!({"ids": []}), vec!["ids"]),
        (Method::POST, "/api/v1/keys/bulk-delete", json!({"ids": ids}), vec!["ids"]),
        (Method::POST, "/api/v1/keys/bulk-delete", json!({"ids": ["x", 5]}), vec!["ids[0]", "ids[1]"]),
        (
            Method::POST,
            "/api/v1/keys",
            json!({
                "nmae": "a", "preset": "CRM", "scopes": ["calls:read", 5], "environment": "prod", "enabled": "yes",
                "expires_at": "soon", "allowed_ips": ["10.0.0.1", "010.0.0.1", 7], "allowed_origins": ["*"],
                "rate_limits": [{}], "quotas": 1, "metadata": {"a": 1}, "owner_email": "ada", "notes": " ",
            }),
            vec![
                "nmae",
                "client_name",
                "preset",
                "scopes[1]",
                "environment",
                "enabled",
                "expires_at",
                "allowed_ips[1]",
                "allowed_ips[2]",
                "allowed_origins[0]",
                "rate_limits",
                "quotas",
                "metadata",
                "owner_email",
                "notes",
            ],
        ),
        (Method::PATCH, &patch, json!({"environment": "test"}), vec!["environment"]),
        (Method::PATCH, &patch, json!({"client_name": "a", "key": "ccc_live_x"}), vec!["key"]),
    ] {
        let answer = client.call(method, path, Some(&body.to_string()), &[]).await;
        assert_eq!(answer.refusal(), (400, "invalid_request".to_owned()), "{path} {body}");
        let errors = answer.json()["errors"].as_array().cloned().unwrap_or_default();
        let named: Vec<_> = errors.iter().map(|error| error["field"].as_str().unwrap_or_default()).collect();
        assert_eq!(named, fields, "{path} {}", answer.text());
    }
}

async fn unknown_scopes_are_no_malformed_request(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(FULL).await;
    for scopes in [
        json!(["nope:read"]),
        json!(["*"]),
        json!(["everything"]),
        json!(["contacts:read", "Contacts:Read"]),
        json!(["nope:*"]),
    ] {
        let answer = client.post("/api/v1/keys", json!({"client_name": "a", "scopes": scopes})).await;
        assert_eq!(answer.refusal(), (422, "unknown_scope".to_owned()), "{scopes}");
    }
    // One answer says all that is wrong.
    let answer = client.post("/api/v1/keys", json!({"client_name": " ", "scopes": ["keys:read", "nope"]})).await;
    assert_eq!(answer.refusal(), (422, "invalid_client_name".to_owned()));
    let errors = answer.json()["errors"].clone();
    let fields: Vec<_> = errors.as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["client_name", "scopes[1]"]);
}

async fn sizes_kinds_and_methods_have_their_own_errors(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(FULL).await;
    let fits = format!("{{\"client_name\":\"a\"{}}}", " ".repeat(65_536 - 19));
    assert_eq!(fits.len(), 65_536);
    let too_large = format!("{fits} ");
    for (body, expected) in [(fits.as_str(), 201), (&too_large, 413)] {
        assert_eq!(client.call(Method::POST, "/api/v1/keys", Some(body), &[]).await.status, expected);
    }
    let request =
        Request::post("/api/v1/keys").header("x-api-key", client.key()).header("content-type", "application/json");
    let announced = app.send(request.header("content-length", "99999999999").body(Body::empty()).unwrap()).await;
    assert_eq!(announced.refusal(), (413, "payload_too_large".to_owned()));
    for (headers, expected) in [
        (&[("content-type", "text/plain")][..], 415),
        (&[("content-type", "application/x-www-form-urlencoded")], 415),
        (&[("content-type", "application/json; charset=utf-8")], 201),
        (&[("content-type", "application/json; charset=iso-8859-1")], 415),
        (&[("content-type", "application/json; charset=\"UTF-16\"")], 415),
        (&[("content-type", "application/json"), ("content-encoding", "gzip")], 415),
        (&[], 415),
    ] {
        let mut request = Request::post("/api/v1/keys").header("x-api-key", client.key());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = app.send(request.body(Body::from("{\"client_name\":\"a\"}")).unwrap()).await;
        assert_eq!(answer.status, expected, "{headers:?}");
    }
    for (method, path, allow) in [
        ("PUT", "/api/v1/keys", "GET,HEAD,POST"),
        ("DELETE", "/api/v1/keys", "GET,HEAD,POST"),
        ("GET", "/api/v1/keys/verify", "POST"),
        ("TRACE", "/api/v1/whoami", "GET,HEAD"),
        ("OPTIONS", "/healthz", "GET,HEAD"),
        ("MADEUPMETHOD", "/api/openapi.json", "GET,HEAD"),
        ("PUT", "/api/v1/keys/01981d2c-9e5b-7c3a-8b1d-0123456789ab", "GET,HEAD,PATCH,DELETE"),
    ] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let answer = client.call(method, path, None, &[]).await;
        assert_eq!(answer.refusal(), (405, "method_not_allowed".to_owned()), "{path}");
        let mut allowed: Vec<_> = answer.header("allow").split(',').collect();
        let mut expected: Vec<_> = allow.split(',').collect();
        allowed.sort_unstable();
        expected.sort_unstable();
        assert_eq!(allowed, expected, "{path}");
    }
}

async fn a_call_without_a_body_ignores_none(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(FULL).await;
    let id = app.key_in("default", "Acme", &[]).await.id;
    for verb in ["handover", "disable", "enable", "end-overlap", "reveal", "restore"] {
        let path = format!("/api/v1/keys/{id}/{verb}");
        for body in [r#"{"days":1,"days":2}"#, r#"{"days":1}"#, "[]", "days=1"] {
            let answer = client.call(Method::POST, &path, Some(body), &[]).await;
            assert_eq!(answer.refusal(), (400, "invalid_request".to_owned()), "{verb} {body}");
        }
        // There is nothing to restore.
        let expected = if verb == "restore" { 409 } else { 200 };
        for body in [None, Some(""), Some("{}"), Some("null")] {
            let status = client.call(Method::POST, &path, body, &[]).await.status.as_u16();
            assert_eq!(status, if verb == "handover" { 201 } else { expected }, "{verb} {body:?}");
        }
    }
}

async fn addresses_that_lead_nowhere_are_not_found(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(FULL).await;
    for path in [
        "/api",
        "/api/",
        "/api/v1",
        "/api/v2/keys",
        "/api/v1/keys/",
        "/api/v1/keys/nonsense",
        "/api/v1/keys/%00",
        "/api/v1/keys/%FF",
        "/api/v1/keys/..%2f..%2fwhoami",
        "/api/v1/keys/{id}",
        "/api/v1/keys/01981d2c9e5b7c3a8b1d0123456789ab",
        "/api/v1/keys/01981d2c-9e5b-7c3a-8b1d-0123456789ab",
        "/api/v1/keys/01981d2c-9e5b-7c3a-8b1d-0123456789ab/reveal/x",
        "//api/v1/keys",
        "/metrics",
        "/nothing",
    ] {
        let answer = client.get(path).await;
        assert_eq!(answer.refusal(), (404, "not_found".to_owned()), "{path}");
    }
    for path in ["/api/v1/keys?page=2", "/api/v1/keys?limit=0", "/api/v1/whoami?x", "/api/v1/scopes?search=%FF"] {
        assert_eq!(client.get(path).await.refusal(), (400, "invalid_request".to_owned()), "{path}");
    }
}

async fn head_works_where_get_does(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(FULL).await;
    for path in
        ["/api/v1/keys", "/api/v1/whoami", "/healthz", "/api/openapi.json", "/api/docs", "/api/v1/keys/nonsense", "/"]
    {
        let (get, head) = (client.get(path).await, client.call(Method::HEAD, path, None, &[]).await);
        assert_eq!((head.status, head.body.len()), (get.status, 0), "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "{path}");
    }
}

async fn a_value_of_any_kind_in_any_field_is_no_server_error(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let client = app.client(FULL).await;
    let values = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e308),
        json!(u64::MAX),
        json!("\u{0}"),
        json!([[]]),
        json!({"a": {}}),
    ];
    let id = app.key_in("default", "Acme", &[]).await.id;
    let calls: [(Method, String, &[&str]); 5] = [
        (Method::POST, "/api/v1/keys".to_owned(), &["client_name", "preset", "scopes", "environment"]),
        (Method::POST, "/api/v1/keys/verify".to_owned(), &["key", "scopes", "ip", "origin", "cost"]),
        (Method::POST, "/api/v1/keys/verify-batch".to_owned(), &["calls"]),
        (Method::POST, "/api/v1/keys/bulk-delete".to_owned(), &["ids"]),
        (Method::PATCH, format!("/api/v1/keys/{id}"), &["client_name"]),
    ];
    for (method, path, fields) in calls {
        for (field, value) in fields.iter().flat_map(|field| values.iter().map(move |value| (field, value))) {
            let mut body = json!({"client_name": "a", "key": "x"});
            if !path.ends_with("keys") {
                body.as_object_mut().unwrap().remove("client_name");
            }
            if !path.ends_with("verify") {
                body.as_object_mut().unwrap().remove("key");
            }
            body[*field] = Value::clone(value);
            let answer = client.call(method.clone(), &path, Some(&body.to_string()), &[]).await;
            assert!(!answer.status.is_server_error(), "{path} {body}");
            assert!(answer.status.is_success() || !answer.code().is_empty());
        }
    }
}

store::on_both_databases!(
    client_names_come_back_as_they_were_sent,
    searches_take_every_character_as_it_is,
    malformed_bodies_are_refused,
    every_wrong_field_of_every_call_is_named,
    unknown_scopes_are_no_malformed_request,
    sizes_kinds_and_methods_have_their_own_errors,
    a_call_without_a_body_ignores_none,
    addresses_that_lead_nowhere_are_not_found,
    head_works_where_get_does,
    a_value_of_any_kind_in_any_field_is_no_server_error,
);
