use axum::http::{
    HeaderMap, HeaderValue,
    header::{COOKIE, SET_COOKIE},
    request::Parts,
};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

use super::access::BrowserAccess;

const YEAR_SECONDS: u32 = 365 * 24 * 60 * 60;

/// The cookie `name` of the request that is answered.
pub(crate) fn cookie(name: &str) -> Option<String> {
    find_cookie(&use_context::<Parts>()?.headers, name).map(str::to_owned)
}

/// The cookie `name` in these headers.
///
/// Each pair is read by itself, as bytes: what other programs of the same host keep beside it, in whatever encoding, must not
/// hide it.
pub(crate) fn find_cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get_all(COOKIE).iter().find_map(|pairs| find(pairs.as_bytes(), name))
}

fn find<'a>(pairs: &'a [u8], name: &str) -> Option<&'a str> {
    pairs.split(|byte| *byte == b';').find_map(|pair| {
        let value = pair.trim_ascii().strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
        // Keydesk's own are ASCII: anything else under the name was not set by it.
        str::from_utf8(value).ok().filter(|value| value.is_ascii())
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
    use super::find;

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        assert_eq!(find(b"a=1; theme=dark", "theme"), Some("dark"));
        assert_eq!(find(b"theme=dark;a=1", "theme"), Some("dark"));
        assert_eq!(find(b"mytheme=dark; theme2=x", "theme"), None);
        assert_eq!(find(b"theme", "theme"), None);
        assert_eq!(find(b"", "theme"), None);
        assert_eq!(find(b"theme=", "theme"), Some(""));
    }

    #[test]
    fn a_cookie_is_found_beside_anything() {
        for beside in
            [&b"user=J\xc3\xbcrgen"[..], b"user=J\xfcrgen", b"\xff", b"a=\"b\tc\"", b"=", b";;", b"theme=\xff"]
        {
            for pairs in [[beside, b"theme=dark"].join(&b"; "[..]), [&b"theme=dark"[..], beside].join(&b"; "[..])] {
                assert_eq!(find(&pairs, "theme"), Some("dark"), "{}", pairs.escape_ascii());
            }
        }
    }
}
