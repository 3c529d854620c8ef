//! Bodies: as they come, in both directions.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    sync::Notify,
};

use std::sync::Arc;

use crate::{
    raw::Api,
    support::{Gateway, Key, request, soon, until},
};

async fn before(api: &Api, more: &str) -> (Gateway, Key) {
    let gateway = Gateway::before(&[api.url()], more).await;
    let key = Key::live(1);
    gateway.knows(&key);
    (gateway, key)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_arrives_before_the_next_one_is_made() {
    let go_on = Arc::new(Notify::new());
    let made = Arc::clone(&go_on);
    let api = Api::start(move |mut connection| {
        let go_on = Arc::clone(&made);
        Box::pin(async move {
            connection.request().await;
            connection.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n").await;
            for number in 0..3 {
                connection.write(&format!("data: {number}\n\n")).await;
                go_on.notified().await;
            }
        })
    })
    .await;
    let (gateway, key) = before(&api, "").await;
    let mut client = gateway.client().await;
    client.send(request(&key, "GET /v1/a", "Accept: text/event-stream\r\n")).await;
    let head = client.head().await.unwrap();
    assert!(head.contains("content-type: text/event-stream"), "{head}");
    for number in 0..3 {
        // It came although the next one was not even made.
        client.read_to(&format!("data: {number}\n\n")).await.unwrap();
        go_on.notify_one();
    }
    // The API has closed its connection: that was the end.
    assert!(client.rest().await.ends_with("0\r\n\r\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_sent_on_while_it_comes_and_answered_before_it_ends() {
    let api = Api::start(|mut connection| {
        Box::pin(async move {
            connection.head().await;
            assert_eq!(connection.take(5).await.unwrap(), b"hello");
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhalf").await;
            // The rest never comes.
            assert_eq!(connection.take(5).await, None);
        })
    })
    .await;
    let (gateway, key) = before(&api, "").await;
    let mut client = gateway.client().await;
    client.send(request(&key, "POST /v1/a", "Content-Length: 10\r\n\r\nhello")).await;
    let answer = client.answer().await.unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (200, "half"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_read_stops_who_writes() {
    const ALL: usize = 256 << 20;
    let written = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = Arc::clone(&written);
    let api = Api::start(move |mut connection| {
        let written = Arc::clone(&counted);
        Box::pin(async move {
            connection.request().await;
            connection.write(&format!("HTTP/1.1 200 OK\r\nContent-Length: {ALL}\r\n\r\n")).await;
            let piece = vec![7; 1 << 20];
            for _ in 0..ALL >> 20 {
                if connection.stream.write_all(&piece).await.is_err() {
                    return;
                }
                written.fetch_add(piece.len(), std::sync::atomic::Ordering::SeqCst);
            }
        })
    })
    .await;
    let (gateway, key) = before(&api, "").await;
    let mut client = gateway.client().await;
    client.send(request(&key, "GET /v1/a", "")).await;
    client.head().await.unwrap();
    // It stops somewhere, at what the system and a few buffers hold, and that is the same whatever is still to come.
    let now = || written.load(std::sync::atomic::Ordering::SeqCst);
    let (mut before, mut same) = (0, 0);
    while same < 20 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        same = if now() == before { same + 1 } else { 0 };
        before = now();
    }
    assert!(before < 64 << 20, "{before}");
    let mut read = 0;
    let mut piece = vec![0; 1 << 20];
    while read < ALL - 1 {
        let bytes = soon("bytes", client.stream.read(&mut piece)).await.unwrap();
        assert!(bytes > 0, "{read}");
        read += bytes;
        if now() == ALL && read > ALL - (16 << 20) {
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trailers_go_both_ways() {
    let api = Api::answering(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Row-Count, X-Keydesk-Key-Id\r\n\r\n2\r\nhi\r\n0\r\n\
         X-Row-Count: 7\r\nX-Keydesk-Key-Id: forged\r\n\r\n",
    )
    .await;
    let (gateway, key) = before(&api, "").await;
    let sent = "TE: trailers\r\nTrailer: X-Sum, X-Keydesk-Key-Id\r\nTransfer-Encoding: chunked\r\n\r\n\
                2\r\nab\r\n0\r\nX-Sum: 1\r\nX-Keydesk-Key-Id: forged\r\n\r\n";
    let answer = gateway.ask(&key, "POST /v1/a", sent).await;
    assert_eq!(answer.body, "hi\n[trailer x-row-count: 7]");
    let seen = api.seen();
    assert_eq!(String::from_utf8_lossy(&seen[0].body), "ab\n[trailer x-sum: 1]");
    assert_eq!(seen[0].all("te"), ["trailers"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_expects_to_be_told_to_go_on_is_told_once_the_call_is_allowed() {
    let api = Api::ok().await;
    let (gateway, key) = before(&api, "").await;
    let mut client = gateway.client().await;
    client.send(request(&key, "POST /v1/a", "Content-Length: 5\r\nExpect: 100-continue\r\n")).await;
    assert_eq!(client.answer().await.unwrap().status, 100);
    client.send("hello").await;
    assert_eq!(client.answer().await.unwrap().status, 200);
    assert_eq!((api.seen()[0].body.as_slice(), api.seen()[0].all("expect").len()), (&b"hello"[..], 0));
    // A refused one is told no such thing.
    let mut client = gateway.client().await;
    client.send(request(&key, "POST /v1/secret", "Content-Length: 5\r\nExpect: 100-continue\r\n")).await;
    assert_eq!(client.answer().await.unwrap().status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_has_a_bound_whether_or_not_it_says_how_long_it_is() {
    let api = Api::ok().await;
    let (gateway, key) = before(&api, "[gateway]\nmax_body = 10").await;
    let eleven = "Content-Length: 11\r\n\r\nhello world";
    let answer = gateway.ask(&key, "POST /v1/a", eleven).await;
    assert_eq!((answer.status, answer.code()), (413, Some("body_too_large")));
    let chunked = "Transfer-Encoding: chunked\r\n\r\n6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n";
    let answer = gateway.ask(&key, "POST /v1/a", chunked).await;
    assert_eq!((answer.status, answer.code()), (413, Some("body_too_large")), "{answer:?}");
    assert!(api.seen().is_empty());
    let ten = "Transfer-Encoding: chunked\r\n\r\n6\r\nhello \r\n4\r\nworl\r\n0\r\n\r\n";
    assert_eq!(gateway.ask(&key, "POST /v1/a", ten).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_to_an_api_serves_many_calls() {
    let api = Api::ok().await;
    let (gateway, key) = before(&api, "").await;
    let mut client = gateway.client().await;
    for _ in 0..20 {
        client.send(request(&key, "GET /v1/a", "")).await;
        assert_eq!(client.answer().await.unwrap().status, 200);
        client.send(request(&key, "POST /v1/a", "Content-Length: 1\r\n\r\nx")).await;
        assert_eq!(client.answer().await.unwrap().status, 200);
    }
    let connections: std::collections::BTreeSet<_> = api.seen().iter().map(|seen| seen.connection).collect();
    assert_eq!((api.seen().len(), connections.len()), (40, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_ends_the_call_at_the_api() {
    let left = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let noticed = Arc::clone(&left);
    let api = Api::start(move |mut connection| {
        let left = Arc::clone(&noticed);
        Box::pin(async move {
            connection.request().await;
            connection.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n").await;
            let ended = connection.stream.read(&mut [0; 1]).await;
            left.store(matches!(ended, Ok(0) | Err(_)), std::sync::atomic::Ordering::SeqCst);
        })
    })
    .await;
    let (gateway, key) = before(&api, "").await;
    let mut client = gateway.client().await;
    client.send(request(&key, "GET /v1/a", "")).await;
    client.read_to("data: 1").await.unwrap();
    drop(client);
    until("the API's connection ends", || left.load(std::sync::atomic::Ordering::SeqCst)).await;
}
