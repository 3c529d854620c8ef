//! The key that a request presents, and what its caller is told when the key is not enough.

use http::{HeaderMap, HeaderName, header};
use model::{CallOrigin, Code, Scope, may_be_token, presented_key};
use verify::Verdict;

use crate::{
    ClientAddress, call_origin,
    problem::{self, Problem},
};

static X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// What a request says about its caller.
#[derive(Clone, Copy, Debug)]
pub struct Credentials<'a> {
    /// The key, whatever it is.
    pub key: &'a str,
    /// The page that calls.
    pub origin: CallOrigin<'a>,
}

/// Reads them from the headers of a request that came from `client`.
pub fn read(headers: &HeaderMap, client: ClientAddress) -> Result<Credentials<'_>, Problem> {
    match presented(headers)? {
        Presented::Nothing => Err(Problem::new(&problem::MISSING_KEY)
            .detail("Send an API key in the header Authorization: Bearer or X-API-Key.")
            .challenge(problem::bearer(""))),
        // No key has such bytes, nor this text: it is decided, counted and slowed down as a malformed key.
        Presented::Unreadable => Ok(Credentials { key: "", origin: call_origin::find(headers, client) }),
        Presented::Key(key) => Ok(Credentials { key, origin: call_origin::find(headers, client) }),
    }
}

/// The refusal of a key that may not do what a call from `origin` needs.
pub fn refusal(verdict: Verdict, wanted: &[Scope], origin: CallOrigin<'_>) -> Problem {
    if let Some(seconds) = verdict.busy_for {
        return busy(seconds);
    }
    if verdict.slowed_for.is_some() {
        return slowed();
    }
    match verdict.code {
        Code::InsufficientScope => insufficient(wanted),
        Code::EnvironmentNotAllowed => Problem::new(&problem::ENVIRONMENT_NOT_ALLOWED),
        Code::IpNotAllowed => Problem::new(&problem::IP_NOT_ALLOWED),
        Code::OriginNotAllowed => Problem::new(&problem::ORIGIN_NOT_ALLOWED).detail(foreign(origin)),
        code @ (Code::RateLimited | Code::QuotaExceeded) => Problem::limited(code, verdict.refused_by, verdict.limits),
        Code::Valid | Code::NotFound | Code::Revoked | Code::Disabled | Code::Expired => invalid(),
    }
}

/// The refusal of a key that is not found, from an address that has sent too many of them. It does not tell which sort of key it
/// is, nor does it differ from one call to the next.
pub fn slowed() -> Problem {
    Problem::new(&problem::TOO_MANY_FAILED_KEYS).detail(
        "Too many API keys that are not valid came from this address. Wait a second before you send another. Valid API keys are \
         not slowed down.",
    )
}

/// The refusal of a key that may be an imported one which takes long to check, while too many of those are checked. Nobody knows
/// whether it is valid.
pub fn busy(seconds: u32) -> Problem {
    Problem::new(&problem::SLOW_KEY_BUSY)
        .detail(
            "This API key may be one that was imported with a slow hash and is used for the first time. Too many of those are checked \
             now. Send it again after the seconds in Retry-After.",
        )
        .retry_after(seconds)
}

/// The refusal of a key that was not recognised; `slowed_for`: as [`verify::Verdict::slowed_for`].
pub fn unrecognised(slowed_for: Option<u32>) -> Problem {
    if slowed_for.is_some() { slowed() } else { invalid() }
}

/// What is wrong with an origin. It does not say which ones are allowed.
fn foreign(origin: CallOrigin<'_>) -> &'static str {
    match origin {
        CallOrigin::Unknown => {
            "The API key can be used from certain web pages alone, and this request does not say from which page it comes: \
             it has no Origin header, nor Sec-Fetch-Site: same-origin."
        }
        CallOrigin::Named("null") => {
            "The API key can't be used from a page without an origin of its own, such as a local file or a sandboxed frame: \
             the request's Origin is null."
        }
        CallOrigin::Named(_) => "The API key can't be used from the origin that the request's Origin header names.",
        CallOrigin::SameAs(_) => {
            "The API key can't be used from pages of the host that is asked, and the request comes from one \
             (Sec-Fetch-Site: same-origin)."
        }
    }
}

enum Presented<'a> {
    Nothing,
    /// Bytes that no key has.
    Unreadable,
    Key(&'a str),
}

/// The key in `Authorization: Bearer` or `X-API-Key`. Another scheme in `Authorization` is ignored. A browser's WebSocket can send
/// neither, and names a derived token among its subprotocols.
fn presented(headers: &HeaderMap) -> Result<Presented<'_>, Problem> {
    let mut found: Option<&[u8]> = None;
    // In one pass: looking at the few headers of a request is quicker than looking up several that most requests lack.
    for (name, value) in headers {
        let key = if *name == header::AUTHORIZATION {
            bearer(value.as_bytes())
        } else if *name == header::SEC_WEBSOCKET_PROTOCOL {
            subprotocol(value.as_bytes())
        } else {
            (*name == X_API_KEY).then(|| value.as_bytes().trim_ascii())
        };
        let Some(key) = key else { continue };
        // White space beyond ASCII is left to whoever can read it.
        let key = std::str::from_utf8(key).map_or(key, |key| presented_key(key).as_bytes());
        if found.is_some_and(|other| other != key) {
            return Err(Problem::invalid("The request carries two different API keys. Send one."));
        }
        found = Some(key);
    }
    Ok(match found {
        None => Presented::Nothing,
        Some(key) => match std::str::from_utf8(key) {
            Ok(key) if key.is_ascii() => Presented::Key(key),
            _ => Presented::Unreadable,
        },
    })
}

fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = value.split_at_checked(6)?;
    let is_bearer = scheme.eq_ignore_ascii_case(b"bearer") && rest.first().is_none_or(u8::is_ascii_whitespace);
    is_bearer.then(|| rest.trim_ascii())
}

/// The token in `bearer.<token>` among subprotocols. A key is not taken from there.
fn subprotocol(value: &[u8]) -> Option<&[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).find_map(|name| {
        let (begin, token) = name.split_at_checked(7)?;
        let is_token = std::str::from_utf8(token).is_ok_and(may_be_token);
        (begin.eq_ignore_ascii_case(b"bearer.") && is_token).then_some(token)
    })
}

/// One answer for malformed, unknown, foreign and revoked keys: it does not tell which.
fn invalid() -> Problem {
    Problem::new(&problem::INVALID_TOKEN)
        .detail("The API key is unknown or no longer valid.")
        .challenge(problem::bearer(", error=\"invalid_token\""))
}

fn insufficient(wanted: &[Scope]) -> Problem {
    let scopes = wanted.iter().map(Scope::as_str).collect::<Vec<_>>().join(" ");
    let challenge = problem::bearer(&format!(", error=\"insufficient_scope\", scope=\"{scopes}\""));
    Problem::new(&problem::INSUFFICIENT_SCOPE).detail(format!("This call needs {scopes}.")).challenge(challenge)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(lines: &[(&'static str, &[u8])]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_bytes(value).unwrap());
        }
        match presented(&headers) {
            Err(problem) => problem.to_string(),
            Ok(Presented::Nothing) => "nothing".to_owned(),
            Ok(Presented::Unreadable) => "unreadable".to_owned(),
            Ok(Presented::Key(key)) => format!("<{key}>"),
        }
    }

    #[test]
    fn a_key_is_found_in_either_header() {
        for (lines, expected) in [
            (&[][..], "nothing"),
            (&[("authorization", &b"Bearer abc"[..])], "<abc>"),
            (&[("authorization", b"bEaReR   abc  ")], "<abc>"),
            (&[("authorization", b"Bearer\tabc")], "<abc>"),
            (&[("authorization", b"Bearer")], "<>"),
            (&[("authorization", b"Bearerabc")], "nothing"),
            (&[("authorization", b"Basic YTpi")], "nothing"),
            (&[("authorization", b"")], "nothing"),
            (&[("x-api-key", b" abc ")], "<abc>"),
            (&[("x-api-key", b"")], "<>"),
            (&[("x-api-key", b"a\xffb")], "unreadable"),
            (&[("x-api-key", "\u{a0}abc\u{2003}".as_bytes()), ("authorization", b"Bearer abc")], "<abc>"),
            (&[("authorization", "Bearer schlüssel".as_bytes())], "unreadable"),
            (&[("authorization", b"Bearer abc"), ("x-api-key", b"abc")], "<abc>"),
            (&[("authorization", b"Bearer abc"), ("x-api-key", b"abd")], "invalid_request"),
            (&[("authorization", b"Bearer abc"), ("x-api-key", b"")], "invalid_request"),
            (&[("authorization", b"Bearer abc"), ("authorization", b"Bearer abd")], "invalid_request"),
            (&[("x-api-key", b"abc"), ("x-api-key", b"abd")], "invalid_request"),
            (&[("authorization", b"Basic YTpi"), ("x-api-key", b"abc")], "<abc>"),
        ] {
            assert_eq!(read(lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn a_token_is_found_among_subprotocols_and_a_key_is_not() {
        let token = format!("eyJ{}", "a".repeat(120));
        let offered = |rest: &str| format!("keydesk.events.v1, {rest}").leak().as_bytes() as &'static [u8];
        let (named, other) = (format!("bearer.{token}"), format!("Bearer {token}b"));
        let other = other.leak().as_bytes() as &'static [u8];
        for (lines, expected) in [
            (&[("sec-websocket-protocol", offered(&named))][..], format!("<{token}>")),
            (&[("sec-websocket-protocol", offered(&named.replace("bearer", "Bearer")))], format!("<{token}>")),
            (&[("sec-websocket-protocol", offered("bearer.ccc_live_1"))], "nothing".to_owned()),
            (&[("sec-websocket-protocol", b"keydesk.events.v1")], "nothing".to_owned()),
            (&[("sec-websocket-protocol", offered(&named)), ("authorization", other)], "invalid_request".to_owned()),
        ] {
            assert_eq!(read(lines), expected, "{lines:?}");
        }
    }
}
