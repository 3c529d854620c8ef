//! The published description matches the API.

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::Value;
use store::testing::TestDatabase;

use crate::support::TestApp;

async fn app() -> (TestDatabase, TestApp) {
    let database = TestDatabase::sqlite().await;
    let app = TestApp::new(&database).await;
    (database, app)
}

#[tokio::test]
async fn every_described_call_exists_and_says_what_it_can_answer() {
    let (_database, app) = app().await;
    let document = app.anonymous().get("/api/openapi.json").await.json();
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().unwrap();
    assert_eq!(paths.len(), 40);
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let answer = app.anonymous().call(method, path, None, &[]).await;
            let statuses = operation["responses"].as_object().unwrap();
            assert!(statuses.contains_key(answer.status.as_str()), "{path} {}", answer.status);
            let open = operation["security"].as_array().unwrap().is_empty();
            assert_eq!(answer.status, if open { 200 } else { 401 }, "{path}");
            for (status, response) in statuses {
                assert!(response["headers"]["X-Request-Id"].is_object(), "{path} {status}");
                let problem = response["content"]["application/problem+json"].is_object();
                assert_eq!(problem, status.as_str() >= "400", "{path} {status}");
            }
        }
    }
}

#[tokio::test]
async fn every_schema_that_is_named_is_described() {
    let (_database, app) = app().await;
    let document = app.anonymous().get("/api/openapi.json").await.json();
    let mut named = BTreeSet::new();
    references(&document, &mut named);
    let described = document["components"]["schemas"].as_object().unwrap();
    for name in named {
        assert!(described.contains_key(name.trim_start_matches("#/components/schemas/")), "{name}");
    }
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn everybody_reads_the_page_of_errors_which_loads_nothing_from_elsewhere() {
    let (_database, app) = app().await;
    let page = app.anonymous().get("/api/docs").await;
    assert_eq!((page.status.as_u16(), page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(page.header("content-security-policy").starts_with("default-src 'none';"));
    let text = page.text();
    for loaded in [" href=\"", " src=\""].into_iter().flat_map(|name| text.split(name).skip(1)) {
        assert!(!loaded.starts_with("http") && !loaded.starts_with("//"), "{:?}", loaded.split('"').next());
    }
    let missing = app.anonymous().get("/api/nothing").await.json();
    let place = missing["type"].as_str().unwrap().strip_prefix("/api/docs#").unwrap();
    assert!(text.contains(&format!("id=\"{place}\"")), "{place}");
}
