use std::{collections::BTreeMap, time::Duration};

use delivery::testing::Receiver;
use futures::StreamExt as _;
use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    time::{sleep, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};

use super::{desk::Desk, log::Stream};

/// Legs that are followed from their beginning to their end. Not 1,000: each of ten or so events of a leg is a request to the receiver, and a
/// build for tests would make them in more than ten seconds. The crate's own test follows more than 500 without requests.
const LEGS: usize = 200;
const PATH: &str = "/v1/stream/calls";

type Socket = WebSocketStream<TcpStream>;

/// A client of a WebSocket, through the gateway.
async fn connect(desk: &Desk) -> Socket {
    let mut request = format!("ws://{}{PATH}", desk.gateway).into_client_request().unwrap();
    request.headers_mut().insert("authorization", format!("Bearer {}", desk.key).parse().unwrap());
    request.headers_mut().insert("sec-websocket-protocol", "keydesk.events.v1".parse().unwrap());
    let stream = TcpStream::connect(&desk.gateway).await.unwrap();
    client_async(request, stream).await.unwrap().0
}

async fn told(socket: &mut Socket) -> Value {
    loop {
        let message = timeout(Duration::from_secs(20), socket.next()).await.expect("something should have come");
        match message.unwrap().unwrap() {
            Message::Text(text) => return serde_json::from_str(&text).unwrap(),
            Message::Ping(_) | Message::Pong(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// Which events a leg must have had, by what became of it.
fn prescribed(leg: &Value) -> BTreeMap<String, usize> {
    let list = |name: &str| leg[name].as_array().unwrap();
    let (offers, holds, instants) = (list("offers"), list("holds"), &leg["instants"]);
    let is = |name: &str| usize::from(!instants[name].is_null());
    let answered = is("answered_at");
    let consult = leg["relation"] == "consult";
    let exit = |outcome: &str| usize::from(leg["outcome"] == outcome);
    let hung_up_on_hold = holds.last().is_some_and(|hold| hold["resumed_at"] == instants["disconnected_at"]);
    let failed = answered == 0 && (leg["direction"] == "outbound" || consult);
    let wraps = answered * usize::from(!consult);
    let kinds = [
        ("call.started", 1),
        ("call.queued", is("enqueued_at")),
        ("call.offered", offers.len()),
        ("call.offer_ended", offers.iter().filter(|offer| offer["result"] != "answered").count()),
        ("call.answered", answered),
        ("call.held", holds.len()),
        ("call.resumed", holds.len() - usize::from(hung_up_on_hold)),
        ("call.transferred", exit("transferred")),
        ("call.abandoned", exit("abandoned")),
        ("call.flowed_out", exit("flowed_out")),
        ("call.failed", usize::from(failed)),
        ("call.ended", answered),
        ("wrap.written", wraps),
        ("call.wrapped", wraps),
        ("call.closed", 1),
    ];
    kinds.into_iter().filter(|(_, times)| *times > 0).map(|(kind, times)| (kind.to_owned(), times)).collect()
}

/// Events of legs that have begun and ended in them: how many of each kind, by leg, and what became of it.
fn whole(events: &[Value]) -> BTreeMap<String, (BTreeMap<String, usize>, Value)> {
    let mut legs: BTreeMap<String, (BTreeMap<String, usize>, Value)> = BTreeMap::new();
    for event in events.iter().filter(|event| event["subject"]["kind"] == "call") {
        let (had, end) = legs.entry(event["subject"]["id"].to_string()).or_default();
        let kind = event["type"].as_str().unwrap();
        *had.entry(kind.to_owned()).or_default() += 1;
        if kind == "call.closed" {
            *end = event["data"].clone();
        }
    }
    legs.retain(|_, (had, end)| had.contains_key("call.started") && !end.is_null());
    legs
}

/// Case 3: by each transport come the events that the machine prescribes for what became of a leg, and no others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_kind_of_event_goes_missing_by_any_transport() {
    let desk = Desk::open().await;
    desk.until_noon().await;
    let receiver = Receiver::start().await.unwrap();
    let form = json!({ "url": receiver.url(), "types": ["call.*", "wrap.written"] });
    let made = desk.send(&desk.key, "POST /v1/call-webhooks", "", &form).await;
    assert_eq!(made.status, 201, "{}", made.json());
    let mut cursor = made.json()["cursor"].as_str().unwrap().to_owned();
    let (mut stream, mut socket) = (Stream::follow(&desk, PATH, None).await, connect(&desk).await);
    stream.until("stream.snapshot").await;
    while told(&mut socket).await["type"] != "stream.snapshot" {}
    let (mut by_stream, mut by_socket) = (Vec::new(), Vec::new());
    for _ in 0..240 {
        desk.pass(60_000).await;
        let page = desk.get(&format!("/call-events?after={cursor}&limit=500")).await;
        assert_eq!(page["has_more"], false);
        page["next_cursor"].as_str().unwrap().clone_into(&mut cursor);
        for event in page["items"].as_array().unwrap() {
            let (one, other) = (stream.next().await.data, told(&mut socket).await);
            assert_eq!((&one["id"], &other["id"]), (&event["id"], &event["id"]));
            by_stream.push(one);
            by_socket.push(other);
        }
        if whole(&by_stream).len() >= LEGS {
            break;
        }
    }
    let wanted = by_stream.iter().filter(|event| {
        let kind = event["type"].as_str().unwrap();
        kind.starts_with("call.") || kind == "wrap.written"
    });
    // The first asks whether events are wanted.
    let wanted = 1 + wanted.count();
    let come = async {
        while receiver.received().len() < wanted {
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(Duration::from_secs(60), come).await.expect("they should have come");
    let received = receiver.received();
    let by_webhook: Vec<Value> = received.iter().map(|one| serde_json::from_slice(&one.body).unwrap()).collect();
    for (transport, events) in [("stream", by_stream), ("socket", by_socket), ("webhook", by_webhook)] {
        let legs = whole(&events);
        assert!(legs.len() >= LEGS, "{transport}: {}", legs.len());
        for (leg, (mut had, end)) in legs {
            for dialled in ["call.dialing", "call.alerting"] {
                let times = had.remove(dialled).unwrap_or_default();
                assert!(times == 0 || times == 1 && end["direction"] == "outbound", "{transport}: {leg}");
            }
            assert_eq!(had, prescribed(&end), "{transport}: {end}");
        }
    }
}
