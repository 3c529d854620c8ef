use std::net::{IpAddr, SocketAddr};

use axum::{body::Body, extract::ConnectInfo};
use http::{HeaderMap, HeaderValue, Request};

use super::original::SOURCES;

/// The question of a proxy that does not ask over HTTP.
pub(crate) struct Question<'a> {
    pub(crate) method: &'a [u8],
    /// Path and query, as they came.
    pub(crate) target: &'a [u8],
    pub(crate) headers: HeaderMap,
    /// The scopes that the call needs, separated by spaces, where the proxy's configuration names them.
    pub(crate) scopes: Option<&'a str>,
    /// The address of the client that is connected to the proxy.
    pub(crate) peer: Option<IpAddr>,
}

impl Question<'_> {
    /// The same question, as it would be asked of `/authz`. `None` when the scopes can't be in a URL.
    pub(crate) fn into_request(self) -> Option<Request<Body>> {
        let scopes = self.scopes.into_iter().flat_map(str::split_ascii_whitespace);
        let query: Vec<_> = scopes.map(|scope| format!("scope={scope}")).collect();
        let mut request = Request::get(format!("/authz?{}", query.join("&"))).body(Body::empty()).ok()?;
        let mut headers = self.headers;
        for name in SOURCES.iter().flat_map(|source| [&source.method, &source.target]) {
            headers.remove(name);
        }
        // Bytes that can't be in a header can't be a method or a path either; they become empty, which is refused.
        let value = |bytes: &[u8]| HeaderValue::from_bytes(bytes).unwrap_or(HeaderValue::from_static(""));
        headers.insert(&SOURCES[0].method, value(self.method));
        headers.insert(&SOURCES[0].target, value(self.target));
        *request.headers_mut() = headers;
        if let Some(peer) = self.peer {
            request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer, 0)));
        }
        Some(request)
    }
}
