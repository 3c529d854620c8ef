//! What goes on in another protocol.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::{
    raw::Api,
    support::{Gateway, Key, request, soon},
};

const ASKS: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: keydesk.events.v1, bearer.secret\r\n";

/// An API that agrees, says `hello`, and gives back what it gets.
async fn echo() -> Api {
    Api::start(|mut connection| {
        Box::pin(async move {
            connection.request().await;
            connection.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\nhello").await;
            let mut piece = [0; 4096];
            while let Ok(read @ 1..) = connection.stream.read(&mut piece).await {
                if connection.stream.write_all(&piece[..read]).await.is_err() {
                    return;
                }
            }
        })
    })
    .await
}

async fn before(api: &Api) -> (Gateway, Key) {
    let gateway = Gateway::before(&[api.url()], "").await;
    let key = Key::live(1);
    gateway.knows(&key);
    (gateway, key)
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_go_both_ways_as_they_are() {
    let api = echo().await;
    let (gateway, key) = before(&api).await;
    let mut client = gateway.client().await;
    client.send(request(&key, "GET /v1/a", ASKS)).await;
    let head = client.head().await.unwrap();
    assert!(
        head.starts_with("HTTP/1.1 101") && head.contains("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        "{head}"
    );
    assert_eq!(client.read_to("hello").await.unwrap(), "hello");
    // What looks like a request is none any more.
    for text in ["\x00\x01", "GET /v1/secret HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n"] {
        client.send(text).await;
        assert_eq!(client.read_to(text).await.as_deref(), Some(text));
    }
    let seen = &api.seen()[0];
    assert_eq!((seen.all("upgrade"), seen.all("connection")), (vec!["websocket"], vec!["upgrade"]));
    assert_eq!(seen.all("sec-websocket-protocol"), ["keydesk.events.v1"]);
    client.stream.shutdown().await.unwrap();
    assert_eq!(soon("the end", client.rest()).await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_may_refuse_to() {
    let api = Api::answering("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno").await;
    let (gateway, key) = before(&api).await;
    let mut client = gateway.client().await;
    for _ in 0..2 {
        client.send(request(&key, "GET /v1/a", ASKS)).await;
        let answer = client.answer().await.unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (426, "no"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_asked_for_is_no_answer() {
    let api = echo().await;
    let (gateway, key) = before(&api).await;
    let h2c = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n";
    for lines in ["", h2c] {
        let answer = gateway.ask(&key, "GET /v1/a", lines).await;
        assert_eq!((answer.status, answer.code()), (502, Some("upstream_invalid")), "{lines}");
    }
    let seen = api.seen();
    assert!(seen.len() >= 2 && seen.iter().all(|seen| seen.all("upgrade").is_empty()), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tunnel_in_which_nothing_happens_ends() {
    let api = echo().await;
    let gateway = Gateway::before(&[api.url()], "[upstreams.live]\nidle_timeout = \"500ms\"\n").await;
    let key = Key::live(1);
    gateway.knows(&key);
    let mut client = gateway.client().await;
    client.send(request(&key, "GET /v1/a", ASKS)).await;
    client.read_to("hello").await.unwrap();
    let begun = std::time::Instant::now();
    client.send("still here").await;
    client.read_to("still here").await.unwrap();
    assert_eq!(soon("the end", client.rest()).await, "");
    assert!(begun.elapsed() >= std::time::Duration::from_millis(490), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tunnel_is_cut_with_its_key() {
    let api = echo().await;
    let (gateway, key) = before(&api).await;
    let mut client = gateway.client().await;
    client.send(request(&key, "GET /v1/a", ASKS)).await;
    client.read_to("hello").await.unwrap();
    let revoked = Key { life: model::LifeCycle { deleted_at: Some(gateway.now()), ..Default::default() }, ..key };
    let begun = std::time::Instant::now();
    gateway.knows(&revoked);
    assert_eq!(client.rest().await, "");
    assert!(begun.elapsed() < std::time::Duration::from_secs(1), "{:?}", begun.elapsed());
}
