use axum::http::{HeaderValue, header::SET_COOKIE, request::Parts};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

use super::{access::BrowserAccess, cookie::THEME};

const YEAR_SECONDS: u32 = 365 * 24 * 60 * 60;

/// The theme that was chosen in the browser that asks: the first of its cookies that means anything.
pub(crate) fn preference<T>(read: impl Fn(&str) -> Option<T>) -> Option<T> {
    THEME.values(&use_context::<BrowserAccess>()?, &use_context::<Parts>()?.headers).find_map(read)
}

/// Keeps the theme in the browser.
pub(crate) fn keep_preference(value: &str) {
    if let (Some(response), Some(access)) = (use_context::<ResponseOptions>(), use_context::<BrowserAccess>()) {
        response.append_header(SET_COOKIE, preference_cookie(&access, value));
    }
}

/// The cookie that keeps the theme for a year. It is a preference, and no secret.
pub(crate) fn preference_cookie(access: &BrowserAccess, value: &str) -> HeaderValue {
    THEME.set(access, value, &format!("; Max-Age={YEAR_SECONDS}"))
}
