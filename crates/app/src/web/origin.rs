use axum::{
    body::Body,
    http::{
        HeaderMap, HeaderName, HeaderValue, Request, Uri,
        header::{CONTENT_TYPE, HOST, ORIGIN},
        uri::PathAndQuery,
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use leptos::prelude::FromServerFnError;

use crate::ApiError;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Refuses requests that might change something and did not come from a page of this Keydesk.
///
/// Browsers send `Origin` with every POST, so a missing one is refused too; that is stricter than the layer of tower-http,
/// which takes a call without either header for one that no browser made. Server functions are for browsers alone.
pub(crate) async fn require_own(request: Request<Body>, next: Next) -> Response {
    if request.method().is_safe() || is_own(request.uri(), request.headers()) {
        return next.run(request).await;
    }
    let refusal = ApiError::ForeignOrigin.ser();
    (refusal.status_code, [(CONTENT_TYPE, refusal.content_type)], refusal.body).into_response()
}

/// Whether `Origin` names the host that was asked, and `Sec-Fetch-Site`, which browsers leave out on plain http beyond
/// loopback, does not object.
///
/// The scheme is not compared: a proxy that ends TLS hides it.
fn is_own(uri: &Uri, headers: &HeaderMap) -> bool {
    let Some(origin) = single(headers, &ORIGIN).and_then(|origin| origin.to_str().ok()) else { return false };
    let Some((_, authority)) = origin.split_once("://") else { return false };
    let asked = match uri.authority() {
        Some(authority) => Some(authority.as_str()),
        None => single(headers, &HOST).and_then(|host| host.to_str().ok()),
    };
    let objects = headers.get_all(SEC_FETCH_SITE).iter().any(|site| site != "same-origin");
    !objects && asked.is_some_and(|asked| !asked.is_empty() && asked.eq_ignore_ascii_case(authority))
}

/// The value of a header that is given exactly once.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

/// Removes the headers from which a page's router would build an absolute address; it panics when they make none.
/// No page depends on the name under which it was asked for.
pub(crate) fn forget(headers: &mut HeaderMap) {
    headers.remove(HOST);
    headers.remove(X_FORWARDED_PROTO);
}

/// Removes from a request for a page the host and headers that could make its router panic.
pub(crate) async fn forget_on_pages(mut request: Request<Body>) -> Request<Body> {
    if request.method().is_safe() {
        let path = request.uri().path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/"));
        *request.uri_mut() = Uri::from(path);
        forget(request.headers_mut());
    }
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(headers: &[(&'static str, &'static str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        is_own(&Uri::from_static("/api/_fn/module_state"), &map)
    }

    #[test]
    fn our_own_pages_pass() {
        assert!(own(&[("host", "desk.example"), ("origin", "https://desk.example")]));
        assert!(own(&[
            ("host", "desk.example"),
            ("origin", "https://desk.example"),
            ("sec-fetch-site", "same-origin")
        ]));
        assert!(own(&[("host", "127.0.0.1:3000"), ("origin", "http://127.0.0.1:3000")]));
        assert!(own(&[("host", "[::1]:3000"), ("origin", "http://[::1]:3000")]));
        assert!(own(&[("host", "Desk.Example"), ("origin", "https://desk.example")]));
    }

    #[test]
    fn everyone_else_is_refused() {
        let host = ("host", "desk.example");
        let ours = ("origin", "https://desk.example");
        for headers in [
            &[host][..],
            &[host, ("sec-fetch-site", "same-origin")],
            &[host, ("sec-fetch-site", "none")],
            &[host, ("origin", "null")],
            &[host, ("origin", "")],
            &[host, ("origin", "desk.example")],
            &[host, ("origin", "https://evil.example")],
            &[host, ("origin", "https://desk.example.evil.example")],
            &[host, ("origin", "https://desk.example:444")],
            &[host, ("origin", "https://sub.desk.example")],
            &[host, ours, ("origin", "https://evil.example")],
            &[host, ours, ("sec-fetch-site", "cross-site")],
            &[host, ours, ("sec-fetch-site", "same-site")],
            &[host, ours, ("sec-fetch-site", "none")],
            &[host, ours, ("sec-fetch-site", "")],
            &[host, ours, ("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")],
            &[ours],
            &[("host", ""), ("origin", "https://")],
            &[host, ("host", "evil.example"), ours],
        ] {
            assert!(!own(headers), "{headers:?}");
        }
    }
}
