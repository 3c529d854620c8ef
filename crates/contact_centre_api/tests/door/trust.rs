use serde_json::json;

use crate::support::{ALL, CRM, Door, QA, WFM};

#[tokio::test]
async fn only_the_gateway_is_answered() {
    let door = Door::open(1);
    let ask = || door.ask(ALL, "GET", "/queues");
    assert_eq!(ask().send().await.status, 200);
    assert_eq!(ask().peer("192.0.3.7:80").send().await.code(403), "not_the_gateway");
    assert_eq!(ask().peer("[::1]:80").send().await.code(403), "not_the_gateway");
    assert_eq!(ask().peer("[::ffff:192.0.2.9]:80").send().await.status, 200);
    assert_eq!(ask().key(None).send().await.code(403), "not_the_gateway");
    assert_eq!(ask().header("x-keydesk-scopes", "data:*").send().await.code(403), "not_the_gateway");
    assert_eq!(ask().header("x-keydesk-resources", "team=1").send().await.code(403), "not_the_gateway");
}

#[tokio::test]
async fn a_route_asks_for_its_right_once_more() {
    let door = Door::open(1);
    for (scopes, method, path) in [
        (CRM, "GET", "/metrics/queues"),
        (CRM, "GET", "/recordings"),
        (CRM, "GET", "/data"),
        (WFM, "PUT", "/agents/0199c7a0-0000-7000-8000-000000000001/state"),
        (WFM, "GET", "/wraps"),
        (WFM, "GET", "/recordings"),
        (QA, "GET", "/wraps"),
        (QA, "GET", "/contacts"),
        (QA, "POST", "/contacts"),
        (QA, "POST", "/calls"),
        ("", "GET", "/queues"),
    ] {
        let told = door.ask(scopes, method, path).json(&json!({})).send().await;
        assert_eq!(told.code(403), "insufficient_scope", "{method} {path}");
        assert!(told.json()["scope"].is_string());
    }
    assert_eq!(door.ask("", "GET", "/changes").send().await.status, 200);
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_document_with_the_request_s_id() {
    let door = Door::open(1);
    let told = door.ask(ALL, "GET", "/nothing").header("x-request-id", "abc-1").send().await;
    assert_eq!(told.code(404), "not_found");
    assert_eq!((told.header("x-request-id"), told.json()["request_id"].as_str()), (Some("abc-1"), Some("abc-1")));
    let told = door.ask(ALL, "DELETE", "/queues").send().await;
    assert_eq!(told.code(405), "method_not_allowed");
    assert!(told.header("allow").is_some_and(|allow| allow.contains("GET")));
    assert_eq!(door.ask(ALL, "GET", "/calls/x").send().await.code(404), "not_found");
    let told = door.ask(ALL, "GET", "/queues").header("x-keydesk-world", "none").send().await;
    assert_eq!(told.code(404), "not_found");
    let told = door.ask(ALL, "HEAD", "/calls/x").send().await;
    assert_eq!((told.status.as_u16(), told.bytes.len()), (404, 0));
}

#[tokio::test]
async fn a_request_that_is_not_as_documented_is_refused_and_says_where() {
    let door = Door::open(1);
    for query in
        ["limit=0", "limit=501", "nothing=1", "limit=1&limit=2", "from=today", "cursor=x", "state=gone", "by=x"]
    {
        let told = door.ask(ALL, "GET", &format!("/calls?{query}")).send().await;
        assert_eq!(told.code(400), "invalid_request", "{query}");
        let field = query.split('=').next().unwrap();
        let named = told.json()["errors"][0]["field"].as_str().unwrap().to_owned();
        assert!(named == field || named == "nothing", "{query}: {named}");
    }
    let post = |media: &'static str, body: &'static str| door.ask(ALL, "POST", "/contacts").raw(media, body).send();
    assert_eq!(post("text/plain", "{}").await.code(415), "unsupported_media_type");
    assert_eq!(post("application/json", "{").await.code(400), "invalid_request");
    assert_eq!(post("application/json", r#"{"display_name":"a","x":1}"#).await.code(400), "invalid_request");
    let long = format!(r#"{{"display_name":"{}"}}"#, "a".repeat(70_000));
    let told = door.ask(ALL, "POST", "/contacts").raw("application/json", long).send().await;
    assert_eq!(told.code(413), "body_too_large");
}

#[tokio::test]
async fn a_token_for_some_queues_sees_no_others() {
    let door = Door::open(1);
    let (one, other) = door.world(|world| {
        let mut queues = world.state().queues().map(|queue| queue.id);
        (queues.next().unwrap(), queues.next().unwrap())
    });
    let ask = |path: String| {
        door.ask("live:read queues:read metrics:read", "GET", &path)
            .header("x-keydesk-resources", &format!("queue={one}"))
            .send()
    };
    for path in ["/queues", "/live/queues"] {
        let items = ask(path.to_owned()).await.json()["items"].as_array().unwrap().clone();
        assert_eq!(
            items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>(),
            [one.to_string()]
        );
    }
    assert_eq!(ask(format!("/live/queues/{one}")).await.status, 200);
    for path in ["/queues/{}", "/live/queues/{}", "/live/queues/{}/expected-wait", "/metrics/queues?queue_id={}"] {
        assert_eq!(ask(path.replace("{}", &other.to_string())).await.code(403), "resource_not_allowed", "{path}");
    }
}
