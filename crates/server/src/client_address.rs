//! Where a call came from: the machine at the other end, or the one that trusted proxies speak for.

use std::net::{IpAddr, SocketAddr, SocketAddrV6};

use axum::extract::ConnectInfo;
use http::{HeaderName, HeaderValue, request::Parts};
use model::TrustedProxies;

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The client's address, which the edge puts into each request; `None` when it can't be known. Then no restriction to
/// addresses is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientAddress(pub(crate) Option<IpAddr>);

/// Finds the client of a request, and names it in the request for all who ask.
pub(crate) fn identify(proxies: &TrustedProxies, parts: &mut Parts) -> ClientAddress {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| *peer);
    let lines = || parts.headers.get_all(&X_FORWARDED_FOR).iter().rev().map(HeaderValue::as_bytes);
    let client = ClientAddress(peer.and_then(|peer| proxies.client(peer.ip(), lines())));
    parts.extensions.insert(client);
    // The pages slow down sign-ins by the address that is connected. An unknown client is counted with its proxy.
    if let (Some(peer), ClientAddress(Some(address))) = (peer, client)
        && address != peer.ip()
    {
        parts.extensions.insert(ConnectInfo(with_address(peer, address)));
    }
    client
}

fn with_address(peer: SocketAddr, address: IpAddr) -> SocketAddr {
    match address {
        IpAddr::V4(_) => SocketAddr::new(address, peer.port()),
        IpAddr::V6(address) => SocketAddrV6::new(address, peer.port(), 0, 0).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_is_named_in_the_request() {
        let request = http::Request::builder().header(&X_FORWARDED_FOR, "203.0.113.9").body(()).unwrap();
        let (mut parts, ()) = request.into_parts();
        parts.extensions.insert(ConnectInfo::<SocketAddr>("10.0.0.1:4711".parse().unwrap()));
        let found = identify(&TrustedProxies::new(vec!["10.0.0.1".parse().unwrap()]), &mut parts);
        assert_eq!(found, ClientAddress(Some("203.0.113.9".parse().unwrap())));
        assert_eq!(parts.extensions.get::<ClientAddress>(), Some(&found));
        let connected = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.to_string());
        assert_eq!(connected.as_deref(), Some("203.0.113.9:4711"));
    }
}
