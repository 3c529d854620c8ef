use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue};
use model::WorldName;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use uuid::Uuid;
use verify::{CheckedToken, Record};

use crate::Accepted;

/// Everything but RFC 3986's unreserved characters.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The headers that tell an upstream who calls.
pub(crate) static KEY_ID: HeaderName = HeaderName::from_static("x-keydesk-key-id");
pub(crate) static CLIENT_NAME: HeaderName = HeaderName::from_static("x-keydesk-client-name");
pub(crate) static ENVIRONMENT: HeaderName = HeaderName::from_static("x-keydesk-environment");
pub(crate) static SCOPES: HeaderName = HeaderName::from_static("x-keydesk-scopes");
pub(crate) static INSTALLATION: HeaderName = HeaderName::from_static("x-keydesk-installation");
/// The key's limits in units of the contact centre. The gateway alone says it: no proxy overwrites it.
static CONTACT_CENTRE: HeaderName = HeaderName::from_static("x-keydesk-contact-centre");
/// The world of the sandbox that the key reaches. As above.
static WORLD: HeaderName = HeaderName::from_static("x-keydesk-world");
/// Which things of an API a derived token reaches.
pub(crate) static RESOURCES: HeaderName = HeaderName::from_static("x-keydesk-resources");
/// The status that nginx should have been told.
pub(crate) static STATUS: HeaderName = HeaderName::from_static("x-keydesk-status");
/// The document of a refusal, for nginx, which reads no body of whomever it asks.
pub(crate) static PROBLEM: HeaderName = HeaderName::from_static("x-keydesk-problem");

/// Whether a header is in our name: `X-Keydesk`, alone or with more behind it. Programs take many characters for a
/// hyphen, so whatever is no letter and no digit counts as one. Nobody else may send a header for which this is true,
/// whatever the proxy.
pub(crate) fn is_ours(name: &HeaderName) -> bool {
    let [b'x', first, rest @ ..] = name.as_str().as_bytes() else { return false };
    let Some(rest) = rest.strip_prefix(b"keydesk") else { return false };
    !first.is_ascii_alphanumeric() && rest.first().is_none_or(|byte| !byte.is_ascii_alphanumeric())
}

/// Whether a client forges a header in our name, other than those that the documented configurations overwrite. A proxy
/// that can't strip by a prefix (nginx) would let such a header through.
pub(super) fn is_forged(name: &HeaderName) -> bool {
    is_ours(name) && ![&KEY_ID, &CLIENT_NAME, &ENVIRONMENT, &SCOPES, &INSTALLATION, &STATUS].contains(&name)
}

/// The names, or their beginnings, by which the documented configurations tell an API about a request, or which they take away
/// from a client.
const GUARDED: [&str; 8] = [
    "x-api-key",
    "x-forwarded-",
    "x-http-method",
    "x-method-override",
    "x-original-",
    "x-real-ip",
    "x-request-id",
    "x-rewrite-url",
];

/// Whether a header is no guarded one, but read as one where programs take other characters for the hyphen: CGI and WSGI an
/// underscore, PHP a dot too. A proxy that guards a name doesn't find it in this writing.
pub(crate) fn is_disguised(name: &HeaderName) -> bool {
    let name = name.as_str().as_bytes();
    let is_odd = |byte: &u8| !byte.is_ascii_alphanumeric() && *byte != b'-';
    let reads_as = |guarded: &str| {
        let alike = |(own, guarded): (&u8, u8)| *own == guarded || (guarded == b'-' && is_odd(own));
        name.len() >= guarded.len() && name.iter().zip(guarded.bytes()).all(alike)
    };
    name.first() == Some(&b'x') && name.iter().any(is_odd) && GUARDED.into_iter().any(reads_as)
}

