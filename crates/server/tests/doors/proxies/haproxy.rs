use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{
    gate::{Gate, send},
    http_2,
    paths::Paths,
    promises::{self, Forwarded},
    proxy::{Proxy, documented, free_address},
};
use crate::support::Connection;

pub(crate) async fn haproxy(gate: &Gate) -> Proxy {
    haproxy_speaking(gate, "").await
}

/// HAProxy with these words at the end of its `bind` line.
async fn haproxy_speaking(gate: &Gate, protocol: &str) -> Proxy {
    let address = free_address();
    let bound = format!("{address}{protocol}");
    let addresses = [
        ("127.0.0.1:3002", gate.program.spoe_address.as_str()),
        ("127.0.0.1:9000", &gate.upstream.address),
        ("127.0.0.1:8080", &bound),
    ];
    let files = [
        ("haproxy.cfg", documented("haproxy.cfg", &addresses)),
        ("haproxy-spoe.conf", documented("haproxy-spoe.conf", &[])),
    ];
    Proxy::start("haproxy", &["-db", "-f", "haproxy.cfg"], address.clone(), &files).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn haproxy_keeps_every_promise() {
    let gate = Gate::open_with(&["--spoe-listen", "127.0.0.1:0"]).await;
    let proxy = haproxy(&gate).await;
    promises::all(&gate, &proxy.address, Forwarded::Replaced, Paths::Kept).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_http_2_haproxy_asks_for_the_path_that_it_forwards() {
    let gate = Gate::open_with(&["--spoe-listen", "127.0.0.1:0"]).await;
    // As with a TLS listener that agrees on HTTP/2 by ALPN.
    let proxy = haproxy_speaking(&gate, " proto h2").await;
    http_2::paths_arrive_as_over_http_1(&gate, &proxy.address, Paths::Kept).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_address_as_the_target_is_decided_by_its_path() {
    let gate = Gate::open_with(&["--spoe-listen", "127.0.0.1:0"]).await;
    let proxy = haproxy(&gate).await;
    let line = format!("Authorization: Bearer {}", gate.reader.secret);
    let asked = async |target: &str| send(&proxy.address, "GET", target.as_bytes(), &[&line], "").await;
    let got = asked("http://api.example/api/contacts/a%20b?c").await;
    assert_eq!(got.status, 200, "{}", got.head);
    let arrived = got.request_line().split(' ').nth(1).unwrap();
    assert_eq!(arrived.strip_prefix("http://api.example").unwrap_or(arrived), "/api/contacts/a%20b?c");
    let before = gate.upstream.calls();
    for (target, expected) in [
        ("http://api.example/api/calls/7", 403),
        ("http://api.example/api/contacts/../calls", 400),
        ("http://api.example//api/contacts/42", 400),
        ("http://api.example", 400),
        ("*", 400),
    ] {
        assert_eq!(asked(target).await.status, expected, "{target}");
    }
    assert_eq!(gate.upstream.calls(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn haproxy_forwards_nothing_when_keydesk_has_stopped() {
    let mut gate = Gate::open_with(&["--spoe-listen", "127.0.0.1:0"]).await;
    let proxy = haproxy(&gate).await;
    let line = format!("Authorization: Bearer {}", gate.reader.secret);
    let asked = async || send(&proxy.address, "GET", b"/api/contacts/42", &[&line], "").await.status;
    assert_eq!(asked().await, 200);
    gate.program.signal("TERM").await;
    let ended = tokio::time::timeout(Duration::from_secs(10), gate.program.end()).await;
    assert_eq!(ended.unwrap(), Some(0), "a connection of HAProxy's keeps Keydesk from stopping");
    let got = send(&proxy.address, "GET", b"/api/contacts/42", &[&line], "").await;
    assert_eq!((got.status, got.header("content-type")), (503, vec!["application/problem+json"]), "{}", got.head);
    assert_eq!(got.header("x-request-id").len(), 1, "{}", got.head);
    assert_eq!(gate.upstream.calls(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_speaks_no_spop_is_disconnected() {
    let gate = Gate::open_with(&["--spoe-listen", "127.0.0.1:0"]).await;
    for bytes in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        b"\0\0\0\0",
        b"\0\0\0\x07\x03\0\0\0\x01\0\0",
        b"\0\0\0\x07\x01\0\0\0\x01\0\0",
        b"\xff\xff\xff\xff",
    ] {
        let mut connection = Connection::open(&gate.program.spoe_address).await.unwrap();
        connection.write(bytes).await.unwrap();
        let answer = connection.read_to_end().await.unwrap_or_default();
        assert!(answer.len() < 100, "{bytes:?}: {answer:?}");
    }
}

/// A frame of SPOP: an unfragmented one of this kind, for stream and frame `id`.
fn frame(kind: u8, id: u8, payload: &[&[u8]]) -> Vec<u8> {
    let frame = [&[kind, 0, 0, 0, 1, id, id][..], &payload.concat()].concat();
    [&u32::try_from(frame.len()).unwrap().to_be_bytes()[..], &frame].concat()
}

/// A text, with its length.
fn text(text: &str) -> Vec<u8> {
    [&[u8::try_from(text.len()).unwrap()][..], text.as_bytes()].concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_frame_is_larger_than_haproxy_agreed_to() {
    const TEXT: &[u8] = &[8];
    let gate = Gate::open_with(&["--spoe-listen", "127.0.0.1:0"]).await;
    // 256 and 16,380 as SPOP writes numbers.
    for (written, frame_max, has_words) in [(&[3, 0xf0, 0x01][..], 256, false), (&[3, 0xfc, 0xf0, 0x06], 16_380, true)]
    {
        let hello = [&text("supported-versions"), TEXT, &text("2.0"), &text("max-frame-size"), written];
        let (target, headers) = (text("/api/contacts/42"), [2, 0, 0]);
        let method = [&text("method"), TEXT, &text("GET"), &text("target"), TEXT, &target];
        let arguments = [&method.concat()[..], &text("headers"), TEXT, &headers].concat();
        let asked = [frame(1, 0, &hello), frame(3, 1, &[&text("request"), &[3], &arguments]), frame(2, 0, &[])];
        let mut stream = TcpStream::connect(&gate.program.spoe_address).await.unwrap();
        stream.write_all(&asked.concat()).await.unwrap();
        let mut said = Vec::new();
        stream.read_to_end(&mut said).await.unwrap();
        let mut rest = &said[..];
        while let Some((length, after)) = rest.split_first_chunk::<4>() {
            let length = u32::from_be_bytes(*length) as usize;
            assert!(length <= frame_max, "a frame of {length} bytes");
            rest = &after[length..];
        }
        let says = |name: &str| said.windows(name.len()).any(|window| window == name.as_bytes());
        assert!(says("status") && says("challenge"), "{}", String::from_utf8_lossy(&said));
        assert_eq!(says("problem"), has_words, "{}", String::from_utf8_lossy(&said));
    }
}
