//! What is open ends with what its key may do.

use std::time::{Duration, Instant};

use model::LifeCycle;

use crate::{
    raw::{Api, Client},
    support::{Gateway, Key, request, soon, until},
};

/// An API whose answer has no end.
pub(crate) async fn endless() -> Api {
    Api::start(|mut connection| {
        Box::pin(async move {
            connection.request().await;
            connection.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n").await;
            connection.request().await;
        })
    })
    .await
}

pub(crate) async fn listening(gateway: &Gateway, key: &Key) -> Client {
    let mut client = gateway.client().await;
    client.send(request(key, "GET /v1/a", "Accept: text/event-stream\r\n")).await;
    client.read_to("data: 1\n\n").await.unwrap();
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_within_a_second_of_its_right_and_nothing_is_put_in() {
    let api = endless().await;
    let gateway = Gateway::before(&[api.url()], "").await;
    let key = Key::live(1);
    let other = Key::live(2);
    gateway.knows(&other);
    let now = gateway.now();
    let ended = |life| Key { life, ..key.clone() };
    for changed in [
        ended(LifeCycle { deleted_at: Some(now), ..LifeCycle::default() }),
        ended(LifeCycle { disabled_at: Some(now), ..LifeCycle::default() }),
        Key { scopes: &["live:read"], ..key.clone() },
        Key { origins: &["https://page.example"], ..key.clone() },
    ] {
        gateway.knows(&key);
        let mut goes_on = listening(&gateway, &other).await;
        let mut cut = listening(&gateway, &key).await;
        let begun = Instant::now();
        gateway.knows(&changed);
        let rest = cut.rest().await;
        assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
        // Neither an event nor the end of a body.
        assert!(rest.is_empty() || rest == "\r\n", "{rest:?}");
        let nothing = tokio::time::timeout(Duration::from_millis(600), goes_on.read_to("x")).await;
        assert!(nothing.is_err(), "the other's was cut too");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_when_its_key_loses_any_of_what_its_api_was_told() {
    let api = endless().await;
    let gateway = Gateway::before(&[api.url()], "").await;
    let key = Key::live(1);
    let named = Key { world: Some("acme-ci"), ..key.clone() };
    let limited = Key { contact_centre: "calls=60/hour +61=any hours=9-20", ..key.clone() };
    for (before, after) in [
        // The route asks for `contacts:read` alone.
        (key.clone(), Key { scopes: &["contacts:read", "live:read"], ..key.clone() }),
        (Key { scopes: &["contacts:*"], ..key.clone() }, Key { scopes: &["contacts:read"], ..key.clone() }),
        (key.clone(), named.clone()),
        (named.clone(), key.clone()),
        (named.clone(), Key { world: Some("other"), ..key.clone() }),
        (key.clone(), Key { contact_centre: "agent=none", ..key.clone() }),
        (key.clone(), Key { contact_centre: "+61=0/hour", ..key.clone() }),
        (limited.clone(), Key { contact_centre: "calls=59/hour +61=any hours=9-20", ..key.clone() }),
        (limited.clone(), Key { contact_centre: "calls=60/hour +61=any hours=9-19", ..key.clone() }),
        (limited.clone(), Key { contact_centre: "calls=60/hour +61=5/hour hours=9-20", ..key.clone() }),
    ] {
        gateway.knows(&before);
        let mut cut = listening(&gateway, &before).await;
        let begun = Instant::now();
        gateway.knows(&after);
        let rest = soon("the stream is cut", cut.rest()).await;
        let of = format!("{:?} {:?} {:?}", after.scopes, after.contact_centre, after.world);
        assert!(begun.elapsed() < Duration::from_secs(1), "{of}: {:?}", begun.elapsed());
        assert!(rest.is_empty() || rest == "\r\n", "{of}: {rest:?}");
        drop(listening(&gateway, &after).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_goes_on_when_its_key_may_more_or_is_called_otherwise() {
    let api = endless().await;
    let gateway = Gateway::before(&[api.url()], "").await;
    let key = Key { world: Some("acme-ci"), ..Key::live(1) };
    let limited = Key { contact_centre: "calls=5/hour +61=0/hour agent=none", ..key.clone() };
    let changes = [
        (key.clone(), Key { scopes: &["contacts:*", "live:read", "calls:read"], ..key.clone() }),
        (key.clone(), Key { client_name: "Renamed", ..key.clone() }),
        (key.clone(), Key { rate: Some("default=4/3600s"), ..key.clone() }),
        // The gateway keeps these by what holds now.
        (key.clone(), Key { contact_centre: "streams=1 recordings=10/day", ..key.clone() }),
        (limited.clone(), Key { contact_centre: "calls=6/hour +61=0/hour agent=none", ..key.clone() }),
        (limited.clone(), key.clone()),
    ];
    let mut open = Vec::new();
    for (number, (before, after)) in (1..).zip(changes) {
        let (before, after) = (Key { number, ..before }, Key { number, ..after });
        gateway.knows(&before);
        open.push((listening(&gateway, &before).await, after));
    }
    for (_, after) in &open {
        gateway.knows(after);
    }
    tokio::time::sleep(Duration::from_millis(1_000)).await;
    for (client, after) in &mut open {
        let nothing = tokio::time::timeout(Duration::from_millis(50), client.read_to("x")).await;
        assert!(nothing.is_err(), "cut: {:?} {:?} {:?}", after.scopes, after.contact_centre, after.client_name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_when_its_key_expires() {
    let api = endless().await;
    let gateway = Gateway::before(&[api.url()], "").await;
    let expires_at = Some(gateway.now().plus_millis(60_000));
    let key = Key { life: LifeCycle { expires_at, ..LifeCycle::default() }, ..Key::live(1) };
    gateway.knows(&key);
    let mut client = listening(&gateway, &key).await;
    gateway.passes(Duration::from_secs(59));
    assert!(tokio::time::timeout(Duration::from_millis(700), client.read_to("x")).await.is_err(), "not yet");
    let begun = Instant::now();
    gateway.passes(Duration::from_secs(1));
    client.rest().await;
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_has_only_so_many_streams() {
    let api = endless().await;
    let gateway = Gateway::before(&[api.url()], "[gateway]\nmax_streams_of_key = 2\nmax_streams = 3").await;
    let (key, other) = (Key::live(1), Key::live(2));
    gateway.knows(&key);
    gateway.knows(&other);
    let held = (listening(&gateway, &key).await, listening(&gateway, &key).await);
    let events = "Accept: text/event-stream\r\n";
    let answer = gateway.ask(&key, "GET /v1/a", events).await;
    assert_eq!((answer.status, answer.code()), (429, Some("too_many_streams")));
    assert!(answer.header("retry-after").is_some());
    let of_other = listening(&gateway, &other).await;
    assert_eq!(gateway.ask(&other, "GET /v1/a", events).await.code(), Some("too_many_streams"));
    drop((held, of_other));
    let seen = || api.seen().len();
    let before = seen();
    // The places are free once the gateway has noticed.
    for _ in 0..400 {
        let mut client = gateway.client().await;
        client.send(request(&key, "GET /v1/a", events)).await;
        if client.head().await.unwrap().starts_with("HTTP/1.1 200") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    until("a stream has a place again", || seen() > before).await;
}
