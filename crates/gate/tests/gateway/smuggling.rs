//! Requests that two programs could read differently. Whatever is sent, an API sees what was decided on, framed anew, or nothing.

use crate::{
    raw::{Api, Client},
    support::{Gateway, Key},
};

/// What is sent, the statuses of its answers in order, and what the API sees: request lines, and bodies. In the text `{}` stands for
/// a host and a good key.
type Case = (&'static str, &'static [u16], &'static [(&'static str, &'static str)]);

const NONE: &[(&str, &str)] = &[];

/// Lengths and codings of bodies.
const FRAMING: &[Case] = &[
    ("POST /v1/a HTTP/1.1\r\n{}Content-Length: 5\r\n\r\nhello", &[200], &[("POST /v1/a", "hello")]),
    ("POST /v1/a HTTP/1.1\r\n{}Content-Length: 0\r\n\r\n", &[200], &[("POST /v1/a", "")]),
    ("POST /v1/a HTTP/1.1\r\n{}\r\n", &[200], &[("POST /v1/a", "")]),
    (
        "POST /v1/a HTTP/1.1\r\n{}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        &[200],
        &[("POST /v1/a", "hello")],
    ),
    ("POST /v1/a HTTP/1.1\r\n{}Transfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n", &[200], &[("POST /v1/a", "")]),
    // A length and a coding: the coding counts, and the connection ends. The rest is no request.
    (
        "POST /v1/a HTTP/1.1\r\n{}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /v1/secret HTTP/1.1\r\n{}\r\n",
        &[200],
        &[("POST /v1/a", "")],
    ),
    (
        "POST /v1/a HTTP/1.1\r\n{}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\nGET /v1/secret HTTP/1.1\r\n{}\r\n",
        &[200],
        &[("POST /v1/a", "")],
    ),
    (
        "POST /v1/a HTTP/1.1\r\n{}Content-Length: 100\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        &[200],
        &[("POST /v1/a", "abc")],
    ),
    ("POST /v1/a HTTP/1.1\r\n{}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", &[400], NONE),
    ("POST /v1/a HTTP/1.1\r\n{}Content-Length: 6\r\nContent-Length: 5\r\n\r\nhello!", &[400], NONE),
    (
        "POST /v1/a HTTP/1.1\r\n{}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        &[200],
        &[("POST /v1/a", "hello")],
    ),
    ("POST /v1/a HTTP/1.1\r\n{}Content-Length: 5, 6\r\n\r\nhello!", &[400], NONE),
    ("POST /v1/a HTTP/1.1\r\n{}Content-Length: +5\r\n\r\nhello", &[400], NONE),
    ("POST /v1/a HTTP/1.1\r\n{}Content-Length: -1\r\n\r\n", &[400], NONE),
    ("POST /v1/a HTTP/1.1\r\n{}Content-Length: 0x5\r\n\r\nhello", &[400], NONE),
    ("POST /v1/a HTTP/1.1\r\n{}Content-Length: 5 5\r\n\r\nhello", &[400], NONE),
    ("POST /v1/a HTTP/1.1\r\n{}Content-Length: \r\n\r\n", &[400], NONE),
    ("POST /v1/a HTTP/1.1\r\n{}Content-Length: five\r\n\r\nhello", &[400], NONE),
    ("POST /v1/a HTTP/1.1\r\n{}Content-Length: 5e0\r\n\r\nhello", &[400], NONE),
    ("POST /v1/a HTTP/1.1\r\n{}Content-Length: 99999999999999999999999\r\n\r\nhello", &[400], NONE),
    ("POST /v1/a HTTP/1.1\r\n{}Content-Length : 5\r\n\r\nhello", &[400], NONE),
    ("POST /v1/a HTTP/1.1\r\n{}Content-Length\t: 5\r\n\r\nhello", &[400], NONE),
    ("POST /v1/a HTTP/1.1\r\n{}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", &[400], NONE),
    ("POST /v1/a HTTP/1.1\r\n{}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", &[400], NONE),
    ("POST /v1/a HTTP/1.1\r\n{}Transfer-Encoding: identity\r\n\r\n", &[400], NONE),
    ("POST /v1/a HTTP/1.1\r\n{}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", &[400], NONE),
    ("POST /v1/a HTTP/1.1\r\n{}Transfer-Encoding: chunkedx\r\n\r\n0\r\n\r\n", &[400], NONE),
    ("POST /v1/a HTTP/1.1\r\n{}Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n", &[400], NONE),
    ("POST /v1/a HTTP/1.1\r\n{}Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n", &[400], NONE),
    ("POST /v1/a HTTP/1.1\r\n{}Transfer-Encoding:\r\n\r\n0\r\n\r\n", &[400], NONE),
    (
        "POST /v1/a HTTP/1.1\r\n{}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        &[400],
        NONE,
    ),
    (
        "POST /v1/a HTTP/1.1\r\n{}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        &[400],
        NONE,
    ),
    ("POST /v1/a HTTP/1.1\r\n{}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", &[400], NONE),
    ("POST /v1/a HTTP/1.1\r\n{}Transfer-Encoding\n: chunked\r\n\r\n0\r\n\r\n", &[400], NONE),
    ("POST /v1/a HTTP/1.1\r\n{} Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", &[400], NONE),
    ("POST /v1/a HTTP/1.1\r\n{}X: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", &[400], NONE),
    ("POST /v1/a HTTP/1.1\r\n{}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n", &[400], NONE),
    // To others than HTTP/1.1 a coding is unknown.
    ("POST /v1/a HTTP/1.0\r\n{}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", &[400], NONE),
    // Not named as the header that counts: it is none.
    (
        "POST /v1/a HTTP/1.1\r\n{}Transfer_Encoding: chunked\r\nContent-Length: 2\r\n\r\nhi",
        &[200],
        &[("POST /v1/a", "hi")],
    ),
    ("POST /v1/a HTTP/1.1\r\n{}Content_Length: 9\r\nContent-Length: 2\r\n\r\nhi", &[200], &[("POST /v1/a", "hi")]),
    // A method without a body has none.
    ("GET /v1/a HTTP/1.1\r\n{}Content-Length: 30\r\n\r\nGET /v1/secret HTTP/1.1\r\nx: y\r\n\r\n", &[400], NONE),
    ("GET /v1/a HTTP/1.1\r\n{}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", &[400], NONE),
    ("HEAD /v1/a HTTP/1.1\r\n{}Content-Length: 1\r\n\r\nx", &[400], NONE),
    ("GET /v1/a HTTP/1.1\r\n{}Content-Length: 0\r\n\r\n", &[200], &[("GET /v1/a", "")]),
    ("DELETE /v1/a HTTP/1.1\r\n{}Content-Length: 1\r\n\r\nx", &[200], &[("DELETE /v1/a", "x")]),
];

/// Bodies in chunks that are none.
const CHUNKS: &[Case] = &[
    ("POST /v1/a HTTP/1.1\r\n{}Transfer-Encoding: chunked\r\n\r\nz\r\nhello\r\n0\r\n\r\n", &[400], NONE),
    ("POST /v1/a HTTP/1.1\r\n{}Transfer-Encoding: chunked\r\n\r\n-1\r\nhello\r\n0\r\n\r\n", &[400], NONE),
    ("POST /v1/a HTTP/1.1\r\n{}Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n", &[400], NONE),
    (
        "POST /v1/a HTTP/1.1\r\n{}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        &[400],
        NONE,
    ),
    ("POST /v1/a HTTP/1.1\r\n{}Transfer-Encoding: chunked\r\n\r\n\r\nhello\r\n0\r\n\r\n", &[400], NONE),
    ("POST /v1/a HTTP/1.1\r\n{}Transfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n", &[400], NONE),
    (
        "POST /v1/a HTTP/1.1\r\n{}Transfer-Encoding: chunked\r\n\r\n5;ext=\"1\"\r\nhello\r\n0\r\n\r\n",
        &[200],
        &[("POST /v1/a", "hello")],
    ),
    // What comes behind a body, and what an API may take for it.
    (
        "POST /v1/a HTTP/1.1\r\n{}Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Keydesk-Key-Id: 1\r\nContent-Length: 9\r\n\r\n",
        &[200],
        &[("POST /v1/a", "hi")],
    ),
];

/// The lines of a head.
const LINES: &[Case] = &[
    ("GET /v1/a HTTP/1.1\r\n{}X: y\x00z\r\n\r\n", &[400], NONE),
    ("GET /v1/a HTTP/1.1\r\n{}X: y\rz\r\n\r\n", &[400], NONE),
    ("GET /v1/a HTTP/1.1\r\n{}X y: z\r\n\r\n", &[400], NONE),
    ("GET /v1/a HTTP/1.1\r\n{}: z\r\n\r\n", &[400], NONE),
    ("GET /v1/a HTTP/1.1\r\n{}X\r\n\r\n", &[400], NONE),
    ("GET /v1/a HTTP/1.1\r\n{}X(y): z\r\n\r\n", &[400], NONE),
    ("GET /v1/a HTTP/1.1\r\n{}X: a\r\n b\r\n\r\n", &[400], NONE),
    ("GET /v1/a HTTP/1.1\r\n{}X: a\r\n\tb\r\n\r\n", &[400], NONE),
    ("GET /v1/a HTTP/1.1\r\n Host: a\r\n{}\r\n", &[400], NONE),
    ("GET  /v1/a HTTP/1.1\r\n{}\r\n", &[400], NONE),
    ("GET /v1/a  HTTP/1.1\r\n{}\r\n", &[400], NONE),
    ("GET\t/v1/a HTTP/1.1\r\n{}\r\n", &[400], NONE),
    ("GET /v1/a HTTP/1.1 \r\n{}\r\n", &[400], NONE),
    ("GET /v1/a HTTP/1.2\r\n{}\r\n", &[400], NONE),
    ("GET /v1/a HTTP/2.0\r\n{}\r\n", &[400], NONE),
    ("GET /v1/a HTTP/01.1\r\n{}\r\n", &[400], NONE),
    ("GET /v1/a http/1.1\r\n{}\r\n", &[400], NONE),
    ("GET /v1/a\r\n{}\r\n", &[400], NONE),
    ("G@T /v1/a HTTP/1.1\r\n{}\r\n", &[400], NONE),
    ("GET /v1/a HTTP/1.1\r\nHost: other.example\r\n{}\r\n", &[400], NONE),
    ("GET /v1/a HTTP/1.1\r\n{}HOST: desk.example\r\n\r\n", &[400], NONE),
    ("GET http://other.example/v1/a HTTP/1.1\r\n{}\r\n", &[400], NONE),
    ("GET http://desk.example/v1/a HTTP/1.1\r\n{}\r\n", &[200], &[("GET /v1/a", "")]),
    ("GET http://desk.example@other/v1/a HTTP/1.1\r\n{}\r\n", &[400], NONE),
    ("CONNECT desk.example:443 HTTP/1.1\r\n{}\r\n", &[400], NONE),
    ("TRACE /v1/a HTTP/1.1\r\n{}\r\n", &[400], NONE),
    ("GET /v1/a HTTP/1.1\r\n{}Expect: 200-ok\r\n\r\n", &[417], NONE),
];

/// Paths with more than one reading.
const PATHS: &[Case] = &[
    ("GET /v1/a/../secret HTTP/1.1\r\n{}\r\n", &[400], NONE),
    ("GET /v1/a/./b HTTP/1.1\r\n{}\r\n", &[400], NONE),
    ("GET /v1/a//b HTTP/1.1\r\n{}\r\n", &[400], NONE),
    ("GET //v1/a HTTP/1.1\r\n{}\r\n", &[400], NONE),
    ("GET /v1/a/%2e%2e/secret HTTP/1.1\r\n{}\r\n", &[400], NONE),
    ("GET /v1/a/..%2fsecret HTTP/1.1\r\n{}\r\n", &[400], NONE),
    ("GET /v1/a%2f..%2fsecret HTTP/1.1\r\n{}\r\n", &[400], NONE),
    ("GET /v1/a/..;/secret HTTP/1.1\r\n{}\r\n", &[400], NONE),
    ("GET /v1/a/..\\secret HTTP/1.1\r\n{}\r\n", &[400], NONE),
    ("GET /v1/a/%5c..%5csecret HTTP/1.1\r\n{}\r\n", &[400], NONE),
    ("GET /v1/%61 HTTP/1.1\r\n{}\r\n", &[400], NONE),
    ("GET /v1/a/b%00c HTTP/1.1\r\n{}\r\n", &[400], NONE),
    ("GET /v1/a/b%0d%0aX-Keydesk-Key-Id:%201 HTTP/1.1\r\n{}\r\n", &[400], NONE),
    ("GET /v1/a/%zz HTTP/1.1\r\n{}\r\n", &[400], NONE),
    ("GET /v1/a/%c0%af HTTP/1.1\r\n{}\r\n", &[400], NONE),
    ("GET * HTTP/1.1\r\n{}\r\n", &[400], NONE),
    ("OPTIONS * HTTP/1.1\r\n{}\r\n", &[400], NONE),
    ("GET v1/a HTTP/1.1\r\n{}\r\n", &[400], NONE),
    // In capitals it may be read as what needs more.
    ("GET /v1/SECRET HTTP/1.1\r\n{}\r\n", &[403], NONE),
    ("GET /v1/secret HTTP/1.1\r\n{}\r\n", &[403], NONE),
    ("GET /v1/secret/ HTTP/1.1\r\n{}\r\n", &[403], NONE),
    ("GET /v1/nothing HTTP/1.1\r\n{}\r\n", &[403], NONE),
    // Byte for byte, the query too.
    ("GET /v1/a/b%20c?d=%2e%2e/&e=%zz;f HTTP/1.1\r\n{}\r\n", &[200], &[("GET /v1/a/b%20c?d=%2e%2e/&e=%zz;f", "")]),
    ("GET /v1/a/b%C3%BC? HTTP/1.1\r\n{}\r\n", &[200], &[("GET /v1/a/b%C3%BC?", "")]),
    ("GET /v1/a/%c3%bc HTTP/1.1\r\n{}\r\n", &[200], &[("GET /v1/a/%c3%bc", "")]),
];

/// Several requests on a connection.
const PIPELINES: &[Case] = &[
    (
        "GET /v1/a/1 HTTP/1.1\r\n{}\r\nGET /v1/a/2 HTTP/1.1\r\n{}\r\n",
        &[200, 200],
        &[("GET /v1/a/1", ""), ("GET /v1/a/2", "")],
    ),
    (
        "POST /v1/a/1 HTTP/1.1\r\n{}Content-Length: 3\r\n\r\nabcGET /v1/secret HTTP/1.1\r\n{}\r\n",
        &[200, 403],
        &[("POST /v1/a/1", "abc")],
    ),
    // Inside a body it is no request.
    (
        "POST /v1/a/1 HTTP/1.1\r\n{}Content-Length: 27\r\n\r\nGET /v1/secret HTTP/1.1\r\n\r\nGET /v1/a/2 HTTP/1.1\r\n{}\r\n",
        &[200, 200],
        &[("POST /v1/a/1", "GET /v1/secret HTTP/1.1\r\n\r\n"), ("GET /v1/a/2", "")],
    ),
    // Behind what is refused nothing is read.
    ("GET /v1/a/../b HTTP/1.1\r\n{}Content-Length: 5\r\n\r\nhelloGET /v1/a/2 HTTP/1.1\r\n{}\r\n", &[400], NONE),
    ("\r\n\r\nGET /v1/a HTTP/1.1\r\n{}\r\n", &[200], &[("GET /v1/a", "")]),
];

async fn run(cases: &[Case]) -> usize {
    let api = Api::ok().await;
    let gateway = Gateway::before(&[api.url()], "").await;
    let key = Key::live(1);
    gateway.knows(&key);
    let secret = key.secret().expose().to_owned();
    let good = format!("Host: desk.example\r\nAuthorization: Bearer {secret}\r\n");
    let mut wrong = Vec::new();
    for (text, statuses, expected) in cases {
        api.seen.lock().unwrap().clear();
        let mut client = Client::connect(gateway.address).await;
        client.send(text.replace("{}", &good)).await;
        let mut answered = Vec::new();
        for _ in *statuses {
            let method = if text.starts_with("HEAD") { "HEAD" } else { "GET" };
            let Some(answer) = client.answer_to(method).await else { break };
            // What Keydesk refuses it explains.
            let is_explained =
                answer.header("content-type") == Some("application/problem+json") && answer.code().is_some();
            assert!(answer.status == 200 || is_explained, "{text:?}: {answer:?}");
            assert!(answer.header("x-request-id").is_some(), "{text:?}: {answer:?}");
            answered.push(answer.status);
        }
        let seen = api.seen();
        let got: Vec<_> =
            seen.iter().map(|seen| (seen.line(), std::str::from_utf8(&seen.body).unwrap_or("?"))).collect();
        if answered != *statuses || got != *expected {
            wrong
                .push(format!("{text:?}\n  answered {answered:?}, not {statuses:?}\n  seen {got:?}, not {expected:?}"));
        }
        for seen in &seen {
            assert_eq!(seen.all("host"), [api.address.to_string()], "{text:?}");
            assert_eq!(seen.all("x-keydesk-key-id"), [key.id().to_string()], "{text:?}");
            assert!(seen.all("authorization").is_empty() && seen.all("transfer_encoding").len() <= 1, "{text:?}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Whatever was refused halfway: neither a key nor a request for what it may not see went through.
    let bytes = api.bytes.lock().unwrap();
    let text = String::from_utf8_lossy(&bytes);
    assert!(!text.contains(&secret) && !text.contains("\r\nGET /v1/secret HTTP/1.1\r\nhost"), "{text}");
    cases.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_has_one_length() {
    assert!(run(FRAMING).await >= 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_are_chunks() {
    run(CHUNKS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_has_lines() {
    run(LINES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_has_one_reading() {
    run(PATHS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_request_on_a_connection_is_decided_on() {
    run(PIPELINES).await;
}
