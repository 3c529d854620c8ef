//! A form that shows a secret leads to a page of its own, which can be loaded again: the cookie says which change it was that the
//! page tells of. It holds no secret, and opens nothing without the session of the person who made the change.

use axum::http::{HeaderMap, HeaderValue};

use super::{access::BrowserAccess, cookie::cookies};

/// Its name before the deployment's mark.
const NAME: &str = "keydesk-result";

/// Longest value that is read: a kind with a time, a change of 64 characters, and an origin.
const MOST: usize = 512;

/// Which result a page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ResultOf<'a> {
    /// What has given it, of letters alone.
    pub(crate) kind: &'a str,
    /// When, in Unix milliseconds.
    pub(crate) at: i64,
    /// The token of the change, without dots.
    pub(crate) change: &'a str,
    /// The address under which people reach this Keydesk, for a link that is shown: a page does not know it.
    pub(crate) origin: &'a str,
}

/// Its name where people come by `access`. Not with `__Host-`, which would send it with every path.
fn name(access: &BrowserAccess) -> String {
    let bound = if access.https() { "__Secure-" } else { "" };
    format!("{bound}{NAME}-{}", access.mark())
}

/// A cookie that is sent to `path` alone, for `seconds`.
pub(crate) fn set(access: &BrowserAccess, path: &str, result: ResultOf<'_>, seconds: i64) -> HeaderValue {
    let ResultOf { kind, at, change, origin } = result;
    let (name, secure) = (name(access), if access.https() { "; Secure" } else { "" });
    let text = format!(
        "{name}={kind}.{at}.{change}.{origin}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
    );
    let mut value = HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}

/// The results that this page may show; several where other programs set some, too.
pub(crate) fn find<'a>(access: &BrowserAccess, headers: &'a HeaderMap) -> impl Iterator<Item = ResultOf<'a>> + use<'a> {
    cookies(headers, name(access)).filter(|value| value.len() <= MOST).filter_map(|value| {
        let mut parts = value.splitn(4, '.');
        let (kind, at, change) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?);
        Some(ResultOf { kind, at, change, origin: parts.next().filter(|origin| is_plain(origin))? })
    })
}

/// Whether a text is an origin as browsers write it, or empty.
fn is_plain(origin: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return origin.is_empty() };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']');
    matches!(scheme, "http" | "https") && authority.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use axum::http::header::COOKIE;

    use super::*;

    const RESULT: ResultOf<'_> = ResultOf { kind: "handed", at: 7, change: "abc", origin: "http://127.0.0.1:3000" };

    #[test]
    fn the_cookie_goes_to_its_page_alone_and_comes_back_as_it_was() {
        let (plain, https) = (BrowserAccess::default().to("m"), BrowserAccess::at("https://desk.example").to("m"));
        let set = |access, origin| set(access, "/keys/1/result", ResultOf { origin, ..RESULT }, 600);
        let common = "Path=/keys/1/result; Max-Age=600; HttpOnly; SameSite=Strict";
        assert_eq!(
            set(&plain, RESULT.origin),
            format!("keydesk-result-m=handed.7.abc.http://127.0.0.1:3000; {common}").as_str()
        );
        assert_eq!(set(&https, ""), format!("__Secure-keydesk-result-m=handed.7.abc.; {common}; Secure").as_str());
        let cookies = "keydesk-result-m=x; __Secure-keydesk-result-m=handed.7.abc.; keydesk-result-n=handed.7.abc.; \
                       keydesk-result-m=handed.7.abc.http://127.0.0.1:3000; keydesk-result-m=handed.7.abc.http://a/<b>";
        let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_static(cookies))]);
        assert_eq!(find(&plain, &headers).collect::<Vec<_>>(), [RESULT]);
        assert_eq!(find(&https, &headers).collect::<Vec<_>>(), [ResultOf { origin: "", ..RESULT }]);
    }
}
