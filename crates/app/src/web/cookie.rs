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
pub(crate) fn find_cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).find_map(|pairs| find(pairs, name))
}

fn find<'a>(pairs: &'a str, name: &str) -> Option<&'a str> {
    pairs.split(';').find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
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
        assert_eq!(find("a=1; theme=dark", "theme"), Some("dark"));
        assert_eq!(find("theme=dark;a=1", "theme"), Some("dark"));
        assert_eq!(find("mytheme=dark; theme2=x", "theme"), None);
        assert_eq!(find("theme", "theme"), None);
        assert_eq!(find("", "theme"), None);
        assert_eq!(find("theme=", "theme"), Some(""));
    }
}
