//! Usage through its doors: what was called is told over REST.

use axum::http::Method;
use model::Instant;
use serde_json::{Value, json};
use store::testing::TestDatabase;

use crate::support::{Client, TestApp, TestKey};

store::on_both_databases!(
    usage_is_read_over_rest,
    a_range_has_bounds,
    a_test_key_reads_no_usage_of_live_keys,
    usage_is_streamed_where_it_is_asked_for
);

/// Has a key verified this often, and writes down what was counted.
async fn verified(app: &TestApp, caller: &Client<'_>, key: &str, scope: &str, calls: usize) {
    for _ in 0..calls {
        let call = json!({"key": key, "scopes": [scope], "ip": "203.0.113.9"});
        assert_eq!(caller.post("/api/v1/keys/verify", call).await.status, 200);
    }
    app.keydesk.verifier().flush_usage().await;
}

struct Made {
    app: TestApp,
    acme: TestKey,
    beta: TestKey,
}

/// Two keys, of which the first was called seven times, of which two were refused, and the second once.
async fn made(database: &TestDatabase) -> Made {
    let app = TestApp::new(database).await;
    app.installation("other").await;
    let acme = app.key_in("default", "Acme & Sons", &["contacts:read"]).await;
    let beta = app.key_in("default", "Beta", &["contacts:read"]).await;
    let verifier = app.client(&["keys:verify"]).await;
    verified(&app, &verifier, &acme.secret, "contacts:read", 5).await;
    verified(&app, &verifier, &acme.secret, "calls:make", 2).await;
    verified(&app, &verifier, &beta.secret, "contacts:read", 1).await;
    Made { app, acme, beta }
}

/// The sum of all points: allowed and refused calls.
fn sums(points: &Value) -> (u64, u64) {
    let points = points.as_array().unwrap();
    let allowed = points.iter().map(|point| point["allowed"].as_u64().unwrap());
    let denied = points.iter().flat_map(|point| point["denied"].as_object().unwrap().values());
    (allowed.sum(), denied.map(|calls| calls.as_u64().unwrap()).sum())
}

async fn usage_is_read_over_rest(database: TestDatabase) {
    let Made { app, acme, beta } = made(&database).await;
    let reader = app.client(&["usage:read"]).await;
    for step in ["minute", "quarter", "hour", "day"] {
        let answer = reader.get(&format!("/api/v1/keys/{}/usage?step={step}", acme.id)).await.json();
        assert_eq!(sums(&answer["points"]), (5, 2), "{step}");
    }
    let answer = reader.get(&format!("/api/v1/keys/{}/usage?time_zone=Asia/Kathmandu", beta.id)).await.json();
    let point = &answer["points"][0];
    assert_eq!((&point["allowed"], &point["denied"]), (&json!(1), &json!({})));
    let at: Instant = point["at"].as_str().unwrap().parse().unwrap();
    assert_eq!(at.as_millis() % 3_600_000, 900_000, "hours of Kathmandu begin at a quarter past");
    // Of all keys, among which are those that ask.
    let all = async |query: &str| reader.get(&format!("/api/v1/usage?{query}")).await.json();
    assert_eq!(sums(&all("client=acme%20%26%20sons").await["points"]), (5, 2));
    assert_eq!(sums(&all("scope=contacts:read").await["points"]), (6, 0));
    assert_eq!(sums(&all("code=INSUFFICIENT_SCOPE").await["points"]), (0, 2));
    assert_eq!(sums(&all("environment=test").await["points"]), (0, 0));
    assert_eq!(sums(&all(&format!("key_id={}&scope=calls:make", acme.id)).await["points"]), (0, 2));
    let groups = async |query: &str| {
        let answer = all(query).await;
        let groups = answer["groups"].as_array().unwrap().clone();
        groups.into_iter().map(|group| (group.clone(), sums(&group["points"]))).collect::<Vec<_>>()
    };
    let by_key = groups("group_by=key").await;
    let of_acme = by_key.iter().find(|(group, _)| group["key_id"] == acme.id.as_str()).unwrap();
    assert_eq!((&of_acme.0["client_name"], &of_acme.0["environment"]), (&json!("Acme & Sons"), &json!("live")));
    assert_eq!(of_acme.1, (5, 2));
    let first = all("group_by=key&limit=1").await;
    let next = all(&format!("group_by=key&limit=1&cursor={}", first["next_cursor"].as_str().unwrap())).await;
    assert_ne!(first["groups"][0]["key_id"], next["groups"][0]["key_id"]);
    let clients = groups("group_by=client&limit=2").await;
    assert_eq!(clients[0].0["client_name"], "Caller", "who verifies calls most");
    assert_eq!((&clients[1].0["client_name"], clients[1].1), (&json!("Acme & Sons"), (5, 2)));
    assert!(
        groups("group_by=code")
            .await
            .iter()
            .any(|(group, sums)| group["code"] == "INSUFFICIENT_SCOPE" && *sums == (0, 2))
    );
    assert!(
        groups("group_by=scope").await.iter().any(|(group, sums)| group["scope"] == "contacts:read" && *sums == (6, 0))
    );
    assert_eq!(groups("group_by=environment").await[0].0["environment"], "live");
    // Whoever may not, and another installation.
    let answer = app.client(&["keys:read"]).await.get("/api/v1/usage").await;
    assert_eq!(answer.refusal(), (403, "insufficient_scope".to_owned()));
    let theirs = app.key_in("other", "Theirs", &["usage:read"]).await;
    let theirs = app.with_key(&theirs.secret);
    let answer = theirs.get(&format!("/api/v1/keys/{}/usage", acme.id)).await;
    assert_eq!(answer.refusal(), (404, "not_found".to_owned()));
    assert_eq!(theirs.get(&format!("/api/v1/usage?key_id={}", acme.id)).await.status, 404);
    assert_eq!(sums(&theirs.get("/api/v1/usage?client=Beta").await.json()["points"]), (0, 0));
}

