use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use super::{
    gate::Gate,
    paths::{KEPT, Paths},
};

/// The promises that also hold over HTTP/2. The client speaks it to the proxy at `address` without asking first, as
/// after ALPN on a listener with TLS.
pub(crate) async fn paths_arrive_as_over_http_1(gate: &Gate, address: &str, paths: Paths) {
    for target in KEPT {
        let (status, body) = get(address, "GET", target, &gate.reader.secret).await;
        assert_eq!(status, 200, "{target}: {body}");
        let expected = format!("GET {} HTTP/1.1\r\n", paths.of_kept(target));
        assert!(body.starts_with(&expected), "{target} arrived as {body}");
    }
    for (method, target, kept, tidied) in [
        ("PUT", "/api/contacts/42", 403, 403),
        ("GET", "/api/contacts/export", 403, 403),
        ("GET", "/api/calls/7", 403, 403),
        ("GET", "/nowhere", 403, 403),
        // Tidied, it is a path without a route.
        ("GET", "/api/contacts/../calls", 400, 403),
        ("GET", "/api/contacts/%2e%2e", 400, 403),
        ("GET", "/api/contacts/a%2fb", 400, 400),
        ("GET", "/api//contacts/42", 400, 200),
        ("GET", "//api/contacts/42", 400, 200),
        ("GET", "/api/contacts/42;a=b", 400, 400),
    ] {
        let before = gate.upstream.calls();
        let (status, body) = get(address, method, target, &gate.reader.secret).await;
        let expected = if paths == Paths::Kept { kept } else { tidied };
        assert_eq!(status, expected, "{method} {target}: {body}");
        if expected == 200 {
            let tidied = paths.of_hostile(target.as_bytes()).expect("a normal form");
            assert!(body.starts_with(&format!("GET {tidied} HTTP/1.1\r\n")), "{target} arrived as {body}");
        } else {
            assert_eq!(gate.upstream.calls(), before, "{method} {target} arrived");
        }
    }
    let before = gate.upstream.calls();
    assert_eq!(get(address, "GET", "/api/contacts/42", "nonsense").await.0, 401);
    assert_eq!(gate.upstream.calls(), before);
}

/// One request; the status and the body.
async fn get(address: &str, method: &str, target: &str, key: &str) -> (u16, String) {
    let stream = TcpStream::connect(address).await.expect("a connection");
    let (mut client, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .expect("a connection of HTTP/2");
    let connection = tokio::spawn(connection);
    let request = Request::builder()
        .method(method)
        .uri(format!("http://api.example{target}"))
        .header("authorization", format!("Bearer {key}"))
        .body(Empty::<Bytes>::new());
    let answer = client.send_request(request.expect("a request")).await.expect("an answer");
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.expect("a body").to_bytes();
    connection.abort();
    (status, String::from_utf8_lossy(&body).into_owned())
}