/// Names the caller to the upstream.
pub(crate) fn write(record: &Record, accepted: &Accepted, headers: &mut HeaderMap) {
    // All values share one piece of memory.
    let mut buffer = BytesMut::with_capacity(256);
    let mut text = Uuid::encode_buffer();
    buffer.put_slice(record.key_id().0.hyphenated().encode_lower(&mut text).as_bytes());
    headers.insert(KEY_ID.clone(), value(buffer.split().freeze()));
    for piece in utf8_percent_encode(record.client_name().as_str(), ENCODED) {
        buffer.put_slice(piece.as_bytes());
    }
    headers.insert(CLIENT_NAME.clone(), value(buffer.split().freeze()));
    headers.insert(ENVIRONMENT.clone(), HeaderValue::from_static(record.environment().as_str()));
    for (number, scope) in record.scopes().iter().enumerate() {
        if number > 0 {
            buffer.put_u8(b' ');
        }
        buffer.put_slice(scope.as_str().as_bytes());
    }
    headers.insert(SCOPES.clone(), value(buffer.split().freeze()));
    headers.insert(INSTALLATION.clone(), accepted.name.clone());
    let resources = record.token().and_then(CheckedToken::resources_header);
    if let Some(resources) = resources.and_then(|resources| HeaderValue::from_str(resources).ok()) {
        headers.insert(RESOURCES.clone(), resources);
    }
}

/// Tells the upstream what the key may do in units of the contact centre, and in which world, where that is said.
pub(crate) fn write_contact_centre(record: &Record, headers: &mut HeaderMap) {
    let world = record.sandbox_world().map(WorldName::as_str);
    for (name, text) in [(&CONTACT_CENTRE, record.told_limits()), (&WORLD, world)] {
        // Base64url, and letters, digits, `-` and `_`.
        if let Some(value) = text.and_then(|text| HeaderValue::from_str(text).ok()) {
            headers.insert(name.clone(), value);
        }
    }
}

/// The bytes are ids, percent-encoded names and scopes: always visible ASCII.
fn value(bytes: Bytes) -> HeaderValue {
    HeaderValue::from_maybe_shared(bytes).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_ours_however_it_is_written() {
        for name in [
            "X-Keydesk-Key-Id",
            "x_keydesk_key_id",
            "x-keydesk_key-id",
            "x_keydesk-anything",
            "x.keydesk.scopes",
            "x~keydesk!scopes",
            "x-keydesk-",
            "x-keydesk",
        ] {
            assert!(is_ours(&HeaderName::try_from(name).unwrap()), "{name}");
        }
        for name in
            ["x-keydeskkey", "x-keydesk2", "keydesk-key-id", "xkeydesk-key-id", "xxkeydesk-key-id", "x-request-id", "x"]
        {
            assert!(!is_ours(&HeaderName::try_from(name).unwrap()), "{name}");
        }
    }

    #[test]
    fn a_guarded_name_is_found_in_any_writing_but_its_own() {
        for name in [
            "x.http.method.override",
            "x_http_method_override",
            "x-http_method",
            "x.method-override",
            "x.original.url",
            "x-original.uri",
            "x~rewrite~url",
            "x_forwarded_for",
            "x-forwarded.host",
            "x.request.id",
            "x_api_key",
            "x.real.ip",
        ] {
            assert!(is_disguised(&HeaderName::try_from(name).unwrap()), "{name}");
        }
        for name in
            ["x-http-method-override", "x-forwarded-for", "x-api-key", "x_own", "x.own.header", "http_x_real_ip", "x"]
        {
            assert!(!is_disguised(&HeaderName::try_from(name).unwrap()), "{name}");
        }
    }

    #[test]
    fn only_headers_that_proxies_do_not_overwrite_are_forgeries() {
        for name in [&KEY_ID, &CLIENT_NAME, &ENVIRONMENT, &SCOPES, &INSTALLATION, &STATUS] {
            assert!(is_ours(name) && !is_forged(name), "{name}");
        }
        // What narrows a token or a key is never the client's to say, also behind a proxy that does not overwrite it.
        for name in [
            "x-keydesk-owner",
            "x_keydesk_key_id",
            "x-keydesk",
            "x-keydesk-resources",
            "x-keydesk-world",
            "x-keydesk-contact-centre",
        ] {
            assert!(is_forged(&HeaderName::from_static(name)), "{name}");
        }
    }
}
