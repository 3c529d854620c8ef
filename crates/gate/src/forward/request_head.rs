//! The head of a request, as the API gets it.

use std::{fmt::Write as _, net::IpAddr};

use bytes::{BufMut as _, Bytes, BytesMut};
use edge::{ClientAddress, RequestContext};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, Version, header, request::Parts};
use uuid::Uuid;
use verify::Record;

use super::{
    fields::{self, EVENTS},
    screen,
};
use crate::{Accepted, authz::identity};

static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
static X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
static VIA: HeaderValue = HeaderValue::from_static("1.1 keydesk");
static WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");
static UPGRADE: HeaderValue = HeaderValue::from_static("upgrade");
static TRAILERS: HeaderValue = HeaderValue::from_static("trailers");
static TE: HeaderValue = HeaderValue::from_static("te");

/// What a client asks for besides its call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Wishes {
    /// To go on with WebSocket. Any other protocol that it names is not heard: HTTP/2 in the clear would go past all decisions.
    pub(super) upgrade: bool,
    /// To be sent what comes behind a body.
    pub(super) trailers: bool,
    /// To be told events as they happen.
    pub(super) events: bool,
}

impl Wishes {
    pub(super) fn of(parts: &Parts) -> Self {
        let headers = &parts.headers;
        let has = |name: &HeaderName, token| headers.contains_key(name) && fields::has_token(headers, name, token);
        let upgrade = parts.version == Version::HTTP_11
            && parts.method == Method::GET
            && has(&header::UPGRADE, "websocket")
            && has(&header::CONNECTION, "upgrade");
        let mut accepts = headers.get_all(header::ACCEPT).iter().map(HeaderValue::as_bytes);
        let names_events = |line: &[u8]| line.windows(EVENTS.len()).any(|at| at.eq_ignore_ascii_case(EVENTS));
        let events = accepts.any(names_events);
        Self { upgrade, trailers: has(&header::TE, "trailers"), events }
    }

    /// Whether it asks for an answer that has no end of its own. Others may get one, too.
    pub(super) fn is_stream(self) -> bool {
        self.upgrade || self.events
    }
}

/// Who calls, and how the call came.
pub(super) struct Caller<'a> {
    pub(super) record: &'a Record,
    pub(super) accepted: &'a Accepted,
    pub(super) client: ClientAddress,
    pub(super) is_secure: bool,
    pub(super) context: &'a RequestContext,
}

/// Turns the head of a client's request into that of the API's. `Host` is set with the address.
///
/// Method, path and query stay as they are, byte for byte: they were decided on.
pub(super) fn rewrite(parts: &mut Parts, wishes: Wishes, caller: &Caller<'_>) {
    let host = screen::host(&parts.headers, &parts.uri);
    if parts.uri.authority().is_some()
        && let Some(target) = parts.uri.path_and_query().cloned()
    {
        parts.uri = Uri::from(target);
    }
    parts.version = Version::HTTP_11;
    let headers = &mut parts.headers;
    fields::clean_request(headers);
    if headers.contains_key(header::SEC_WEBSOCKET_PROTOCOL) {
        hide_tokens(headers);
    }
    join_cookies(headers);
    headers.reserve(16);
    identity::write(caller.record, caller.accepted, headers);
    identity::write_contact_centre(caller.record, headers);
    forwarded(host, caller, headers);
    headers.append(header::VIA, VIA.clone());
    let mut id = Uuid::encode_buffer();
    if let Ok(id) = HeaderValue::from_str(caller.context.id().hyphenated().encode_lower(&mut id)) {
        headers.insert(X_REQUEST_ID.clone(), id);
    }
    if wishes.upgrade {
        headers.insert(header::UPGRADE, WEBSOCKET.clone());
        headers.insert(header::CONNECTION, UPGRADE.clone());
    } else if wishes.trailers {
        headers.insert(header::TE, TRAILERS.clone());
        headers.insert(header::CONNECTION, TE.clone());
    }
}

/// Says where the call came from, in both ways in which that is said.
fn forwarded(host: Option<HeaderValue>, caller: &Caller<'_>, headers: &mut HeaderMap) {
    let scheme = if caller.is_secure { "https" } else { "http" };
    let mut buffer = BytesMut::with_capacity(160);
    // To write to memory that grows never fails.
    match caller.client.ip {
        Some(ip) => _ = write!(buffer, "{ip}"),
        None => buffer.put_slice(b"unknown"),
    }
    insert(headers, &X_FORWARDED_FOR, buffer.split().freeze());
    match caller.client.ip {
        Some(ip @ IpAddr::V4(_)) => _ = write!(buffer, "for={ip};proto={scheme}"),
        Some(ip @ IpAddr::V6(_)) => _ = write!(buffer, "for=\"[{ip}]\";proto={scheme}"),
        None => _ = write!(buffer, "for=unknown;proto={scheme}"),
    }
    if let Some(host) = host {
        buffer.put_slice(b";host=\"");
        buffer.put_slice(host.as_bytes());
        buffer.put_u8(b'"');
        headers.insert(X_FORWARDED_HOST.clone(), host);
    }
    insert(headers, &header::FORWARDED, buffer.freeze());
    headers.insert(X_FORWARDED_PROTO.clone(), HeaderValue::from_static(scheme));
}

