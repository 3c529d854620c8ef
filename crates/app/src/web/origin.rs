use std::net::IpAddr;

use axum::{
    body::Body,
    extract::{MatchedPath, State},
    http::{
        HeaderMap, HeaderName, HeaderValue, Request, Uri,
        header::{ACCEPT, CONTENT_TYPE, HOST, ORIGIN},
        uri::{Authority, PathAndQuery},
    },
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use domain::Refused;
use leptos::prelude::FromServerFnError;

use super::{access::BrowserAccess, state::WebState, via::via};
use crate::ApiError;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// Where a plain form that was sent in the clear leads.
const NEEDS_HTTPS: &str = "/login?refused=needs_https";
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Refuses requests that might change something and did not come from a page of this Keydesk.
///
/// Browsers send `Origin` with every POST, so a missing one is refused too; that is stricter than the layer of tower-http,
/// which takes a call without either header for one that no browser made. Server functions are for browsers alone. What leads nowhere
/// changes nothing, and is not found wherever it came from.
pub(crate) async fn require_own(State(web): State<WebState>, request: Request<Body>, next: Next) -> Response {
    let leads_somewhere = request.extensions().get::<MatchedPath>().is_some();
    if request.method().is_safe() || !leads_somewhere {
        return next.run(request).await;
    }
    let sender = sender(&web.access, request.uri(), request.headers());
    let (error, code) = match sender {
        Sender::Own => return next.run(request).await,
        Sender::Clear => (ApiError::NeedsHttps, "needs_https"),
        Sender::Foreign => (ApiError::ForeignOrigin, "foreign_origin"),
    };
    web.keydesk.tell_refused(Refused::ForeignOrigin, None, code, &via(request.extensions()));
    // A plain form is answered with a page, which says why.
    if sender == Sender::Clear && is_html(request.headers()) {
        return Redirect::to(NEEDS_HTTPS).into_response();
    }
    let refusal = error.ser();
    (refusal.status_code, [(CONTENT_TYPE, refusal.content_type)], refusal.body).into_response()
}

/// Whose page sent a request.
#[derive(Debug, PartialEq, Eq)]
enum Sender {
    Own,
    /// One that was read in the clear, where anybody on the way may have put words into it, though people come by https.
    Clear,
    Foreign,
}

/// By `Origin`, and by `Sec-Fetch-Site`, which browsers leave out on plain http beyond loopback: it must not object.
///
/// Where the public address is known, an own page is one of that address, whatever name a proxy puts into `Host`. No other
/// name counts: whoever makes a name of theirs lead here gets nothing, and a page that was read past the proxy was read in
/// the clear, on this machine too.
///
/// Else an own page is one of the host that was asked. Its scheme is not compared then: a proxy that ends TLS hides it.
fn sender(access: &BrowserAccess, uri: &Uri, headers: &HeaderMap) -> Sender {
    let Some(origin) = single(headers, &ORIGIN).and_then(|origin| origin.to_str().ok()) else { return Sender::Foreign };
    let Some((scheme, authority)) = origin.split_once("://") else { return Sender::Foreign };
    if headers.get_all(SEC_FETCH_SITE).iter().any(|site| site != "same-origin") {
        return Sender::Foreign;
    }
    if let Some((_, ours)) = access.origin().and_then(|ours| ours.split_once("://"))
        && authority.eq_ignore_ascii_case(ours)
    {
        return if scheme.eq_ignore_ascii_case("https") { Sender::Own } else { Sender::Clear };
    }
    let asked = match uri.authority() {
        Some(authority) => Some(authority.as_str()),
        None => single(headers, &HOST).and_then(|host| host.to_str().ok()),
    };
    if !asked.is_some_and(|asked| !asked.is_empty() && asked.eq_ignore_ascii_case(authority)) {
        return Sender::Foreign;
    }
    match access.origin() {
        None => Sender::Own,
        Some(_) if scheme.eq_ignore_ascii_case("http") => Sender::Clear,
        Some(_) => Sender::Foreign,
    }
}

fn is_html(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).is_some_and(|accept| accept.as_bytes().starts_with(b"text/html"))
}

/// Whether a host, perhaps with a port, is this machine itself.
pub(crate) fn is_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host();
    let port = host.strip_prefix(name).map(|rest| rest.strip_prefix(':').unwrap_or(rest));
    if !port.is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit())) {
        return false;
    }
    let name = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
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
        own_at(&BrowserAccess::default(), &map) == Sender::Own
    }

    fn own_at(access: &BrowserAccess, headers: &HeaderMap) -> Sender {
        sender(access, &Uri::from_static("/api/_fn/who"), headers)
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for host in ["localhost", "LOCALHOST:3000", "127.0.0.1", "127.0.0.1:3000", "127.1.2.3", "[::1]", "[::1]:3000"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "",
            "desk.example",
            "localhost.evil.example",
            "10.0.0.1:3000",
            "[::2]:1",
            "127.0.0.1.evil.example",
            "[::1].evil.example",
            "[::1",
            "localhost:x@evil.example",
            "localhost@evil.example",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn where_the_public_address_is_known_an_own_page_is_one_of_that_address() {
        for (public, host, origin, expected) in [
            ("https://desk.example", "desk.example", "https://desk.example", Sender::Own),
            ("https://desk.example", "keydesk:3000", "https://desk.example", Sender::Own),
            ("https://desk.example", "desk.example:443", "https://desk.example", Sender::Own),
            ("https://desk.example", "", "https://desk.example", Sender::Own),
            ("https://Desk.Example:443", "keydesk", "https://desk.example", Sender::Own),
            ("https://desk.example:8443", "keydesk", "https://desk.example:8443", Sender::Own),
            ("https://desk.example", "127.0.0.1:3000", "http://127.0.0.1:3000", Sender::Clear),
            ("https://desk.example", "localhost:3000", "http://localhost:3000", Sender::Clear),
            ("https://desk.example", "desk.example", "http://desk.example", Sender::Clear),
            ("https://desk.example", "desk.example", "gopher://desk.example", Sender::Clear),
            // A name that leads here, past the proxy or through it, and is not ours.
            ("https://desk.example", "10.0.0.7:3000", "http://10.0.0.7:3000", Sender::Clear),
            ("https://desk.example", "evil.example", "http://evil.example", Sender::Clear),
            ("https://desk.example", "evil.example", "https://evil.example", Sender::Foreign),
            ("https://desk.example", "keydesk:3000", "https://keydesk:3000", Sender::Foreign),
            ("https://desk.example", "desk.example", "https://desk.example:444", Sender::Foreign),
            ("https://desk.example:8443", "desk.example", "https://desk.example", Sender::Foreign),
            ("https://desk.example", "localhost:3000", "http://localhost:4000", Sender::Foreign),
            ("https://desk.example", "desk.example", "https://desk.example.evil.example", Sender::Foreign),
            ("https://desk.example", "desk.example", "null", Sender::Foreign),
        ] {
            let headers = HeaderMap::from_iter([
                (HOST, HeaderValue::from_static(host)),
                (ORIGIN, HeaderValue::from_static(origin)),
            ]);
            assert_eq!(own_at(&BrowserAccess::at(public), &headers), expected, "{public} {host} {origin}");
        }
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
    fn requests_that_are_not_from_our_pages_are_refused() {
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
