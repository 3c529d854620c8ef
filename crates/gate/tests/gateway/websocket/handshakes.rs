//! The request for a WebSocket, and its answer.

use super::{
    ACCEPT, ASKS, before,
    echo::{agrees, echo},
    frames::{FIN, Length, MASK, TEXT, frame, masked, plain},
    opened,
};
use crate::{
    raw::Api,
    support::{Gateway, Key, request, soon},
};

/// An API that answers every upgrade with this, and what is not one with `ok`.
async fn answering(answer: &'static str) -> Api {
    Api::start(move |mut connection| {
        Box::pin(async move {
            while let Some(seen) = connection.request().await {
                let plain = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
                connection.write(if seen.all("upgrade").is_empty() { plain } else { answer }).await;
            }
        })
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_both_agree_on_goes_through() {
    let api = answering(
        "HTTP/1.1 101 Agreed\r\nUpgrade: WebSocket\r\nConnection: upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: second.v2\r\n\
         Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_max_window_bits=10\r\n\
         Set-Cookie: a=b\r\nX-Own: 1\r\nX-Keydesk-Error: forged\r\n\r\n",
    )
    .await;
    let (gateway, key) = before(&api).await;
    let mut client = gateway.client().await;
    let offers = "Sec-WebSocket-Protocol: first.v1, second.v2\r\nSec-WebSocket-Protocol: third.v3\r\n\
                  Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x-own; a=\"b, c\"\r\n\
                  Origin: https://page.example\r\nX-Own: 2\r\n";
    client.send(request(&key, "GET /v1/a?b=c", &format!("{ASKS}{offers}"))).await;
    let answer = client.answer().await.unwrap();
    assert_eq!(answer.status, 101);
    for (name, expected) in [
        ("upgrade", Some("websocket")),
        ("connection", Some("upgrade")),
        ("sec-websocket-accept", Some(ACCEPT)),
        ("sec-websocket-protocol", Some("second.v2")),
        ("sec-websocket-extensions", Some("permessage-deflate; server_no_context_takeover; client_max_window_bits=10")),
        ("set-cookie", Some("a=b")),
        ("x-own", Some("1")),
        ("x-keydesk-error", None),
        ("content-length", None),
        ("transfer-encoding", None),
    ] {
        assert_eq!(answer.header(name), expected, "{name}");
    }
    let seen = &api.seen()[0];
    assert_eq!(seen.line(), "GET /v1/a?b=c");
    for (name, expected) in [
        ("upgrade", &["websocket"][..]),
        ("connection", &["upgrade"]),
        ("sec-websocket-key", &["dGhlIHNhbXBsZSBub25jZQ=="]),
        ("sec-websocket-version", &["13"]),
        ("sec-websocket-protocol", &["first.v1, second.v2", "third.v3"]),
        ("sec-websocket-extensions", &["permessage-deflate; client_max_window_bits, x-own; a=\"b, c\""]),
        ("origin", &["https://page.example"]),
        ("x-own", &["2"]),
        ("authorization", &[]),
    ] {
        assert_eq!(seen.all(name), expected, "{name}");
    }
    assert_eq!(seen.all("x-keydesk-key-id"), [key.id().to_string()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_sends_with_its_request_waits_for_the_answer() {
    let (api, mut heard) = echo().await;
    let (gateway, key) = before(&api).await;
    // The second looks like a request for more than the key may do.
    let hides = frame(FIN | TEXT, Some([0; 4]), Length::Seven, b"GET /v1/secret HTTP/1.1\r\n\r\n");
    for early in [masked(FIN | TEXT, "hello"), hides, masked(FIN | TEXT, vec![b'a'; 5_000])] {
        let mut client = gateway.client().await;
        client.send([request(&key, "GET /v1/a", ASKS).into_bytes(), early.clone()].concat()).await;
        assert!(client.head().await.unwrap().starts_with("HTTP/1.1 101 "));
        let came = client.exchange(&masked(FIN | TEXT, "more"), usize::MAX).await;
        // The API, which takes no byte before it has answered, has got all of it.
        let heard = soon("the API", heard.recv()).await.expect("it has heard it");
        assert_eq!(heard.came, [early, masked(FIN | TEXT, "more")].concat());
        assert!(came.ends_with(&plain(FIN | TEXT, "more")) && came == heard.went);
    }
    assert_eq!(api.seen().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_for_a_tunnel_that_is_refused_is_no_request_of_the_api() {
    let api = answering("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno").await;
    let (gateway, key) = before(&api).await;
    let mut client = gateway.client().await;
    let early = frame(FIN | TEXT, Some(MASK), Length::Seven, b"hello");
    client.send([request(&key, "GET /v1/a", ASKS).into_bytes(), early].concat()).await;
    let answer = client.answer().await.unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (403, "no"));
    let refused = client.answer().await.unwrap();
    assert_eq!((refused.status, refused.code()), (400, Some("invalid_request")));
    assert_eq!(client.rest().await, "");
    assert_eq!(api.seen().len(), 1);
    assert!(!api.bytes.lock().unwrap().contains(&0x81), "nothing of it went on");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_refuses_as_it_likes_and_the_connection_goes_on() {
    for (answer, status, body) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno", 200, "no"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n", 200, "no"),
        ("HTTP/1.1 204 No Content\r\n\r\n", 204, ""),
        ("HTTP/1.1 302 Found\r\nLocation: /v1/b\r\nContent-Length: 0\r\n\r\n", 302, ""),
        ("HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno", 400, "no"),
        ("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", 403, "no"),
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", 404, "no"),
        ("HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 8\r\nContent-Length: 2\r\n\r\nno", 426, "no"),
        // It names what it would speak, and speaks it not.
        (
            "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n",
            426,
            "",
        ),
        ("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", 429, ""),
    ] {
        let api = answering(answer).await;
        let (gateway, key) = before(&api).await;
        let mut client = gateway.client().await;
        for _ in 0..2 {
            client.send(request(&key, "GET /v1/a", ASKS)).await;
            let got = client.answer().await.unwrap();
            assert_eq!((got.status, got.body.as_str(), got.code()), (status, body, None), "{answer}");
            client.send(request(&key, "GET /v1/a", "")).await;
            assert_eq!(client.answer().await.unwrap().body, "ok", "{answer}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_that_agrees_to_something_else_has_no_answer() {
    for answer in [
        "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket2\r\n\r\n",
    ] {
        let api = answering(answer).await;
        let (gateway, key) = before(&api).await;
        let refused = gateway.ask(&key, "GET /v1/a", ASKS).await;
        assert_eq!((refused.status, refused.code()), (502, Some("upstream_invalid")), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_asks_for_something_else_is_an_ordinary_request() {
    let api = answering("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n").await;
    let (gateway, key) = before(&api).await;
    let asks = |connection: &str, upgrade: &str| {
        ASKS.replace("Connection: Upgrade", connection).replace("Upgrade: websocket", upgrade)
    };
    for (line, lines) in [
        ("GET /v1/a", asks("Connection: keep-alive", "Upgrade: websocket")),
        ("GET /v1/a", asks("Connection: close", "Upgrade: websocket")),
        ("GET /v1/a", asks("Connection: Upgraded", "Upgrade: websocket")),
        ("GET /v1/a", asks("Connection: Up, grade", "Upgrade: websocket")),
        ("GET /v1/a", asks("Connection: websocket", "Upgrade: websocket")),
        ("GET /v1/a", asks("X-Connection: Upgrade", "Upgrade: websocket")),
        ("GET /v1/a", asks("Connection: Upgrade", "X-Upgrade: websocket")),
        ("GET /v1/a", asks("Connection: Upgrade", "Upgrade: h2c")),
        ("GET /v1/a", asks("Connection: Upgrade", "Upgrade: websocket2")),
        ("GET /v1/a", asks("Connection: Upgrade", "Upgrade: websocket/13")),
        ("GET /v1/a", asks("Connection: Upgrade", "Upgrade: TLS/1.0, HTTP/2.0")),
        ("POST /v1/a", format!("{ASKS}Content-Length: 0\r\n")),
        ("PUT /v1/a", format!("{ASKS}Content-Length: 2\r\n\r\nab")),
        ("DELETE /v1/a", ASKS.to_owned()),
    ] {
        let answer = gateway.ask(&key, line, &lines).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "ok"), "{line} {lines}");
        let seen = api.seen().pop().unwrap();
        assert!(seen.all("upgrade").is_empty() && seen.all("connection").is_empty(), "{}", seen.head);
    }
    let mut client = gateway.client().await;
    client.send(request(&key, "GET /v1/a", ASKS).replace("HTTP/1.1", "HTTP/1.0")).await;
    let answer = client.answer().await.unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (200, "ok"), "HTTP/1.0 changes to nothing");
    assert!(api.seen().pop().unwrap().all("upgrade").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_says_it_in_another_way_is_heard() {
    let (api, mut heard) = echo().await;
    let (gateway, key) = before(&api).await;
    for lines in [
        ASKS.replace("Connection: Upgrade", "Connection: keep-alive, Upgrade"),
        ASKS.replace("Connection: Upgrade", "Connection: keep-alive\r\nConnection: upgrade"),
        ASKS.replace("Connection: Upgrade", "cOnNeCtIoN:upgrade , keep-alive"),
        ASKS.replace("Upgrade: websocket", "Upgrade: WebSocket"),
        ASKS.replace("Upgrade: websocket", "Upgrade: h2c, websocket"),
        format!("{ASKS}Content-Length: 0\r\n"),
    ] {
        let mut client = gateway.client().await;
        client.send(request(&key, "GET /v1/a", &lines)).await;
        let head = client.head().await.unwrap();
        assert!(head.starts_with("HTTP/1.1 101 "), "{lines} {head}");
        assert_eq!(client.exchange(&masked(FIN | TEXT, "hello"), usize::MAX).await, plain(FIN | TEXT, "hello"));
        soon("the API", heard.recv()).await.expect("it has heard it");
        let seen = api.seen().pop().unwrap();
        assert_eq!((seen.all("upgrade"), seen.all("connection")), (vec!["websocket"], vec!["upgrade"]), "{lines}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_gateway_refuses_no_api_sees() {
    let api = Api::ok().await;
    let (gateway, key) = before(&api).await;
    let other = Key { scopes: &["live:read"], ..Key::live(2) };
    let test = Key::test(3);
    gateway.knows(&other);
    gateway.knows(&test);
    let unknown = Key::live(4);
    let with_body = format!("{ASKS}Content-Length: 5\r\n\r\nhello");
    let chunked = format!("{ASKS}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
    for (key, line, lines, status, code) in [
        (&unknown, "GET /v1/a", ASKS, 401, "invalid_token"),
        (&other, "GET /v1/a", ASKS, 403, "insufficient_scope"),
        (&key, "GET /v1/secret", ASKS, 403, "insufficient_scope"),
        (&key, "GET /v1/none", ASKS, 403, "no_route"),
        (&test, "GET /v1/a", ASKS, 503, "no_upstream"),
        (&key, "GET /v1/a/../a", ASKS, 400, "invalid_path"),
        (&key, "GET /v1/a", with_body.as_str(), 400, "invalid_request"),
        (&key, "GET /v1/a", chunked.as_str(), 400, "invalid_request"),
    ] {
        let refused = gateway.ask(key, line, lines).await;
        assert_eq!((refused.status, refused.code()), (status, Some(code)), "{line} {lines}");
        assert_eq!(refused.header("content-type"), Some("application/problem+json"), "{line} {lines}");
        assert_eq!((refused.header("upgrade"), refused.header("sec-websocket-accept")), (None, None));
    }
    let mut client = gateway.client().await;
    client.send(format!("GET /v1/a HTTP/1.1\r\nHost: desk.example\r\n{ASKS}\r\n")).await;
    let refused = client.answer().await.unwrap();
    assert_eq!((refused.status, refused.code()), (401, Some("missing_key")));
    assert!(api.seen().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_has_as_many_tunnels_as_streams() {
    let api = Api::start(|mut connection| {
        Box::pin(async move {
            let Some(seen) = connection.request().await else { return };
            connection.write(&agrees(&seen)).await;
            connection.request().await;
        })
    })
    .await;
    let gateway = Gateway::before(&[api.url()], "[gateway]\nmax_streams_of_key = 2").await;
    let key = Key::live(1);
    gateway.knows(&key);
    let (first, second) = (opened(&gateway, &key).await, opened(&gateway, &key).await);
    let refused = gateway.ask(&key, "GET /v1/a", ASKS).await;
    assert_eq!((refused.status, refused.code()), (429, Some("too_many_streams")));
    assert_eq!(api.seen().len(), 2);
    drop((first, second));
    for _ in 0..400 {
        let mut client = gateway.client().await;
        client.send(request(&key, "GET /v1/a", ASKS)).await;
        if client.head().await.unwrap().starts_with("HTTP/1.1 101 ") {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("what has ended takes no place");
}
