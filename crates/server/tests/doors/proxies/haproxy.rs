use std::time::Duration;

use super::{
    gate::{Gate, send},
    promises,
    proxy::{Proxy, documented, free_address},
};
use crate::support::Connection;

async fn haproxy(gate: &Gate) -> Proxy {
    let address = free_address();
    let addresses = [
        ("127.0.0.1:3002", gate.program.spoe_address.as_str()),
        ("127.0.0.1:9000", &gate.upstream.address),
        ("127.0.0.1:8080", &address),
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
    promises::all(&gate, &proxy.address).await;
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
    assert_eq!(asked().await, 503);
    assert_eq!(gate.upstream.calls(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_spop_is_hung_up_on() {
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
