//! Requests that the HTTP library refuses by itself: they get a document, too, and are counted.

use serde_json::Value;

use crate::support::{Connection, Program, request};

/// What came last on a connection on which this was sent: its status, its head, and its document.
async fn refused(program: &Program, sent: &str) -> (u16, String, Value) {
    let mut connection = Connection::open(&program.address).await.unwrap();
    connection.write(sent.as_bytes()).await.unwrap();
    let got = connection.read_to_end().await.unwrap();
    let last = &got[got.rfind("HTTP/1.1 4").unwrap()..];
    let (head, body) = last.split_once("\r\n\r\n").unwrap();
    let document = serde_json::from_str(body).unwrap_or_else(|_| panic!("no document: {got}"));
    (head[9..12].parse().unwrap(), head.to_ascii_lowercase(), document)
}

fn headers(count: usize) -> String {
    (0..count).map(|number| format!("X-H{number}: v\r\n")).collect()
}

#[tokio::test]
async fn what_is_not_read_is_refused_with_a_document_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::serve(folder.path(), &[]).await;
    let many = headers(101);
    let long = format!("X-Long: {}\r\n", "v".repeat(200_000));
    for (sent, status, code) in [
        (format!("GET /api/v1/keys HTTP/1.1\r\nHost: a\r\n{many}\r\n"), 431, "headers_too_large"),
        (format!("GET /authz HTTP/1.1\r\nHost: a\r\n{many}\r\n"), 431, "headers_too_large"),
        (format!("GET /authz?mode=nginx HTTP/1.1\r\nHost: a\r\n{many}\r\n"), 403, "headers_too_large"),
        (format!("GET /keys HTTP/1.1\r\nHost: a\r\n{long}\r\n"), 431, "headers_too_large"),
        ("GET /api/v1/keys HTTP/1.1\r\nno header\r\n\r\n".to_owned(), 400, "invalid_request"),
        ("GET /api/v1/keys HTTP/9.9\r\n\r\n".to_owned(), 400, "invalid_request"),
        ("G\u{1}T / HTTP/1.1\r\n\r\n".to_owned(), 400, "invalid_request"),
        // After a request on the same connection that was answered.
        ("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nnonsense\r\n\r\n".to_owned(), 400, "invalid_request"),
        (format!("GET /keys HTTP/1.1\r\nHost: a\r\nX-Long: {}\r\n\r\n", "v".repeat(80_000)), 431, "headers_too_large"),
        // Neither host of two counts, and one has to be named.
        ("GET /healthz HTTP/1.1\r\n\r\n".to_owned(), 400, "invalid_request"),
        ("GET /healthz HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n".to_owned(), 400, "invalid_request"),
        ("GET /authz HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n".to_owned(), 400, "invalid_request"),
        // What a client of HTTP/2 says first, whole and not, and after a request that was answered.
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), 400, "invalid_request"),
        ("PRI * HTTP/2.0\r\n\r\n".to_owned(), 400, "invalid_request"),
        ("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), 400, "invalid_request"),
        // What leads nowhere, from whatever page.
        ("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nConnection: close\r\n\r\n".to_owned(), 404, "not_found"),
        (
            "POST /foo HTTP/1.1\r\nHost: a\r\nOrigin: https://evil.example\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                .to_owned(),
            404,
            "not_found",
        ),
    ] {
        let (got, head, document) = refused(&program, &sent).await;
        assert_eq!((got, document["code"].as_str().unwrap()), (status, code), "{sent:.60} {head}");
        assert!(head.contains("content-type: application/problem+json"), "{head}");
        assert!(head.contains("connection: close"), "{head}");
        let id = document["request_id"].as_str().unwrap();
        assert!(head.contains(&format!("x-request-id: {id}")), "{head} {document}");
        assert_eq!(head.contains("x-keydesk-status: 431"), status == 403, "{head}");
    }
    // Which of the two it is depends on the pieces in which it arrives.
    let (status, _, document) = refused(&program, &format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(66_000))).await;
    assert!(
        [(414, "uri_too_long"), (431, "headers_too_large")].contains(&(status, document["code"].as_str().unwrap()))
    );
    let (_, metrics) = request(&program.ops_address, "GET", "/metrics", None, None).await.unwrap();
    for counted in [
        "keydesk_http_requests_total{route=\"/api/v1/keys\",status=\"431\"} 1",
        "keydesk_http_requests_total{route=\"/api/v1/keys\",status=\"400\"} 2",
        "keydesk_http_requests_total{route=\"/authz\",status=\"431\"} 1",
        "keydesk_http_requests_total{route=\"/authz\",status=\"403\"} 1",
    ] {
        assert!(metrics.contains(counted), "{counted}\n{metrics}");
    }
}

#[tokio::test]
async fn as_many_headers_as_are_promised_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::serve(folder.path(), &[]).await;
    let mut connection = Connection::open(&program.address).await.unwrap();
    let sent = format!("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{}\r\n", headers(98));
    connection.write(sent.as_bytes()).await.unwrap();
    assert!(connection.read_to_end().await.unwrap().starts_with("HTTP/1.1 200 OK\r\n"));
}

#[tokio::test]
async fn a_long_head_and_one_without_a_host_of_http_1_0_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::serve(folder.path(), &[]).await;
    let long = "v".repeat(60_000);
    for sent in [
        format!("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Long: {long}\r\n\r\n"),
        "GET /healthz HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n".to_owned(),
        "GET /healthz HTTP/1.0\r\n\r\n".to_owned(),
    ] {
        let mut connection = Connection::open(&program.address).await.unwrap();
        connection.write(sent.as_bytes()).await.unwrap();
        let answer = connection.read_to_end().await.unwrap();
        assert_eq!(answer.get(8..12), Some(" 200"), "{sent:.60} {answer}");
    }
}
