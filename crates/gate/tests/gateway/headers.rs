//! What an API is told, and what it is not.

use model::KeyId;

use crate::{
    cases::FORGED,
    raw::{Answer, Api, Client, Seen},
    support::{Gateway, Key},
};

/// Sends a head, and gives what the API saw of it and what it answered.
async fn through(more: &str, lines: &str, answer: &'static str) -> (Option<Seen>, Answer, KeyId) {
    let api = Api::answering(answer).await;
    let gateway = Gateway::before(&[api.url()], more).await;
    let key = Key::live(1);
    gateway.knows(&key);
    let mut client = Client::connect(gateway.address).await;
    let secret = key.secret();
    client
        .send(format!("GET /v1/a/b HTTP/1.1\r\nHost: desk.example\r\nX-API-Key: {}\r\n{lines}\r\n", secret.expose()))
        .await;
    let answer = client.answer().await.unwrap();
    (api.seen().into_iter().next(), answer, key.id())
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[tokio::test(flavor = "multi_thread")]
async fn an_api_knows_the_caller_and_not_the_key() {
    let (seen, answer, id) = through("", "Accept: */*\r\nX-Own: 1\r\n", OK).await;
    let seen = seen.unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (200, "ok"));
    for (name, expected) in [
        ("x-keydesk-key-id", &*id.to_string()),
        ("x-keydesk-client-name", "Client%201"),
        ("x-keydesk-environment", "live"),
        ("x-keydesk-scopes", "contacts:read contacts:write live:read"),
        ("x-keydesk-installation", "default"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-host", "desk.example"),
        ("forwarded", "for=127.0.0.1;proto=http;host=\"desk.example\""),
        ("via", "1.1 keydesk"),
        ("accept", "*/*"),
        ("x-own", "1"),
        ("x-request-id", answer.header("x-request-id").unwrap()),
    ] {
        assert_eq!(seen.all(name), [expected], "{name}");
    }
    assert!(seen.all("x-api-key").is_empty() && !seen.head.contains("ccc_live_"), "{}", seen.head);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_says_of_itself_goes_no_further() {
    let (seen, _, id) = through("", &format!("{}\r\n", FORGED.join("\r\n")), OK).await;
    let seen = seen.unwrap();
    for line in FORGED {
        assert!(!seen.head.to_lowercase().contains(&line.to_lowercase()), "{line}: {}", seen.head);
    }
    assert_eq!(seen.all("x-keydesk-key-id"), [id.to_string()]);
    assert_eq!(seen.all("x-forwarded-for"), ["127.0.0.1"]);
    assert!(!seen.head.contains("evil") && !seen.head.contains("root") && !seen.head.contains('_'), "{}", seen.head);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_for_the_next_hop_alone_stays_with_it() {
    let lines = "Connection: keep-alive, X-Hop, X-Keydesk-Key-Id, Content-Length, Host, Via\r\nX-Hop: 1\r\nKeep-Alive: 5\r\n\
                 TE: gzip\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nProxy-Connection: close\r\nX-End: 2\r\n";
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: X-Back\r\nX-Back: 1\r\nKeep-Alive: timeout=5\r\n\
                  Proxy-Authenticate: Basic\r\nX-Keydesk-Error: forged\r\nX-Keydesk-Key-Id: 1\r\nX-Request-Id: forged\r\n\
                  Access-Control-Allow-Origin: *\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\n\r\nok";
    let (seen, answer, id) = through("", lines, answer).await;
    let seen = seen.unwrap();
    for name in ["x-hop", "keep-alive", "te", "upgrade", "http2-settings", "proxy-connection", "connection"] {
        assert!(seen.all(name).is_empty(), "{name}: {}", seen.head);
    }
    assert_eq!(seen.all("x-end"), ["2"]);
    assert_eq!(seen.all("x-keydesk-key-id"), [id.to_string()]);
    for name in [
        "x-back",
        "keep-alive",
        "proxy-authenticate",
        "x-keydesk-error",
        "x-keydesk-key-id",
        "access-control-allow-origin",
    ] {
        assert_eq!(answer.header(name), None, "{name}: {}", answer.head);
    }
    assert_ne!(answer.header("x-request-id"), Some("forged"));
    assert_eq!(answer.head.matches("set-cookie: ").count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_proxy_says_where_a_call_came_from() {
    let lines = "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n";
    let (seen, ..) = through("trusted_proxies = [\"127.0.0.0/8\"]", lines, OK).await;
    let seen = seen.unwrap();
    assert_eq!(seen.all("x-forwarded-for"), ["203.0.113.9"]);
    assert_eq!(seen.all("forwarded"), ["for=203.0.113.9;proto=https;host=\"desk.example\""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_a_body_has_none() {
    for (status, length) in [("304 Not Modified", ""), ("204 No Content", ""), ("200 OK", "Content-Length: 0\r\n")] {
        let text: &'static str = format!("HTTP/1.1 {status}\r\nETag: \"1\"\r\n{length}\r\n").leak();
        let (_, answer, _) = through("", "", text).await;
        assert_eq!(answer.status.to_string(), status[..3]);
        assert_eq!((answer.header("etag"), answer.body.as_str()), (Some("\"1\""), ""));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_alone_says_how_long_the_body_would_be() {
    let api = Api::answering("HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n").await;
    let gateway = Gateway::before(&[api.url()], "").await;
    let key = Key::live(1);
    gateway.knows(&key);
    let mut client = Client::connect(gateway.address).await;
    let secret = key.secret();
    // Twice on a connection, so that it is seen that nothing is waited for.
    for _ in 0..2 {
        client.send(format!("HEAD /v1/a HTTP/1.1\r\nHost: a\r\nX-API-Key: {}\r\n\r\n", secret.expose())).await;
        let answer = client.answer_to("HEAD").await.unwrap();
        assert_eq!((answer.status, answer.header("content-length")), (200, Some("1234")));
    }
}
