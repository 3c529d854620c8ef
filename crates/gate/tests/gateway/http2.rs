//! HTTP/2, on either side.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, Request, Response, Version};
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::{
    body::{Frame, Incoming},
    client::conn::http2::SendRequest,
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};

use crate::{
    raw::Api,
    support::{Gateway, Key, soon, until},
};

/// A client of HTTP/2 that says so from the start.
pub(crate) async fn client(address: SocketAddr) -> SendRequest<Body> {
    let stream = TcpStream::connect(address).await.unwrap();
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (send, connection) = handshake.await.unwrap();
    tokio::spawn(connection);
    send
}

fn get(key: &Key, path: &str) -> http::request::Builder {
    let secret = key.secret();
    Request::get(format!("http://desk.example{path}")).header("authorization", format!("Bearer {}", secret.expose()))
}

/// An API of HTTP/2 that says what it was asked, with trailers.
async fn api() -> (String, Arc<Mutex<Vec<(Version, HeaderMap)>>>) {
    let (url, seen, _) = counted_api().await;
    (url, seen)
}

/// The same, and how many connections were made to it.
async fn counted_api() -> (String, Arc<Mutex<Vec<(Version, HeaderMap)>>>, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("h2c://{}", listener.local_addr().unwrap());
    let seen: Arc<Mutex<Vec<(Version, HeaderMap)>>> = Arc::default();
    let all = Arc::clone(&seen);
    let connections: Arc<AtomicUsize> = Arc::default();
    let counts = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counts.fetch_add(1, SeqCst);
            let seen = Arc::clone(&all);
            tokio::spawn(async move {
                let service = service_fn(move |request: Request<Incoming>| {
                    let seen = Arc::clone(&seen);
                    async move {
                        let line = format!("{} {}", request.method(), request.uri());
                        seen.lock().unwrap().push((request.version(), request.headers().clone()));
                        let body = request.into_body().collect().await.unwrap();
                        let mut trailers = HeaderMap::new();
                        trailers.insert("x-row-count", "7".parse().unwrap());
                        let text = format!("{line} {}", String::from_utf8_lossy(&body.to_bytes()));
                        let frames =
                            [Ok::<_, Infallible>(Frame::data(Bytes::from(text))), Ok(Frame::trailers(trailers))];
                        Ok::<_, Infallible>(Response::new(StreamBody::new(futures::stream::iter(frames))))
                    }
                });
                let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                let _ = builder.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    (url, seen, connections)
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_share_a_connection_of_http_2_as_other_calls_do() {
    let (url, seen, connections) = counted_api().await;
    let gateway = Gateway::before(&[url], "").await;
    let key = Key::live(1);
    gateway.knows(&key);
    let mut send = client(gateway.address).await;
    let mut open = Vec::new();
    for accepted in ["text/event-stream", "text/event-stream", "*/*", "text/event-stream"] {
        let request = get(&key, "/v1/a").header("accept", accepted).body(Body::empty()).unwrap();
        // Its body is not read: it is open still when the next one begins.
        open.push(soon("an answer", send.send_request(request)).await.unwrap());
    }
    assert_eq!((seen.lock().unwrap().len(), connections.load(SeqCst)), (4, 1));
    drop(open);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_http_2_is_answered_by_an_api_of_http_1() {
    let api = Api::ok().await;
    let gateway = Gateway::before(&[api.url()], "").await;
    let key = Key::live(1);
    gateway.knows(&key);
    let mut send = client(gateway.address).await;
    let request = get(&key, "/v1/a/b%20c?d=e").header("cookie", "a=b").header("cookie", "c=d").header("te", "trailers");
    let answer = soon("an answer", send.send_request(request.body(Body::empty()).unwrap())).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "ok");
    let seen = &api.seen()[0];
    assert_eq!(seen.line(), "GET /v1/a/b%20c?d=e");
    assert_eq!((seen.all("cookie"), seen.all("x-forwarded-host")), (vec!["a=b; c=d"], vec!["desk.example"]));
    // Many at once, on a connection.
    let calls = (0..50).map(|number| {
        let mut send = send.clone();
        let request = get(&key, &format!("/v1/a/{number}")).body(Body::empty()).unwrap();
        tokio::spawn(async move { send.send_request(request).await.unwrap().status().as_u16() })
    });
    for status in futures::future::join_all(calls).await {
        assert_eq!(status.unwrap(), 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_and_trailers_go_through_http_2_on_both_sides() {
    let (url, seen) = api().await;
    let gateway = Gateway::before(std::slice::from_ref(&url), "").await;
    let key = Key::live(1);
    gateway.knows(&key);
    let mut send = client(gateway.address).await;
    let mut request = get(&key, "/v1/a/x?y").body(Body::from("hello")).unwrap();
    *request.method_mut() = http::Method::POST;
    let answer = soon("an answer", send.send_request(request)).await.unwrap();
    let body = answer.into_body().collect().await.unwrap();
    assert_eq!(body.trailers().unwrap()["x-row-count"], "7");
    let host = url.strip_prefix("h2c://").unwrap();
    assert_eq!(body.to_bytes(), format!("POST http://{host}/v1/a/x?y hello"));
    let seen = seen.lock().unwrap();
    assert_eq!(seen[0].0, Version::HTTP_2);
    assert_eq!(seen[0].1["x-keydesk-key-id"], key.id().to_string());
    assert!(!seen[0].1.contains_key("authorization"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_http_1_is_answered_by_an_api_of_http_2() {
    let (url, seen) = api().await;
    let gateway = Gateway::before(&[url], "").await;
    let key = Key::live(1);
    gateway.knows(&key);
    for _ in 0..3 {
        let answer =
            gateway.ask(&key, "GET /v1/a", "TE: trailers\r\nUpgrade: websocket\r\nConnection: keep-alive\r\n").await;
        assert_eq!(answer.status, 200);
        assert!(answer.body.starts_with("GET http://"), "{}", answer.body);
    }
    assert!(seen.lock().unwrap().iter().all(|(_, headers)| !headers.contains_key("connection")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_two_readings_is_refused_in_http_2_too() {
    let api = Api::ok().await;
    let gateway = Gateway::before(&[api.url()], "").await;
    let key = Key::live(1);
    gateway.knows(&key);
    let mut send = client(gateway.address).await;
    let body = || Body::new(Full::new(Bytes::from_static(b"x")));
    for (request, expected) in [
        (get(&key, "/v1/a/../secret").body(Body::empty()), 400),
        (get(&key, "/v1/a//b").body(Body::empty()), 400),
        (get(&key, "/v1/a").header("host", "other.example").body(Body::empty()), 400),
        (get(&key, "/v1/a").body(body()), 400),
        (get(&key, "/v1/secret").body(Body::empty()), 403),
        (get(&key, "/v1/a").header("x-keydesk-key-id", "1").body(Body::empty()), 200),
    ] {
        let answer = soon("an answer", send.send_request(request.unwrap())).await.unwrap();
        assert_eq!(answer.status().as_u16(), expected);
    }
    assert_eq!(api.seen().len(), 1);
    assert_eq!(api.seen()[0].all("x-keydesk-key-id"), [key.id().to_string()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_a_client_resets_ends_at_the_api() {
    let ended = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let noticed = Arc::clone(&ended);
    let api = Api::start(move |mut connection| {
        let ended = Arc::clone(&noticed);
        Box::pin(async move {
            connection.request().await;
            connection.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n").await;
            connection.request().await;
            ended.store(true, SeqCst);
        })
    })
    .await;
    let gateway = Gateway::before(&[api.url()], "").await;
    let key = Key::live(1);
    gateway.knows(&key);
    let mut send = client(gateway.address).await;
    let mut answer = send.send_request(get(&key, "/v1/a").body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(answer.body_mut().frame().await.unwrap().unwrap().into_data().unwrap(), "data: 1\n\n");
    drop(answer);
    until("the API's connection ends", || ended.load(SeqCst)).await;
    // The connection goes on.
    let other = send.send_request(get(&key, "/v1/secret").body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(other.status(), 403);
}
