use axum::http::{
    HeaderMap, HeaderValue,
    header::{COOKIE, SET_COOKIE},
    request::Parts,
};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

use super::access::BrowserAccess;

const YEAR_SECONDS: u32 = 365 * 24 * 60 * 60;

/// Most cookies of one name that are tried.
const TRIED: usize = 4;

/// What the cookies `name` of the request that is answered mean: the first that means anything.
pub(crate) fn cookie<T>(name: &'static str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
    cookies(&use_context::<Parts>()?.headers, name).find_map(read)
}

/// The cookies `name` in these headers, without empty ones, and a few at most. Other programs of the same host, or of a path of it, may
/// have set one of the same name, which browsers then send first.
///
/// Each pair is read by itself, as bytes: what other programs keep beside it, in whatever encoding, must not hide it.
pub(crate) fn cookies<'a>(headers: &'a HeaderMap, name: &'static str) -> impl Iterator<Item = &'a str> + use<'a> {
    headers.get_all(COOKIE).iter().flat_map(move |pairs| find(pairs.as_bytes(), name)).take(TRIED)
}

fn find<'a>(pairs: &'a [u8], name: &'static str) -> impl Iterator<Item = &'a str> + use<'a> {
    pairs.split(|byte| *byte == b';').filter_map(move |pair| {
        let value = pair.trim_ascii().strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
        // RFC 6265, 4.1.1: a value may stand in quotes.
        let value = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value);
        // Keydesk's own are ASCII: anything else under the name was not set by it.
        str::from_utf8(value).ok().filter(|value| value.is_ascii() && !value.is_empty())
    })
}

/// Stores a preference, never a secret, in the browser.
pub(crate) fn set_cookie(name: &str, value: &str) {
    let secure = if use_context::<BrowserAccess>().is_some_and(|access| access.https()) { "; Secure" } else { "" };
    let cookie = format!("{name}={value}; Path=/; Max-Age={YEAR_SECONDS}; SameSite=Lax; HttpOnly{secure}");
    if let (Some(response), Ok(cookie)) = (use_context::<ResponseOptions>(), HeaderValue::try_from(cookie)) {
        response.append_header(SET_COOKIE, cookie);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pairs: &[u8]) -> Vec<&str> {
        find(pairs, "theme").collect()
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        assert_eq!(found(b"a=1; theme=dark"), ["dark"]);
        assert_eq!(found(b"theme=dark;a=1"), ["dark"]);
        for none in [&b"mytheme=dark; theme2=x"[..], b"theme", b"", b"theme=", b"theme=\"\""] {
            assert!(found(none).is_empty(), "{}", none.escape_ascii());
        }
    }

    #[test]
    fn every_cookie_of_a_name_is_found() {
        assert_eq!(found(b"theme=bad; theme=dark"), ["bad", "dark"]);
        assert_eq!(found(b"theme=; theme=dark; theme=\"light\"; theme=\""), ["dark", "light", "\""]);
        let mut headers = HeaderMap::new();
        for line in ["theme=1; a=2", "theme=3; theme=4", "theme=5; theme=6"] {
            headers.append(COOKIE, HeaderValue::from_static(line));
        }
        assert_eq!(cookies(&headers, "theme").collect::<Vec<_>>(), ["1", "3", "4", "5"]);
    }

    #[test]
    fn a_cookie_is_found_beside_anything() {
        for beside in
            [&b"user=J\xc3\xbcrgen"[..], b"user=J\xfcrgen", b"\xff", b"a=\"b\tc\"", b"=", b";;", b"theme=\xff"]
        {
            for pairs in [[beside, b"theme=dark"].join(&b"; "[..]), [&b"theme=dark"[..], beside].join(&b"; "[..])] {
                assert_eq!(found(&pairs), ["dark"], "{}", pairs.escape_ascii());
            }
        }
    }
}
