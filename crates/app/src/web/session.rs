//! Who is signed in, by the cookie of the request.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::{
    extract::ConnectInfo,
    http::{
        Extensions, HeaderMap, HeaderValue,
        header::{HOST, SET_COOKIE},
        request::Parts,
    },
};
use domain::{Keydesk, Session, SignedIn};
use leptos::prelude::{expect_context, use_context};
use leptos_axum::ResponseOptions;

use super::{access::BrowserAccess, cookie::find_cookie, drawn_for, state::WebState};
use crate::ApiError;

/// The header of requests that `document.js` makes by itself.
const BY_ITSELF: &str = "x-keydesk-by-itself";

/// The guard of every server function that reads or changes an installation.
pub(crate) async fn require() -> Result<(Keydesk, Session), ApiError> {
    let keydesk = expect_context::<Keydesk>();
    let session = current().await?.ok_or(ApiError::SignedOut)?;
    drawn_for::require(&expect_context::<Parts>(), &session)?;
    Ok((keydesk, session))
}

/// The session of the person who is signed in, if any.
pub(crate) async fn current() -> Result<Option<Session>, ApiError> {
    let (keydesk, access) = (expect_context::<Keydesk>(), expect_context::<BrowserAccess>());
    let Some(parts) = use_context::<Parts>() else { return Ok(None) };
    of(&keydesk, &access, &parts.headers, &parts.extensions).await
}

/// The session of whoever sent a request. The guard of pages has looked it up already, and left it in the request.
pub(crate) async fn of(
    keydesk: &Keydesk,
    access: &BrowserAccess,
    headers: &HeaderMap,
    extensions: &Extensions,
) -> Result<Option<Session>, ApiError> {
    if let Some(session) = extensions.get::<Session>() {
        return Ok(Some(session.clone()));
    }
    match token(access, headers) {
        // Perhaps nobody is there: an open page must not keep its session alive by itself.
        Some(token) if headers.contains_key(BY_ITSELF) => Ok(keydesk.session_unused(token).await?),
        Some(token) => Ok(keydesk.session(token).await?),
        None => Ok(None),
    }
}

/// The session of whoever sent a form or asks for a plain document.
pub(crate) async fn signed_in(web: &WebState, parts: &Parts) -> Result<Session, ApiError> {
    let session = of(&web.keydesk, &web.access, &parts.headers, &parts.extensions).await?;
    let session = session.ok_or(ApiError::SignedOut)?;
    drawn_for::require(parts, &session)?;
    Ok(session)
}

/// The token in the session's cookie.
pub(crate) fn token<'a>(access: &BrowserAccess, headers: &'a HeaderMap) -> Option<&'a str> {
    find_cookie(headers, name(access)).filter(|token| !token.is_empty())
}

/// `__Host-` binds a cookie to https, this host and every path; browsers refuse it otherwise.
const fn name(access: &BrowserAccess) -> &'static str {
    if access.https { "__Host-keydesk" } else { "keydesk" }
}

/// The cookie that begins a session. It ends with the browser's own session at the latest; the server ends it sooner.
pub(crate) fn begun(access: &BrowserAccess, signed_in: &SignedIn) -> HeaderValue {
    cookie(access, signed_in.token.expose(), "")
}

/// The cookie that removes a session from the browser.
pub(crate) fn ended(access: &BrowserAccess) -> HeaderValue {
    cookie(access, "", "; Max-Age=0")
}

fn cookie(access: &BrowserAccess, token: &str, more: &str) -> HeaderValue {
    let secure = if access.https { "; Secure" } else { "" };
    let text = format!("{}={token}; Path=/; HttpOnly; SameSite=Strict{secure}{more}", name(access));
    let mut value = HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}

/// Somebody who is about to sign in.
pub(crate) struct Guest {
    pub(crate) keydesk: Keydesk,
    pub(crate) address: IpAddr,
    /// The token of the session that the browser had.
    pub(crate) brought: Option<String>,
    access: BrowserAccess,
}

/// The guard of the server functions that begin a session.
pub(crate) fn guest() -> Result<Guest, ApiError> {
    let (keydesk, access) = (expect_context::<Keydesk>(), expect_context::<BrowserAccess>());
    let parts = expect_context::<Parts>();
    require_private(&access, &parts.headers)?;
    let brought = token(&access, &parts.headers).map(str::to_owned);
    Ok(Guest { keydesk, address: address(&parts.extensions), brought, access })
}

impl Guest {
    /// Gives the session's cookie to the browser.
    pub(crate) fn welcome(&self, signed_in: &SignedIn) {
        if let Some(response) = use_context::<ResponseOptions>() {
            response.append_header(SET_COOKIE, begun(&self.access, signed_in));
        }
    }
}

/// Refuses a password that travelled in the clear: without https, people sign in on this machine only.
pub(crate) fn require_private(access: &BrowserAccess, headers: &HeaderMap) -> Result<(), ApiError> {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if access.https || is_loopback(host) { Ok(()) } else { Err(ApiError::NeedsHttps) }
}

fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((v6, _)) => v6,
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Where a request came from: the machine at the other end of the connection, since no proxy is trusted to name another.
pub(crate) fn address(extensions: &Extensions) -> IpAddr {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>();
    peer.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.ip())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        for host in ["localhost", "LOCALHOST:3000", "127.0.0.1", "127.0.0.1:3000", "127.1.2.3", "[::1]", "[::1]:3000"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["", "desk.example", "localhost.evil.example", "10.0.0.1:3000", "[::2]:1", "127.0.0.1.evil.example"]
        {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn the_cookie_is_bound_to_https_where_there_is_https() {
        let (plain, https) = (BrowserAccess { https: false }, BrowserAccess { https: true });
        assert_eq!(ended(&plain), "keydesk=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
        assert_eq!(ended(&https), "__Host-keydesk=; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=0");
        let headers = HeaderMap::from_iter(
            [("cookie", "keydesk=a; __Host-keydesk=b")]
                .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))),
        );
        assert_eq!((token(&plain, &headers), token(&https, &headers)), (Some("a"), Some("b")));
    }
}
