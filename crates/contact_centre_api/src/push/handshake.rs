//! The handshake of a WebSocket (RFC 6455, 4.2).

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use axum::response::{IntoResponse, Response};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use hyper::upgrade::OnUpgrade;

use crate::protocol::{Problem, kinds};

/// What is spoken.
pub(super) const PROTOCOL: &str = "keydesk.events.v1";
/// What a server proves with that it speaks WebSocket.
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The answer to a handshake, and the connection that comes of it.
pub(super) struct Shaken {
    pub(super) response: Response,
    /// None where the connection can't become another.
    pub(super) upgrade: Option<OnUpgrade>,
}

/// Whether the client asks for a WebSocket.
pub(super) fn is_wanted(headers: &HeaderMap) -> bool {
    has(headers, &header::UPGRADE, "websocket")
}

/// Answers a handshake.
///
/// # Errors
/// 400, 426 or 501, by what is wrong with it.
pub(super) fn shake(parts: &mut Parts) -> Result<Shaken, Problem> {
    let headers = &parts.headers;
    if headers.get(header::SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err(Problem::new(&kinds::UPGRADE_REQUIRED)
            .detail("Only version 13 of WebSocket is spoken here.")
            .header(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13")));
    }
    let key = headers.get(header::SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes);
    let key = key.filter(|key| STANDARD.decode(key).is_ok_and(|nonce| nonce.len() == 16));
    let (Some(key), true) = (key, has(headers, &header::CONNECTION, "upgrade")) else {
        return Err(Problem::invalid("The handshake is not as RFC 6455 writes it."));
    };
    let offers = headers.contains_key(header::SEC_WEBSOCKET_PROTOCOL);
    if offers && !has(headers, &header::SEC_WEBSOCKET_PROTOCOL, PROTOCOL) {
        return Err(Problem::invalid(format!("The only subprotocol here is {PROTOCOL}.")));
    }
    let mut response = StatusCode::SWITCHING_PROTOCOLS.into_response();
    let own = response.headers_mut();
    own.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    own.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    // Base64 is visible ASCII.
    if let Ok(accept) = HeaderValue::try_from(accept(key)) {
        own.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    }
    if offers {
        // Nothing else of what was offered: a token may be among it.
        own.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(PROTOCOL));
    }
    Ok(Shaken { response, upgrade: parts.extensions.remove::<OnUpgrade>() })
}

fn accept(key: &[u8]) -> String {
    STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &[key, GUID.as_bytes()].concat()))
}

/// Whether a list in a header has a word, in whatever case.
fn has(headers: &HeaderMap, name: &http::HeaderName, word: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|part| part.trim().eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn parts(more: &[(&str, &str)]) -> Parts {
        let given = [
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "WebSocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        let of = |name: &str| more.iter().any(|(other, _)| *other == name);
        let all = given.iter().filter(|(name, _)| !of(name)).chain(more);
        let request = all.fold(Request::builder(), |request, (name, value)| request.header(*name, *value));
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn the_answer_is_that_of_the_specification() {
        // The example of RFC 6455, 1.3.
        let shaken = shake(&mut parts(&[])).ok().unwrap();
        assert_eq!(shaken.response.status(), StatusCode::SWITCHING_PROTOCOLS);
        assert_eq!(shaken.response.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert!(!shaken.response.headers().contains_key("sec-websocket-protocol"));
    }

    #[test]
    fn a_token_among_the_subprotocols_is_not_echoed() {
        let shaken = shake(&mut parts(&[("sec-websocket-protocol", "keydesk.events.v1, bearer.abc")])).ok().unwrap();
        assert_eq!(shaken.response.headers()["sec-websocket-protocol"], PROTOCOL);
    }

    #[test]
    fn what_is_no_handshake_is_refused() {
        for (name, value, code) in [
            ("sec-websocket-version", "8", "upgrade_required"),
            ("sec-websocket-key", "short", "invalid_request"),
            ("connection", "keep-alive", "invalid_request"),
            ("sec-websocket-protocol", "bearer.abc", "invalid_request"),
        ] {
            let refused = shake(&mut parts(&[(name, value)])).err().unwrap();
            assert_eq!(refused.code(), code, "{name}");
        }
        assert!(is_wanted(&parts(&[]).headers) && !is_wanted(&parts(&[("upgrade", "h2c")]).headers));
    }
}
