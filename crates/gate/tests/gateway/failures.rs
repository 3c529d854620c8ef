//! When an API does not answer, whose fault it is is said.

use std::time::{Duration, Instant};

use crate::{
    raw::{Api, Client},
    support::{Gateway, Key, request, until},
};

const TIMES: &str =
    "[upstreams.live]\nconnect_timeout = \"500ms\"\nhead_timeout = \"300ms\"\nidle_timeout = \"400ms\"\n";

async fn before(urls: &[String], more: &str) -> (Gateway, Key) {
    let gateway = Gateway::before(urls, more).await;
    let key = Key::live(1);
    gateway.knows(&key);
    (gateway, key)
}

/// An API that reads a request and then does this.
async fn then(answer: &'static str, stays: bool) -> Api {
    Api::start(move |mut connection| {
        Box::pin(async move {
            connection.request().await;
            connection.write(answer).await;
            if stays {
                connection.request().await;
            }
        })
    })
    .await
}

/// An address where nobody listens.
async fn nowhere() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_there_is_unreachable() {
    let (gateway, key) = before(&[nowhere().await], "").await;
    for line in ["GET /v1/a", "POST /v1/a"] {
        let answer = gateway.ask(&key, line, "").await;
        assert_eq!((answer.status, answer.code()), (502, Some("upstream_unreachable")), "{line}");
        assert!(answer.body.contains("The fault is not the request's"), "{}", answer.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_agree_on_a_connection_in_time_is_unreachable() {
    // The system accepts connections, and nobody speaks TLS on them.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", silent.local_addr().unwrap());
    let (gateway, key) = before(&[url], TIMES).await;
    let begun = Instant::now();
    let answer = gateway.ask(&key, "GET /v1/a", "").await;
    assert_eq!((answer.status, answer.code()), (502, Some("upstream_unreachable")));
    assert!((Duration::from_millis(490)..Duration::from_secs(5)).contains(&begun.elapsed()), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_of_a_whole_call_runs_while_it_connects_too() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", silent.local_addr().unwrap());
    let (gateway, key) = before(&[url], "[upstreams.live]\ntimeout = \"300ms\"\n").await;
    let begun = Instant::now();
    let answer = gateway.ask(&key, "GET /v1/a", "").await;
    assert_eq!((answer.status, answer.code()), (504, Some("upstream_timeout")));
    assert!((Duration::from_millis(290)..Duration::from_secs(4)).contains(&begun.elapsed()), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_answer_is_invalid() {
    for text in [
        "",
        "nonsense\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX y: z\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\x00b\r\n\r\n",
    ] {
        let api = then(text, false).await;
        let (gateway, key) = before(&[api.url()], "").await;
        let answer = gateway.ask(&key, "POST /v1/a", "").await;
        assert_eq!((answer.status, answer.code()), (502, Some("upstream_invalid")), "{text:?}");
        assert!(answer.body.contains("The fault is the API's"), "{}", answer.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_answer_in_time_is_late() {
    let api = then("", true).await;
    let (gateway, key) = before(&[api.url()], TIMES).await;
    let begun = Instant::now();
    let answer = gateway.ask(&key, "GET /v1/a", "").await;
    assert_eq!((answer.status, answer.code()), (504, Some("upstream_timeout")));
    assert!((Duration::from_millis(290)..Duration::from_secs(5)).contains(&begun.elapsed()), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_sends_no_more_is_told_that_it_is_its_fault() {
    let api = Api::ok().await;
    let (gateway, key) = before(&[api.url()], TIMES).await;
    let answer = gateway.ask(&key, "POST /v1/a", "Content-Length: 10\r\n\r\nhello").await;
    assert_eq!((answer.status, answer.code()), (408, Some("request_timeout")));
    assert!(answer.body.contains("sender's"), "{}", answer.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_stops_ends_without_its_end() {
    for text in [
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    ] {
        for stays in [true, false] {
            let api = then(text, stays).await;
            let (gateway, key) = before(&[api.url()], TIMES).await;
            let mut client = gateway.client().await;
            client.send(request(&key, "GET /v1/a", "")).await;
            client.read_to("hello").await.unwrap();
            let rest = client.rest().await;
            assert!(!rest.contains("0\r\n\r\n") && rest.len() <= 2, "{rest:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_call_has_a_time_too() {
    let api = Api::start(|mut connection| {
        Box::pin(async move {
            connection.request().await;
            connection.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n").await;
            loop {
                connection.write(":\n").await;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
    })
    .await;
    let (gateway, key) = before(&[api.url()], "[upstreams.live]\ntimeout = \"400ms\"\n").await;
    let mut client = gateway.client().await;
    let begun = Instant::now();
    client.send(request(&key, "GET /v1/a", "")).await;
    assert!(!client.rest().await.ends_with("0\r\n\r\n"));
    assert!((Duration::from_millis(390)..Duration::from_secs(5)).contains(&begun.elapsed()), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_that_fails_again_and_again_is_left_alone_and_tried_by_one() {
    let (gateway, key) = before(&[nowhere().await], "").await;
    let mut codes = Vec::new();
    for _ in 0..7 {
        let answer = gateway.ask(&key, "GET /v1/a", "").await;
        codes.push((answer.status, answer.header("retry-after").map(str::to_owned)));
    }
    assert_eq!(codes[0], (502, None));
    assert_eq!(codes[6], (503, Some("1".to_owned())));
    tokio::time::sleep(Duration::from_millis(1_050)).await;
    assert_eq!(gateway.ask(&key, "GET /v1/a", "").await.status, 502, "one tries");
    assert_eq!(gateway.ask(&key, "GET /v1/a", "").await.code(), Some("upstream_unavailable"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_has_only_so_many_calls_at_once() {
    let api = then("", true).await;
    let (gateway, key) = before(&[api.url()], "[upstreams.live]\nmax_connections = 1\n").await;
    let mut first = gateway.client().await;
    first.send(request(&key, "GET /v1/a", "")).await;
    until("the first call is there", || !api.seen().is_empty()).await;
    let answer = gateway.ask(&key, "GET /v1/a", "").await;
    assert_eq!(
        (answer.status, answer.code(), answer.header("retry-after")),
        (503, Some("upstream_unavailable"), Some("1"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_environment_has_an_api_of_its_own() {
    let (live, test) = (Api::ok().await, Api::ok().await);
    let more = format!("[upstreams.test]\nurls = {:?}\n", test.url());
    let (gateway, key) = before(&[live.url()], &more).await;
    let made_up = Key::test(2);
    gateway.knows(&made_up);
    assert_eq!(gateway.ask(&key, "GET /v1/a", "").await.status, 200);
    assert_eq!(gateway.ask(&made_up, "GET /v1/a", "").await.status, 200);
    assert_eq!((live.seen().len(), test.seen().len()), (1, 1));
    assert_eq!(test.seen()[0].all("x-keydesk-environment"), ["test"]);
    let (alone, key) = before(&[live.url()], "").await;
    alone.knows(&made_up);
    let answer = alone.ask(&made_up, "GET /v1/a", "").await;
    assert_eq!((answer.status, answer.code()), (503, Some("no_upstream")));
    assert_eq!(alone.ask(&key, "GET /v1/a", "").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn health_checks_take_an_address_out() {
    let sick = Api::start(|mut connection| {
        Box::pin(async move {
            while connection.request().await.is_some() {
                connection.write("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n").await;
            }
        })
    })
    .await;
    let (gateway, key) = before(&[sick.url()], "[upstreams.live]\nhealth = \"/healthz\"\n").await;
    until("two checks", || sick.seen().len() >= 2).await;
    let asks = || gateway.ask(&key, "GET /v1/a", "");
    let mut last = asks().await;
    for _ in 0..100 {
        if last.code() == Some("upstream_unavailable") {
            break;
        }
        last = asks().await;
    }
    assert_eq!(last.code(), Some("upstream_unavailable"));
    assert_eq!(sick.seen()[0].line(), "GET /healthz");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_key_or_a_bad_one_is_told_as_everywhere() {
    let api = Api::ok().await;
    let (gateway, _) = before(&[api.url()], "").await;
    for (lines, status, code, challenge) in [
        ("", 401, "missing_key", "Bearer realm=\"keydesk\""),
        ("X-API-Key: nonsense\r\n", 401, "invalid_token", "Bearer realm=\"keydesk\", error=\"invalid_token\""),
    ] {
        let mut client = Client::connect(gateway.address).await;
        client.send(format!("GET /v1/a HTTP/1.1\r\nHost: a\r\n{lines}\r\n")).await;
        let answer = client.answer().await.unwrap();
        assert_eq!(
            (answer.status, answer.code(), answer.header("www-authenticate")),
            (status, Some(code), Some(challenge))
        );
    }
    assert!(api.seen().is_empty());
}
