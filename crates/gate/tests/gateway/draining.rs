//! The end: calls are finished, and streams are told to come again elsewhere.

use std::time::{Duration, Instant};

use tokio::net::TcpStream;

use crate::{
    raw::Api,
    support::{Gateway, Key, request, soon, until},
};

async fn before(api: &Api) -> (Gateway, Key) {
    let gateway = Gateway::before(&[api.url()], "").await;
    let key = Key::live(1);
    gateway.knows(&key);
    (gateway, key)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_finished_and_no_other_is_taken() {
    let api = Api::start(|mut connection| {
        Box::pin(async move {
            connection.request().await;
            tokio::time::sleep(Duration::from_millis(500)).await;
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
        })
    })
    .await;
    let (gateway, key) = before(&api).await;
    let mut idle = gateway.client().await;
    let mut client = gateway.client().await;
    client.send(request(&key, "GET /v1/a", "")).await;
    until("the call is there", || !api.seen().is_empty()).await;
    gateway.stopping.send_replace(true);
    let answer = client.answer().await.unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (200, "ok"));
    assert_eq!(client.rest().await, "");
    assert_eq!(idle.rest().await, "");
    let address = gateway.address;
    soon("the end", gateway.served).await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_goes_on_for_some_seconds() {
    let api = Api::start(|mut connection| {
        Box::pin(async move {
            connection.request().await;
            connection.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n").await;
            loop {
                connection.write("data: 1\n\n").await;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
    })
    .await;
    let (gateway, key) = before(&api).await;
    let mut client = gateway.client().await;
    client.send(request(&key, "GET /v1/a", "Accept: text/event-stream\r\n")).await;
    client.read_to("data: 1\n\n").await.unwrap();
    gateway.stopping.send_replace(true);
    let begun = Instant::now();
    client.rest().await;
    assert!((Duration::from_secs(4)..Duration::from_secs(8)).contains(&begun.elapsed()), "{:?}", begun.elapsed());
    soon("the end", gateway.served).await.unwrap();
}
