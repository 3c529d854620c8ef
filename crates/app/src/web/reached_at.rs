//! Where people and programs reach this deployment.

use axum::http::{HeaderMap, header::HOST};

use super::access::BrowserAccess;

/// Its public address, or else that by which the reader has reached this page: scheme and host. Keydesk itself speaks http: where
/// its public address is not known, a proxy in front says whether people come by https. Only the sender of the headers sees the
/// result.
pub(crate) fn reached_at(access: &BrowserAccess, headers: &HeaderMap) -> String {
    if let Some(origin) = access.origin() {
        return origin.to_owned();
    }
    let forwarded =
        headers.get("x-forwarded-proto").is_some_and(|scheme| scheme.as_bytes().eq_ignore_ascii_case(b"https"));
    let scheme = if forwarded { "https" } else { "http" };
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    // It is part of a command that people paste into a shell.
    let plain =
        host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']'));
    format!("{scheme}://{}", if plain { host } else { "localhost" })
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn calls_name_the_public_address_or_the_one_the_reader_used() {
        for (public, host, scheme, expected) in [
            ("", "127.0.0.1:3000", "", "http://127.0.0.1:3000"),
            ("", "desk.example", "https", "https://desk.example"),
            ("", "desk.example", "gopher", "http://desk.example"),
            ("", "a;rm -rf", "https", "https://localhost"),
            ("https://desk.example", "keydesk:3000", "http", "https://desk.example"),
        ] {
            let access = if public.is_empty() { BrowserAccess::default() } else { BrowserAccess::at(public) };
            let headers = [("host", host), ("x-forwarded-proto", scheme)];
            let headers = headers.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            assert_eq!(reached_at(&access, &HeaderMap::from_iter(headers)), expected, "{public} {host} {scheme}");
        }
    }
}