fn insert(headers: &mut HeaderMap, name: &HeaderName, value: Bytes) {
    // Addresses, and a host that was looked at: visible ASCII.
    if let Ok(value) = HeaderValue::from_maybe_shared(value) {
        headers.insert(name.clone(), value);
    }
}

/// HTTP/2 may split what HTTP/1.1 has on one line (RFC 9113, 8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    let mut lines = headers.get_all(header::COOKIE).iter();
    if lines.next().is_none() || lines.next().is_none() {
        return;
    }
    let all: Vec<_> = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if let Ok(joined) = HeaderValue::from_bytes(&all.join(&b"; "[..])) {
        headers.insert(header::COOKIE, joined);
    }
}

/// A browser's WebSocket can send a token as a subprotocol alone. It is a secret, and no subprotocol.
fn hide_tokens(headers: &mut HeaderMap) {
    let named = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    let all: Vec<_> =
        named.flat_map(|line| line.as_bytes().split(|byte| *byte == b',')).map(<[u8]>::trim_ascii).collect();
    let is_token = |name: &&[u8]| name.get(..7).is_some_and(|begin| begin.eq_ignore_ascii_case(b"bearer."));
    if !all.iter().any(is_token) {
        return;
    }
    let left: Vec<_> = all.iter().filter(|name| !is_token(name)).copied().collect();
    match HeaderValue::from_bytes(&left.join(&b", "[..])) {
        Ok(left) if !left.is_empty() => _ = headers.insert(header::SEC_WEBSOCKET_PROTOCOL, left),
        _ => _ = headers.remove(header::SEC_WEBSOCKET_PROTOCOL),
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn parts(method: &str, version: Version, lines: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().method(method).version(version).uri("/v1/stream/queues");
        for (name, value) in lines {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn a_client_is_heard_when_it_asks_for_websocket_and_for_no_other_protocol() {
        let both = |upgrade, connection| [("upgrade", upgrade), ("connection", connection)];
        for (method, version, lines, expected) in [
            ("GET", Version::HTTP_11, both("websocket", "Upgrade"), true),
            ("GET", Version::HTTP_11, both("WebSocket", "keep-alive, upgrade"), true),
            ("GET", Version::HTTP_11, both("h2c", "upgrade"), false),
            ("GET", Version::HTTP_11, both("websocket", "close"), false),
            ("POST", Version::HTTP_11, both("websocket", "upgrade"), false),
            ("GET", Version::HTTP_10, both("websocket", "upgrade"), false),
        ] {
            assert_eq!(Wishes::of(&parts(method, version, &lines)).upgrade, expected, "{method} {version:?} {lines:?}");
        }
        let events = Wishes::of(&parts("GET", Version::HTTP_11, &[("accept", "Text/Event-Stream, */*")]));
        assert!(events.events && events.is_stream());
        let lines = [("accept", "text/html"), ("accept", "text/event-stream")];
        assert!(Wishes::of(&parts("GET", Version::HTTP_11, &lines)).events, "whichever line names them");
    }

    #[test]
    fn a_token_among_subprotocols_goes_no_further() {
        for (sent, expected) in [
            (&["keydesk.events.v1, bearer.abc.def"][..], Some("keydesk.events.v1")),
            (&["keydesk.events.v1", "Bearer.abc"], Some("keydesk.events.v1")),
            (&["bearer.abc"], None),
            (&["a, b"], Some("a, b")),
        ] {
            let mut headers = HeaderMap::new();
            for line in sent {
                headers.append(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(line));
            }
            hide_tokens(&mut headers);
            assert_eq!(
                headers.get(header::SEC_WEBSOCKET_PROTOCOL).map(|left| left.to_str().unwrap()),
                expected,
                "{sent:?}"
            );
        }
    }

    #[test]
    fn cookies_of_several_lines_are_one() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=b"));
        headers.append(header::COOKIE, HeaderValue::from_static("c=d"));
        join_cookies(&mut headers);
        let all: Vec<_> = headers.get_all(header::COOKIE).iter().collect();
        assert_eq!(all, ["a=b; c=d"]);
    }
}
