//! An API in the process of the gateway, to which no port leads.

use std::convert::Infallible;

use gate::forward::{Entrance, door};
use http::{Request, Response};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;

use crate::support::{Gateway, Key, ROUTES, request};

/// Says who calls.
async fn answer(request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    let caller = request.headers().get("x-keydesk-client-name").map_or("nobody", |name| name.to_str().unwrap());
    Ok(Response::new(format!("{} by {caller}", request.uri().path())))
}

/// Answers whoever comes, until nobody can any more.
async fn serve(mut entrance: Entrance) {
    while let Some(stream) = entrance.accept().await {
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_in_the_process_is_reached_through_its_door() {
    let (door, entrance) = door();
    let gateway = Gateway::with_door(ROUTES, door).await;
    let (key, other) = (Key::live(1), Key::test(2));
    gateway.knows(&key);
    gateway.knows(&other);
    // Whoever calls before it is open waits.
    let early = tokio::spawn({
        let mut client = gateway.client().await;
        let early = request(&key, "GET /v1/a/early", "");
        async move {
            client.send(early).await;
            client.answer().await.unwrap()
        }
    });
    tokio::task::yield_now().await;
    assert!(!early.is_finished());
    tokio::spawn(serve(entrance));
    let early = early.await.unwrap();
    assert_eq!((early.status, early.body.as_str()), (200, "/v1/a/early by Client%201"));
    for _ in 0..3 {
        assert_eq!(gateway.ask(&key, "GET /v1/a/b", "").await.body, "/v1/a/b by Client%201");
    }
    assert_eq!(gateway.ask(&other, "GET /v1/a/b", "").await.code(), Some("no_upstream"), "it is not its API");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_that_has_closed_its_door_is_unreachable() {
    let (door, entrance) = door();
    let gateway = Gateway::with_door(ROUTES, door).await;
    let key = Key::live(1);
    gateway.knows(&key);
    drop(entrance);
    let refused = gateway.ask(&key, "GET /v1/a/b", "").await;
    assert_eq!((refused.status, refused.code()), (502, Some("upstream_unreachable")));
}
