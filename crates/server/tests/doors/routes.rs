//! The one list of routes: every endpoint in it is routed, described, counted and guarded.

use std::collections::BTreeSet;

use api::Access;
use axum::http::Method;
use store::testing::TestDatabase;

use crate::support::TestApp;

/// Scopes over keys, of which each caller here lacks one.
const KEY_SCOPES: [&str; 4] = ["keys:read", "keys:write", "keys:reveal", "keys:verify"];

fn filled(template: &str) -> String {
    template
        .replace("{id}", "01981d2c-9e5b-7c3a-8b1d-0123456789ab")
        .replace("{client_name}", "Acme")
        .replace("{handover}", "01981d2c-9e5b-7c3a-8b1d-0123456789ab")
}

fn method(described: &utoipa::openapi::HttpMethod) -> Method {
    let text = serde_json::to_value(described).unwrap();
    Method::from_bytes(text.as_str().unwrap().to_uppercase().as_bytes()).unwrap()
}

#[tokio::test]
async fn each_route_is_described_and_requires_its_scope() {
    let database = TestDatabase::sqlite().await;
    let app = TestApp::new(&database).await;
    let document = app.anonymous().get("/api/openapi.json").await.json();
    let described: usize =
        document["paths"].as_object().unwrap().values().map(|item| item.as_object().unwrap().len()).sum();
    let endpoints = server::endpoints();
    assert_eq!(described, endpoints.len(), "no operation but those of the list");
    for endpoint in &endpoints {
        let (template, described) = endpoint.place();
        let (method, path) = (method(&described), filled(template));
        let operation = &document["paths"][template][method.as_str().to_lowercase()];
        assert_eq!(operation["x-scope"].as_str(), endpoint.access().scope(), "{method} {template}");
        let anonymous = app.anonymous().call(method.clone(), &path, None, &[]).await;
        if matches!(endpoint.access(), Access::Anyone) {
            assert_eq!(anonymous.status, 200, "{method} {template}");
            continue;
        }
        if matches!(endpoint.access(), Access::Reporter) {
            assert_eq!(anonymous.refusal(), (401, "invalid_signature".to_owned()), "{method} {template}");
            continue;
        }
        assert_eq!(anonymous.refusal(), (401, "missing_key".to_owned()), "{method} {template}");
        let Some(scope) = endpoint.access().scope() else { continue };
        let others: Vec<&str> = KEY_SCOPES.into_iter().filter(|other| *other != scope).collect();
        let without = app.client(&others).await.call(method.clone(), &path, None, &[]).await;
        assert_eq!(without.refusal(), (403, "insufficient_scope".to_owned()), "{method} {template}");
        assert!(without.json()["detail"].as_str().unwrap().contains(scope), "{method} {template}");
        assert!(without.header("www-authenticate").contains(&format!("scope=\"{scope}\"")), "{method} {template}");
    }
}

#[tokio::test]
async fn each_route_is_counted_under_its_own_template() {
    let database = TestDatabase::sqlite().await;
    let app = TestApp::new(&database).await;
    let mut templates = BTreeSet::new();
    for endpoint in server::endpoints() {
        let (template, described) = endpoint.place();
        app.anonymous().call(method(&described), &filled(template), None, &[]).await;
        templates.insert(template.to_owned());
    }
    let operations = TestApp { dispatcher: server::operations(&app.dispatcher), keydesk: app.keydesk.clone() };
    let page = operations.anonymous().get("/metrics").await.text();
    let counted: BTreeSet<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("keydesk_http_requests_total{route=\""))
        .filter_map(|rest| rest.split('"').next().map(str::to_owned))
        .collect();
    assert_eq!(counted, templates);
}

#[tokio::test]
async fn every_status_is_counted_as_itself() {
    let database = TestDatabase::sqlite().await;
    let app = TestApp::new(&database).await;
    assert_eq!(app.anonymous().get("/handover/nonsense").await.status, 410);
    let operations = TestApp { dispatcher: server::operations(&app.dispatcher), keydesk: app.keydesk.clone() };
    let page = operations.anonymous().get("/metrics").await.text();
    assert!(page.contains("keydesk_http_requests_total{route=\"/\",status=\"410\"} 1"), "{page}");
}
