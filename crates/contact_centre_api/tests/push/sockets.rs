use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, client::IntoClientRequest as _},
};

use crate::support::{Door, KEY};

pub(crate) type Socket = WebSocketStream<TcpStream>;

pub(crate) async fn connect(door: &Door, path: &str, protocol: &str) -> Result<(Socket, http::HeaderMap), Error> {
    let mut request = format!("ws://{}{path}", door.address).into_client_request()?;
    let given = [
        ("x-keydesk-key-id", KEY),
        ("x-keydesk-environment", "test"),
        ("x-keydesk-scopes", "calls:read agent-states:subscribe"),
        ("sec-websocket-protocol", protocol),
    ];
    for (name, value) in given.into_iter().filter(|(_, value)| !value.is_empty()) {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    let stream = TcpStream::connect(door.address).await.unwrap();
    let (socket, response) = client_async(request, stream).await?;
    Ok((socket, response.headers().clone()))
}

pub(crate) async fn next(socket: &mut Socket) -> Value {
    loop {
        match socket.next().await.unwrap().unwrap() {
            Message::Text(text) => return serde_json::from_str(&text).unwrap(),
            Message::Ping(_) | Message::Pong(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

pub(crate) async fn until(socket: &mut Socket, kind: &str) -> Vec<Value> {
    let mut found = vec![next(socket).await];
    while found.last().unwrap()["type"] != kind {
        found.push(next(socket).await);
    }
    found
}

/// The code with which the server closes.
async fn closed(socket: &mut Socket) -> u16 {
    loop {
        match socket.next().await.unwrap().unwrap() {
            Message::Close(Some(frame)) => return frame.code.into(),
            Message::Close(None) => panic!("no code"),
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_socket_carries_what_the_stream_does() {
    let door = Door::open(11).await;
    let (mut socket, headers) = connect(&door, "/v1/stream/calls", "keydesk.events.v1, bearer.abc").await.unwrap();
    assert_eq!(headers["sec-websocket-protocol"], "keydesk.events.v1");
    let mut stream = door.follow("/v1/stream/calls", "calls:read agent-states:subscribe", "").await;
    let ours = until(&mut socket, "stream.snapshot").await;
    let theirs = stream.until("stream.snapshot").await;
    assert_eq!(ours, theirs.iter().map(|event| event.data.clone()).collect::<Vec<_>>());
    door.pass(120_000);
    let theirs = stream.until("call.ended").await;
    for event in theirs {
        assert_eq!(next(&mut socket).await, event.data);
    }
}

#[tokio::test]
async fn a_client_goes_on_from_elsewhere_and_filters() {
    let door = Door::open(12).await;
    let from = door.told();
    door.pass(600_000);
    let (mut socket, _) = connect(&door, "/v1/stream/calls", "keydesk.events.v1").await.unwrap();
    until(&mut socket, "stream.snapshot").await;
    let said = json!({ "op": "resume", "after": format!("{}-{from}", door.epoch()) });
    socket.send(Message::text(said.to_string())).await.unwrap();
    let again = until(&mut socket, "stream.caught_up").await;
    let seqs: Vec<_> =
        again.iter().filter(|event| event["subject_seq"].is_u64()).map(|event| event["seq"].as_u64()).collect();
    assert!(seqs.len() > 20 && seqs.is_sorted() && seqs[0] > Some(from));
    socket.send(Message::text(json!({ "op": "ack", "seq": from }).to_string())).await.unwrap();
    let said = json!({ "op": "filter", "types": ["call.ended"] });
    socket.send(Message::text(said.to_string())).await.unwrap();
    let hello = until(&mut socket, "stream.hello").await.pop().unwrap();
    assert_eq!(hello["filters"]["types"], json!(["call.ended"]));
    assert_eq!(next(&mut socket).await["type"], "stream.snapshot");
    door.pass(600_000);
    assert_eq!(next(&mut socket).await["type"], "call.ended");
}

#[tokio::test]
async fn what_a_client_may_not_say_closes_the_connection() {
    let door = Door::open(13).await;
    for (said, code) in [
        (Message::text("hello"), 1008),
        (Message::text(r#"{"op":"drop"}"#), 1008),
        (Message::text(r#"{"op":"ack","seq":9007199254740993}"#), 1008),
        (Message::binary(vec![1, 2, 3]), 1003),
        (Message::text("x".repeat(9_000)), 1009),
    ] {
        let (mut socket, _) = connect(&door, "/v1/stream/calls", "keydesk.events.v1").await.unwrap();
        until(&mut socket, "stream.snapshot").await;
        socket.send(said).await.unwrap();
        assert_eq!(closed(&mut socket).await, code);
    }
    assert!(connect(&door, "/v1/stream/calls", "other.v1").await.is_err());
    assert!(connect(&door, "/v1/stream/calls", "").await.is_ok(), "a client need not name a subprotocol");
}

#[tokio::test]
async fn a_restart_is_told_with_a_code_and_a_goodbye_is_answered() {
    let door = Door::open(14).await;
    let (mut socket, _) = connect(&door, "/v1/stream/agent-states", "keydesk.events.v1").await.unwrap();
    until(&mut socket, "stream.snapshot").await;
    door.centre.end_streams();
    assert_eq!(closed(&mut socket).await, 1001);
    let (mut late, _) = connect(&door, "/v1/stream/agent-states", "keydesk.events.v1").await.unwrap();
    assert_eq!(closed(&mut late).await, 4429, "none is begun any more");
    let door = Door::open(15).await;
    let (mut socket, _) = connect(&door, "/v1/stream/agent-states", "keydesk.events.v1").await.unwrap();
    socket.close(None).await.unwrap();
    while let Some(Ok(_)) = socket.next().await {}
}
