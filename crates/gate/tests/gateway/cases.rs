//! Requests that two programs could read differently, and what a client says of itself without being anybody. Proxies in front of the
//! gateway are sent the same (`server/tests/doors/proxies/gateway`).

/// What is sent, the statuses of its answers in order, and what the API sees: request lines, and bodies. In the text `{}` stands for
/// a host and a good key.
pub(crate) type Case = (&'static str, &'static [u16], &'static [(&'static str, &'static str)]);

const NONE: &[(&str, &str)] = &[];

/// Lengths and codings of bodies.
pub(crate) const FRAMING: &[Case] = &[
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
    ("POST /v1/a HTTP/1.1\r\n{}Content-Length: 5, 5\r\n\r\nhello", &[400], NONE),
    ("POST /v1/a HTTP/1.1\r\n{}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", &[400], NONE),
    ("POST /v1/a HTTP/1.1\r\n{}X: y\rTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nhello", &[400], NONE),
];

/// Bodies in chunks that are none.
pub(crate) const CHUNKS: &[Case] = &[
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
    ("POST /v1/a HTTP/1.1\r\n{}Transfer-Encoding: chunked\r\n\r\n5\nhello\n0\n\n", &[400], NONE),
    // To whoever takes the line feed in an extension for a line's end, the chunk begins there, and hides the next.
    (
        "POST /v1/a HTTP/1.1\r\n{}Transfer-Encoding: chunked\r\n\r\n2;\nxx\r\n2f\r\n0\r\n\r\nGET /v1/secret HTTP/1.1\r\n{}\r\n0\r\n\r\n",
        &[400],
        NONE,
    ),
];

/// The lines of a head.
pub(crate) const LINES: &[Case] = &[
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
    ("GET http:///v1/a HTTP/1.1\r\n{}\r\n", &[400], NONE),
    ("GET /v1/a HTTP/1.1\r\n{}Authorization: Bearer other\r\n\r\n", &[400], NONE),
    ("GET /v1/a HTTP/1.1\r\n{}X-API-Key: other\r\n\r\n", &[400], NONE),
];

/// Paths with more than one reading.
pub(crate) const PATHS: &[Case] = &[
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
    ("GET ///v1/secret HTTP/1.1\r\n{}\r\n", &[400], NONE),
    ("GET http://desk.example/v1/a/../secret HTTP/1.1\r\n{}\r\n", &[400], NONE),
];

/// Several requests on a connection.
pub(crate) const PIPELINES: &[Case] = &[
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

/// What is unusual, and has one reading.
pub(crate) const UNUSUAL: &[Case] = &[
    ("POST /v1/a HTTP/1.1\r\n{}Content-Length: 05\r\n\r\nhello", &[200], &[("POST /v1/a", "hello")]),
    ("POST /v1/a HTTP/1.1\r\n{}Content-Length:\t5\r\n\r\nhello", &[200], &[("POST /v1/a", "hello")]),
    ("POST /v1/a HTTP/1.1\r\n{}Content-Length: 5 \r\n\r\nhello", &[200], &[("POST /v1/a", "hello")]),
    // RFC 9112, 2.2: a line feed may stand alone for a line's end.
    ("POST /v1/a HTTP/1.1\n{}Content-Length: 5\n\nhello", &[200], &[("POST /v1/a", "hello")]),
    ("POST /v1/a HTTP/1.1\r\n{}Transfer-Encoding: chunked\n\r\n0\r\n\r\n", &[200], &[("POST /v1/a", "")]),
    ("POST /v1/a HTTP/1.1\r\n{}Transfer-Encoding: chunked \r\n\r\n0\r\n\r\n", &[200], &[("POST /v1/a", "")]),
    (
        "POST /v1/a HTTP/1.1\r\n{}Transfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n",
        &[200],
        &[("POST /v1/a", "hello")],
    ),
    (
        "POST /v1/a HTTP/1.1\r\n{}Transfer-Encoding: chunked\r\n\r\n00000000000000000005\r\nhello\r\n0\r\n\r\n",
        &[200],
        &[("POST /v1/a", "hello")],
    ),
    (
        "POST /v1/a HTTP/1.1\r\n{}Transfer-Encoding: chunked\r\n\r\n0\r\nX-Keydesk-Key-Id: 1\r\nHost: other.example\r\n\r\n",
        &[200],
        &[("POST /v1/a", "")],
    ),
    // Nobody makes a body's length, a host or a key a matter of one hop.
    (
        "POST /v1/a HTTP/1.1\r\n{}Connection: Content-Length\r\nContent-Length: 34\r\n\r\nGET /v1/secret HTTP/1.1\r\nHost: a\r\n\r\n",
        &[200],
        &[("POST /v1/a", "GET /v1/secret HTTP/1.1\r\nHost: a\r\n")],
    ),
    (
        "POST /v1/a HTTP/1.1\r\n{}Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        &[200],
        &[("POST /v1/a", "")],
    ),
    (
        "GET /v1/a HTTP/1.1\r\n{}Connection: X-Keydesk-Key-Id, X-Keydesk-Scopes, Host\r\n\r\n",
        &[200],
        &[("GET /v1/a", "")],
    ),
    ("GET /v1/a HTTP/1.1\r\n{}Connection: Authorization\r\n\r\n", &[200], &[("GET /v1/a", "")]),
    (
        "GET /v1/a HTTP/1.1\r\n{}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
        &[200],
        &[("GET /v1/a", "")],
    ),
    ("GET https://desk.example/v1/a HTTP/1.1\r\n{}\r\n", &[200], &[("GET /v1/a", "")]),
    ("HEAD /v1/a HTTP/1.1\r\n{}\r\n", &[200], &[("HEAD /v1/a", "")]),
];

/// All of them.
pub(crate) const ALL: [&[Case]; 6] = [FRAMING, CHUNKS, LINES, PATHS, PIPELINES, UNUSUAL];

/// Lines by which a client names itself, its way here, or another request than its own. None of them goes further.
pub(crate) const FORGED: [&str; 26] = [
    "X-Keydesk-Key-Id: 1",
    "X-Keydesk-Scopes: data:write",
    "x_keydesk_scopes: data:write",
    "X.Keydesk.Scopes: data:write",
    "X-Keydesk-Anything: 1",
    "X-Keydesk-World: other",
    "X-Keydesk-Contact-Centre: e30",
    "X-Keydesk-Resources: queue=1",
    "X-Forwarded-For: 10.0.0.1",
    "X_Forwarded_For: 10.0.0.1",
    "X-Forwarded-Host: evil.example",
    "X-Forwarded-Proto: https",
    "X-Forwarded-User: root",
    "Forwarded: for=10.0.0.1",
    "X-Real-IP: 10.0.0.1",
    "True-Client-IP: 10.0.0.1",
    "X-Original-URL: /v1/secret",
    "X-Rewrite-URL: /v1/secret",
    "X-HTTP-Method-Override: DELETE",
    "X-HTTP-Method: DELETE",
    "X-Method-Override: DELETE",
    "X-Remote-User: root",
    "Remote-User: root",
    "Proxy: http://evil.example",
    "Proxy-Authorization: Basic YTpi",
    "X-Request-Id: mine",
];
