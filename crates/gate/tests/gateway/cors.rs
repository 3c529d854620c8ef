//! What pages may read.

use crate::{
    raw::{Answer, Api, Client},
    support::{Gateway, Key, until},
};

async fn before(more: &str) -> (Api, Gateway, Key) {
    let api = Api::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nVary: Accept\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Allow-Credentials: true\r\n\r\nok").await;
    let gateway = Gateway::before(&[api.url()], more).await;
    let key = Key { origins: &["https://page.example"], ..Key::live(1) };
    gateway.knows(&key);
    (api, gateway, key)
}

async fn preflight(gateway: &Gateway, origin: &str) -> Answer {
    let mut client = Client::connect(gateway.address).await;
    let lines = "Access-Control-Request-Method: PUT\r\nAccess-Control-Request-Headers: authorization,x-own\r\n";
    client.send(format!("OPTIONS /v1/a HTTP/1.1\r\nHost: a\r\nOrigin: {origin}\r\n{lines}\r\n")).await;
    client.answer().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preflight_is_answered_by_all_keys() {
    let (api, gateway, _) = before("[gateway]\ncors_origins = [\"https://own.example\"]").await;
    let mut allowed = preflight(&gateway, "https://page.example").await;
    for _ in 0..1_000 {
        if allowed.status == 204 {
            break;
        }
        // The keys' origins are collected from time to time.
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        allowed = preflight(&gateway, "https://page.example").await;
    }
    for (name, expected) in [
        ("access-control-allow-origin", "https://page.example"),
        ("access-control-allow-headers", "authorization,x-own"),
        ("vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"),
    ] {
        assert_eq!(allowed.header(name), Some(expected), "{name}");
    }
    assert!(allowed.header("access-control-allow-methods").unwrap().contains("PUT"));
    assert_eq!(preflight(&gateway, "https://own.example").await.status, 204);
    let foreign = preflight(&gateway, "https://evil.example").await;
    assert_eq!((foreign.status, foreign.header("access-control-allow-origin")), (403, None));
    assert!(api.seen().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_for_the_keys_pages_and_a_refusal_says_what_to_do() {
    let (_api, gateway, key) = before("").await;
    let answer = gateway.ask(&key, "GET /v1/a", "Origin: https://page.example\r\n").await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, Some("https://page.example")));
    let exposed = answer.header("access-control-expose-headers").unwrap();
    for name in ["RateLimit", "Retry-After", "WWW-Authenticate", "X-Request-Id"] {
        assert!(exposed.contains(name), "{name}");
    }
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    assert_eq!(answer.head.matches("access-control-allow-origin").count(), 1);
    assert!(answer.head.contains("vary: Accept") && answer.head.contains("vary: Origin"), "{}", answer.head);
    // Refused, and readable.
    let lacking = gateway.ask(&key, "GET /v1/secret", "Origin: https://page.example\r\n").await;
    assert_eq!((lacking.status, lacking.header("access-control-allow-origin")), (403, Some("https://page.example")));
    // Another page reads neither.
    let foreign = gateway.ask(&key, "GET /v1/a", "Origin: https://evil.example\r\n").await;
    assert_eq!((foreign.code(), foreign.header("access-control-allow-origin")), (Some("origin_not_allowed"), None));
    assert_eq!(foreign.header("vary"), Some("Origin"));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_key_is_known_any_keys_page_may_read_that() {
    let (_api, gateway, _) = before("").await;
    let asked = std::sync::Arc::new(std::sync::Mutex::new(None));
    for _ in 0..1_000 {
        let mut client = Client::connect(gateway.address).await;
        client.send("GET /v1/a HTTP/1.1\r\nHost: a\r\nOrigin: https://page.example\r\n\r\n").await;
        let answer = client.answer().await.unwrap();
        assert_eq!(answer.status, 401);
        *asked.lock().unwrap() = answer.header("access-control-allow-origin").map(str::to_owned);
        if asked.lock().unwrap().is_some() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    until("the origins are known", || asked.lock().unwrap().as_deref() == Some("https://page.example")).await;
    let mut client = Client::connect(gateway.address).await;
    client.send("GET /v1/a HTTP/1.1\r\nHost: a\r\nOrigin: https://evil.example\r\n\r\n").await;
    assert_eq!(client.answer().await.unwrap().header("access-control-allow-origin"), None);
}