async fn a_range_has_bounds(database: TestDatabase) {
    let app = TestApp::new(&database).await;
    let reader = app.client(&["usage:read"]).await;
    for (query, field) in [
        ("from=2026-11-22T21:20:00Z&to=2026-11-22T21:20:00Z", "from"),
        ("from=2026-11-22T21:20:00Z&to=2026-11-25T21:20:00Z&step=minute", "from"),
        ("from=2026-01-22T21:20:00Z&to=2026-11-25T21:20:00Z&step=hour", "from"),
        ("from=2020-01-22T21:20:00Z&to=2026-11-25T21:20:00Z&step=day", "from"),
        ("from=yesterday", "from"),
        ("step=week", "step"),
        ("step=minute&scope=calls:read", "step"),
        ("step=minute&group_by=scope", "step"),
        ("time_zone=Mars/Base", "time_zone"),
        ("group_by=address", "group_by"),
        ("code=GONE", "code"),
        ("scope=*", "scope"),
        ("client=%00", "client"),
        ("key_id=1", "key_id"),
        ("limit=201", "limit"),
        ("page=1", "page"),
    ] {
        let answer = reader.get(&format!("/api/v1/usage?{query}")).await;
        assert_eq!(answer.refusal(), (400, "invalid_request".to_owned()), "{query}");
        assert_eq!(answer.json()["errors"][0]["field"], field, "{query}");
    }
    let answer = reader.get("/api/v1/usage?from=2026-01-22T21:20:00Z&to=2026-11-25T21:20:00Z").await.json();
    let message = answer["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains("at most 2232 hours"), "{message}");
}

async fn a_test_key_reads_no_usage_of_live_keys(database: TestDatabase) {
    let Made { app, acme, .. } = made(&database).await;
    let operator = app.operator("default").await;
    let settings = model::SettingsPatch {
        scopes: Some(["usage:read".parse().unwrap()].into_iter().collect()),
        ..model::SettingsPatch::name("Tester")
    };
    let new = domain::NewKey { environment: Some(model::Environment::Test), ..domain::NewKey::of(settings) };
    let issued = app.keydesk.issue(&operator, new).await.unwrap();
    let tester = app.with_key(issued.secret.expose());
    assert_eq!(tester.get(&format!("/api/v1/keys/{}/usage", acme.id)).await.status, 404);
    tester.get("/api/v1/whoami").await;
    app.keydesk.verifier().flush_usage().await;
    let answer = tester.get("/api/v1/usage?group_by=client").await.json();
    let names: Vec<_> = answer["groups"].as_array().unwrap().iter().map(|group| &group["client_name"]).collect();
    assert_eq!(names, ["Tester"]);
    assert_eq!(sums(&tester.get("/api/v1/usage?environment=live").await.json()["points"]), (0, 0));
}

async fn usage_is_streamed_where_it_is_asked_for(database: TestDatabase) {
    let Made { app, acme, .. } = made(&database).await;
    let reader = app.client(&["usage:read"]).await;
    let path = format!("/api/v1/keys/{}/usage?step=quarter", acme.id);
    let table = reader.call(Method::GET, &path, None, &[("accept", "text/csv")]).await;
    assert_eq!(table.header("content-type"), "text/csv; charset=utf-8; header=present");
    let text = table.text();
    let (header, rows) = text.split_once("\r\n").unwrap();
    assert_eq!(header, "at,key_id,client_name,environment,scope,code,calls,step");
    assert!(rows.contains(",,,,,VALID,5,quarter\r\n") || rows.matches(",VALID,").count() == 2, "{rows}");
    assert!(rows.contains("INSUFFICIENT_SCOPE"), "{rows}");
    let accept = [("accept", "application/x-ndjson")];
    let lines = reader.call(Method::GET, "/api/v1/usage?group_by=key&limit=1", None, &accept).await;
    assert_eq!(lines.header("content-type"), "application/x-ndjson");
    let lines = lines.text();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut keys: Vec<_> = lines.iter().map(|line| line["key_id"].as_str().unwrap()).collect();
    keys.dedup();
    assert!(keys.len() >= 3 && keys.contains(&acme.id.as_str()), "all keys: {keys:?}");
}
