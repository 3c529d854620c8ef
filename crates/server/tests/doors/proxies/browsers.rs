//! The promises to web pages, which hold behind every proxy.

use super::{
    gate::{CLIENT, Gate, Got, get, send},
    upstream::WEBSOCKET_KEY,
};
use crate::support::Connection;

pub(super) async fn all(gate: &Gate, address: &str) {
    a_page_may_call_its_own_host_with_a_key_that_is_bound_to_it(gate, address).await;
    pages_of_known_origins_can_read_refusals(gate, address).await;
    websockets_and_no_other_protocols_are_carried(gate, address).await;
}

/// Such calls have no `Origin`. The host is the one that the proxy was asked for, whatever a page claims it was.
async fn a_page_may_call_its_own_host_with_a_key_that_is_bound_to_it(gate: &Gate, address: &str) {
    const OWN: &str = "Sec-Fetch-Site: same-origin";
    let (here, elsewhere) = (gate.key_of("https://api.example").await, gate.key_of("https://evil.example").await);
    for (key, lines, expected) in [
        (&here, &[OWN][..], 200),
        (&here, &["Origin: https://api.example"], 200),
        (&here, &[], 403),
        (&here, &["Sec-Fetch-Site: same-site"], 403),
        (&here, &[OWN, "X-Forwarded-Host: evil.example"], 200),
        (&elsewhere, &[OWN], 403),
        (&elsewhere, &[OWN, "X-Forwarded-Host: evil.example"], 403),
        (&elsewhere, &[OWN, "X-Forwarded-Host: evil.example", "Connection: X-Forwarded-Host"], 403),
    ] {
        let got = get(address, "/api/contacts/42", &key.secret, lines).await;
        let refused = got.status == 400 && lines.iter().any(|line| line.starts_with("Connection"));
        assert!(got.status == expected || refused, "{lines:?}: {}\n{}", got.head, got.body);
    }
}

/// In the documented files pages of <https://app.example.com> may call the API.
async fn pages_of_known_origins_can_read_refusals(gate: &Gate, address: &str) {
    const ORIGIN: &str = "https://app.example.com";
    let allows = |got: &Got, origin: &str| {
        let (allowed, exposed) =
            (got.header("access-control-allow-origin"), got.header("access-control-expose-headers"));
        if origin == ORIGIN {
            assert_eq!(allowed, [ORIGIN], "{}", got.head);
            assert!(exposed.iter().any(|names| names.contains("X-Request-Id")), "{}", got.head);
        } else {
            assert!(allowed.is_empty(), "{}", got.head);
        }
        assert!(got.header("access-control-allow-credentials").is_empty(), "{}", got.head);
        assert!(got.header("vary").iter().any(|names| names.eq_ignore_ascii_case("origin")), "{}", got.head);
    };
    for origin in [ORIGIN, "https://evil.example", "null", "https://app.example.com.evil.example"] {
        let line = format!("Origin: {origin}");
        for (target, key, status, code, challenge) in [
            ("/api/contacts/42", "nonsense", 401, "invalid_token", true),
            ("/api/contacts/42", "", 401, "invalid_token", true),
            ("/api/contacts/42", &gate.poor.secret, 403, "insufficient_scope", true),
            ("/nowhere", &gate.reader.secret, 403, "no_route", false),
            ("/api/contacts/42?", &gate.tester.secret, 403, "environment_not_allowed", false),
            ("/api/contacts/%20%3F", "nonsense", 401, "invalid_token", true),
            ("/api/contacts/%61%41", &gate.reader.secret, 400, "invalid_path", false),
        ] {
            let got = get(address, target, key, &[&line]).await;
            if status == 400 && got.status == 200 {
                // Traefik has tidied the path.
                continue;
            }
            assert_eq!(got.status, status, "{target}: {}", got.head);
            allows(&got, origin);
            assert_eq!(got.header("content-type"), ["application/problem+json"], "{}", got.head);
            let document: serde_json::Value = serde_json::from_str(&got.body).expect("a document");
            assert_eq!((&document["code"], &document["status"]), (&code.into(), &status.into()), "{}", got.body);
            assert_eq!(got.header("x-request-id"), [document["request_id"].as_str().expect("an id")], "{}", got.head);
            assert_eq!(got.header("www-authenticate").len(), usize::from(challenge), "{}", got.head);
        }
        let allowed = get(address, "/api/contacts/42", &gate.reader.secret, &[&line]).await;
        assert_eq!(allowed.status, 200, "{}", allowed.head);
        allows(&allowed, origin);
        let before = gate.upstream.calls();
        let asked = [line.as_str(), "Access-Control-Request-Method: PUT", "Access-Control-Request-Headers: x-api-key"];
        let preflight = send(address, "OPTIONS", b"/api/contacts/42", &asked, "").await;
        assert_eq!(gate.upstream.calls(), before, "a preflight arrived");
        let allowed = preflight.header("access-control-allow-origin");
        if origin == ORIGIN {
            assert!(matches!(preflight.status, 200 | 204), "{}", preflight.head);
            assert_eq!(allowed, [ORIGIN], "{}", preflight.head);
            let says = |name: &str, word: &str| preflight.header(name).iter().any(|words| words.contains(word));
            assert!(says("access-control-allow-methods", "PUT"), "{}", preflight.head);
            assert!(says("access-control-allow-headers", "X-API-Key"), "{}", preflight.head);
        } else {
            assert!(allowed.is_empty(), "{}", preflight.head);
        }
        // An API that takes OPTIONS for a call of its own is asked about.
        let unasked = send(address, "OPTIONS", b"/api/calls/7", &[&line], "").await;
        assert_eq!(unasked.status, 401, "{}", unasked.head);
    }
}

async fn websockets_and_no_other_protocols_are_carried(gate: &Gate, address: &str) {
    let key = gate.key_of("https://app.example.com").await.secret;
    let ask = async |key: &str, protocol: &str| {
        let mut connection = Connection::open_from(CLIENT.into(), address).await.expect("a connection");
        let head = format!(
            "GET /api/calls/stream HTTP/1.1\r\nHost: api.example\r\nOrigin: https://app.example.com\r\nX-API-Key: {key}\r\n\
             Connection: Upgrade\r\nUpgrade: {protocol}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: \
             {WEBSOCKET_KEY}\r\n\r\n"
        );
        connection.write(head.as_bytes()).await.expect("a request");
        (connection.read_until("\r\n\r\n").await.expect("an answer"), connection)
    };
    let (answer, mut connection) = ask(&key, "websocket").await;
    assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
    connection.write(b"there").await.expect("a message");
    assert_eq!(connection.read_until("there").await.expect("an echo"), "there");
    let before = gate.upstream.calls();
    let (refused, _) = ask(&gate.reader.secret, "websocket").await;
    assert!(refused.starts_with("HTTP/1.1 403"), "{refused}");
    assert_eq!(gate.upstream.calls(), before, "a refused request arrived");
    // What speaks HTTP/2 behind a proxy that does not know it would answer requests about which nobody was asked.
    let (other, _) = ask(&key, "h2c").await;
    assert!(!other.starts_with("HTTP/1.1 101"), "{other}");
    assert!(!gate.upstream.last().to_ascii_lowercase().contains("h2c"), "{}", gate.upstream.last());
}
