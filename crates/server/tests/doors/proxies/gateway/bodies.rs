//! Real servers behind the gateway: bodies of 10 MB both ways, answers without one, trailers, and connections that are used again.

use std::{collections::HashSet, convert::Infallible, time::Duration};

use bytes::Bytes;
use futures::stream;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Empty, Full, StreamBody, combinators::BoxBody};
use hyper::{body::Frame, client::conn::http1::SendRequest};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::{
    Gateway,
    apis::{self, Api},
};

type Body = BoxBody<Bytes, Infallible>;

/// Longer than a step of a passing test takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// As long as the bodies of the servers.
const LARGE: usize = 10 << 20;

fn large() -> Bytes {
    (0..=250).cycle().take(LARGE).collect::<Vec<u8>>().into()
}

fn empty() -> Body {
    Empty::<Bytes>::new().boxed()
}

/// A body whose length is not known before it ends.
fn in_pieces(bytes: &Bytes) -> Body {
    let pieces: Vec<_> =
        bytes.chunks(100_000).map(|piece| Ok::<_, Infallible>(Frame::data(Bytes::copy_from_slice(piece)))).collect();
    StreamBody::new(stream::iter(pieces)).boxed()
}

/// A client that keeps its connection to the gateway.
struct Client {
    send: SendRequest<Body>,
    key: String,
    /// The connections on which the API was asked.
    connections: HashSet<String>,
    calls: usize,
}

/// An answer that has come whole.
struct Got {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    trailers: HeaderMap,
}

impl Client {
    async fn of(gateway: &Gateway) -> Self {
        let stream = TcpStream::connect(&gateway.address).await.unwrap();
        let (send, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Self { send, key: gateway.first.secret.clone(), connections: HashSet::new(), calls: 0 }
    }

    async fn ask(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: Body) -> Got {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "desk.example");
        request = request.header(header::AUTHORIZATION, format!("Bearer {}", self.key)).header(header::TE, "trailers");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body).unwrap();
        let asked = async {
            self.send.ready().await.unwrap();
            let (head, body) = self.send.send_request(request).await.unwrap().into_parts();
            (head, body.collect().await.unwrap())
        };
        let (head, body) = timeout(PATIENCE, asked).await.unwrap_or_else(|_| panic!("no answer to {method} {path}"));
        let trailers = body.trailers().cloned().unwrap_or_default();
        let got = Got { status: head.status, headers: head.headers, body: body.to_bytes(), trailers };
        // The gateway says who calls, to every server.
        assert_eq!(got.text("x-client"), "First", "{method} {path}");
        self.connections.insert(got.text("x-connection").to_owned());
        self.calls += 1;
        got
    }
}

impl Got {
    fn text(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}

/// What every server must be able to do behind the gateway.
async fn works(api: Api, has_trailers: bool) {
    let gateway = Gateway::before(&api.url, &api.more).await;
    let mut client = Client::of(&gateway).await;
    let large = large();

    for path in ["/v1/a/sized", "/v1/a/chunked"] {
        let got = client.ask("GET", path, &[], empty()).await;
        assert_eq!((got.status, got.body.len()), (StatusCode::OK, LARGE), "{path}");
        assert!(got.body == large, "{path}: other bytes");
        let length = if path == "/v1/a/sized" { LARGE.to_string() } else { String::new() };
        assert_eq!(got.text("content-length"), length, "{path}");
    }
    for body in [Full::new(large.clone()).boxed(), in_pieces(&large)] {
        let got = client.ask("POST", "/v1/a/echo", &[], body).await;
        assert_eq!((got.status, got.body.len()), (StatusCode::OK, LARGE));
        assert!(got.body == large, "other bytes came back");
    }

    // Without a body: that the next one is understood shows that none was waited for.
    let head = client.ask("HEAD", "/v1/a/sized", &[], empty()).await;
    assert_eq!((head.status, head.text("content-length")), (StatusCode::OK, LARGE.to_string().as_str()));
    let none = client.ask("GET", "/v1/a/none", &[], empty()).await;
    assert_eq!((none.status, &none.body[..]), (StatusCode::NO_CONTENT, &b""[..]));
    assert!(!none.headers.contains_key(header::CONTENT_LENGTH) && none.text("transfer-encoding").is_empty());
    let tagged = client.ask("GET", "/v1/a/tag", &[], empty()).await;
    assert_eq!((tagged.status, &tagged.body[..]), (StatusCode::OK, &b"tagged"[..]));
    let tag = tagged.text("etag");
    let known = client.ask("GET", "/v1/a/tag", &[("if-none-match", tag)], empty()).await;
    assert_eq!((known.status, known.text("etag")), (StatusCode::NOT_MODIFIED, tag));
    assert!(known.body.is_empty());

    let rows = client.ask("GET", "/v1/a/trailers", &[], empty()).await;
    assert_eq!((rows.status, &rows.body[..]), (StatusCode::OK, &b"rows"[..]));
    if has_trailers {
        assert_eq!(rows.trailers["x-row-count"], "7");
    }
    let after = client.ask("POST", "/v1/a/echo", &[], Full::new(Bytes::from_static(b"end")).boxed()).await;
    assert_eq!(&after.body[..], b"end");

    let (calls, connections) = (client.calls, client.connections.len());
    assert!(calls >= 10 && connections <= 2, "{calls} calls took {connections} connections");
    waits_until_it_may_send(&gateway).await;
}

/// A body is asked for when its call is allowed, and not when it is refused.
async fn waits_until_it_may_send(gateway: &Gateway) {
    let head = |path: &str| {
        let key = &gateway.first.secret;
        format!(
            "POST {path} HTTP/1.1\r\nHost: desk.example\r\nAuthorization: Bearer {key}\r\nContent-Length: 5\r\n\
             Expect: 100-continue\r\n\r\n"
        )
    };
    let mut stream = TcpStream::connect(&gateway.address).await.unwrap();
    stream.write_all(head("/v1/a/echo").as_bytes()).await.unwrap();
    let said = read_to(&mut stream, "\r\n\r\n").await;
    assert!(said.starts_with("HTTP/1.1 100 "), "{said}");
    stream.write_all(b"hello").await.unwrap();
    let said = read_to(&mut stream, "hello").await;
    assert!(said.starts_with("HTTP/1.1 200 "), "{said}");

    let mut stream = TcpStream::connect(&gateway.address).await.unwrap();
    stream.write_all(head("/v1/secret").as_bytes()).await.unwrap();
    let said = read_to(&mut stream, "\r\n\r\n").await;
    assert!(said.starts_with("HTTP/1.1 403 "), "{said}");
}

async fn read_to(stream: &mut TcpStream, text: &str) -> String {
    let mut read = Vec::new();
    while !String::from_utf8_lossy(&read).contains(text) {
        let more = timeout(PATIENCE, stream.read_buf(&mut read)).await.unwrap().unwrap();
        assert!(more > 0, "it ended with {:?}", String::from_utf8_lossy(&read));
    }
    String::from_utf8_lossy(&read).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_of_node_works_behind_the_gateway() {
    works(apis::node("").await, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_of_node_works_over_http_2() {
    works(apis::node("h2c").await, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_of_python_works_behind_the_gateway() {
    works(apis::python().await, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_works_behind_the_gateway() {
    // It passes no trailers on.
    works(apis::nginx(false).await, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_works_over_tls_and_http_2() {
    works(apis::nginx(true).await, false).await;
}
