//! Which header and trailer fields go on, in which direction.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::authz::identity::{is_disguised, is_ours};

/// Hop-by-hop headers (RFC 9110, 7.6.1), and those that older programs take for such.
static HOP_BY_HOP: [HeaderName; 9] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("http2-settings"),
];

/// What a client says of itself, of its way here, or in place of its method and path, by the beginnings of names. An API might
/// believe it. Some of them are set anew.
const OF_ITSELF: [&str; 15] = [
    "x-api-key",
    "x-forwarded",
    "x-http-method",
    "x-method-override",
    "x-original-",
    "x-real-ip",
    "x-request-id",
    "x-rewrite-url",
    "x-remote-",
    "x-auth-request-",
    "x-authenticated-",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-envoy-",
    "x-ssl-",
];

/// The same of names that do not begin with an `x`.
const NAMED: [&str; 9] = [
    "forwarded",
    "true-client-ip",
    "cf-connecting-ip",
    "fastly-client-ip",
    "remote-user",
    "remote-addr",
    "client-ip",
    "ssl-client-cert",
    "proxy",
];

/// Whether a header of a request stays here: the key, what is meant for the next hop alone, and what only the gateway says.
fn stays(name: &HeaderName) -> bool {
    if HOP_BY_HOP.contains(name) || *name == header::AUTHORIZATION || *name == header::EXPECT || *name == header::HOST {
        return true;
    }
    let text = name.as_str();
    match text.as_bytes().first() {
        Some(b'x') => {
            OF_ITSELF.iter().any(|beginning| text.starts_with(beginning)) || is_ours(name) || is_disguised(name)
        }
        Some(b'f' | b't' | b'c' | b'r' | b's' | b'p') => {
            NAMED.iter().any(|known| text.len() == known.len() && text.bytes().zip(known.bytes()).all(alike))
        }
        _ => false,
    }
}

/// Programs take an underscore for a hyphen.
fn alike((own, known): (u8, u8)) -> bool {
    own == known || (known == b'-' && !own.is_ascii_alphanumeric())
}

/// Removes the fields of a request that stay here. Most requests have one or two.
pub(crate) fn clean_request(headers: &mut HeaderMap) {
    remove_named(headers);
    // Few headers are looked at twice; a list of them would have to be allocated.
    while let Some(name) = headers.keys().find(|name| stays(name)).cloned() {
        headers.remove(&name);
    }
}

/// Removes the fields of an answer that stay here: those for the next hop alone, what only the gateway says, and what it says
/// anew.
pub(super) fn clean_answer(headers: &mut HeaderMap) {
    let stays =
        |name: &&HeaderName| HOP_BY_HOP.contains(name) || is_ours(name) || name.as_str().starts_with("access-control-");
    remove_named(headers);
    while let Some(name) = headers.keys().find(stays).cloned() {
        headers.remove(&name);
    }
}

/// Removes from trailers what must not be in them: whoever merges them into headers would take it for one.
pub(super) fn clean_trailers(trailers: &mut HeaderMap) {
    let is_framing = |name: &HeaderName| {
        [header::CONTENT_LENGTH, header::CONTENT_ENCODING, header::CONTENT_TYPE, header::CONTENT_RANGE, header::TRAILER]
            .contains(name)
            || [header::SET_COOKIE, header::COOKIE, header::CACHE_CONTROL, header::LOCATION, header::VIA].contains(name)
    };
    while let Some(name) = trailers.keys().find(|name| stays(name) || is_framing(name)).cloned() {
        trailers.remove(&name);
    }
}

/// The headers that `Connection` names are for the next hop alone. The body's length is none of these, whoever names it.
fn remove_named(headers: &mut HeaderMap) {
    // Without a list of them: most say no more than this, if anything.
    if headers.get_all(header::CONNECTION).iter().all(|line| names_nothing(line.as_bytes())) {
        return;
    }
    let lines: Vec<HeaderValue> = headers.get_all(header::CONNECTION).iter().cloned().collect();
    for token in lines.iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b',')) {
        let token = token.trim_ascii();
        if names_nothing(token) {
            continue;
        }
        if let Ok(name) = HeaderName::from_bytes(token)
            && name != header::CONTENT_LENGTH
            && name != header::HOST
        {
            headers.remove(name);
        }
    }
}

/// Whether `Connection` says how long it lasts, and names no header. `Keep-Alive` stays in any case.
fn names_nothing(token: &[u8]) -> bool {
    token.eq_ignore_ascii_case(b"keep-alive") || token.eq_ignore_ascii_case(b"close")
}

/// Whether a header with a list of tokens has this one.
pub(super) fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let mut lines = headers.get_all(name).iter();
    lines.any(|line| {
        line.as_bytes().split(|byte| *byte == b',').any(|one| one.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
    })
}

/// The type of server-sent events.
pub(super) const EVENTS: &[u8] = b"text/event-stream";

/// Whether a body has that type, with whatever parameters.
pub(super) fn is_of_events(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(header::CONTENT_TYPE).iter();
    lines.any(|line| {
        let named = line.as_bytes().split(|byte| b";,".contains(byte)).next().unwrap_or_default();
        named.trim_ascii().eq_ignore_ascii_case(EVENTS)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::try_from(*name).unwrap(), HeaderValue::try_from(*value).unwrap());
        }
        headers
    }

    fn left(headers: &HeaderMap) -> Vec<String> {
        let mut names: Vec<_> = headers.keys().map(|name| name.as_str().to_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn of_a_request_goes_on_what_is_for_the_api() {
        for name in [
            "Authorization",
            "X-API-Key",
            "X_API_Key",
            "X-Keydesk-Key-Id",
            "x_keydesk_key_id",
            "X-Keydesk",
            "Forwarded",
            "X-Forwarded-For",
            "X-Forwarded-User",
            "X.Forwarded.For",
            "X-Real-IP",
            "X-Original-URI",
            "X-Rewrite-Url",
            "X-HTTP-Method-Override",
            "X_HTTP_Method_Override",
            "X-Request-Id",
            "X-Remote-User",
            "Remote-User",
            "Remote_User",
            "True-Client-IP",
            "SSL_Client_Cert",
            "Proxy",
            "Proxy-Authorization",
            "Proxy-Connection",
            "Keep-Alive",
            "TE",
            "Upgrade",
            "HTTP2-Settings",
            "Expect",
            "Host",
        ] {
            let mut all = headers(&[(name, "forged"), ("accept", "*/*")]);
            clean_request(&mut all);
            assert_eq!(left(&all), ["accept"], "{name}");
        }
        for name in
            ["X-Proxy-Session", "Accept", "Cookie", "If-Match", "Traceparent", "X-Own", "Forward", "Content-Length"]
        {
            let mut all = headers(&[(name, "own")]);
            clean_request(&mut all);
            assert_eq!(all.len(), 1, "{name}");
        }
    }

    #[test]
    fn what_connection_names_stays_but_for_the_length() {
        let mut all = headers(&[
            ("connection", "close, X-Hop , content-length"),
            ("connection", "x-other"),
            ("x-hop", "1"),
            ("x-other", "2"),
            ("content-length", "3"),
            ("x-end", "4"),
        ]);
        clean_request(&mut all);
        assert_eq!(left(&all), ["content-length", "x-end"]);
    }

    #[test]
    fn of_an_answer_stays_what_only_the_gateway_says() {
        let mut all = headers(&[
            ("x-keydesk-error", "forged"),
            ("access-control-allow-origin", "*"),
            ("connection", "x-hop"),
            ("x-hop", "1"),
            ("keep-alive", "timeout=5"),
            ("transfer-encoding", "chunked"),
            ("trailer", "x-row-count"),
            ("set-cookie", "a=b"),
        ]);
        clean_answer(&mut all);
        assert_eq!(left(&all), ["set-cookie", "trailer"]);
    }

    #[test]
    fn a_stream_of_events_is_known_by_its_type() {
        for (named, expected) in [
            ("text/event-stream", true),
            ("Text/Event-Stream; charset=utf-8", true),
            (" text/event-stream ;x", true),
            ("text/event-streams", false),
            ("text/plain; of=text/event-stream", false),
            ("", false),
        ] {
            assert_eq!(is_of_events(&headers(&[("content-type", named)])), expected, "{named}");
        }
        assert!(is_of_events(&headers(&[("content-type", "text/plain"), ("content-type", "text/event-stream")])));
        assert!(!is_of_events(&HeaderMap::new()));
    }

    #[test]
    fn trailers_bring_no_identity_and_no_framing() {
        let mut all = headers(&[
            ("x-keydesk-key-id", "1"),
            ("content-length", "2"),
            ("authorization", "3"),
            ("x-row-count", "4"),
        ]);
        clean_trailers(&mut all);
        assert_eq!(left(&all), ["x-row-count"]);
    }
}
