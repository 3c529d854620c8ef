//! Where a call came from: the machine at the other end, or the one that trusted proxies speak for.

use std::net::{IpAddr, SocketAddr, SocketAddrV6};

use axum::extract::ConnectInfo;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue};
use model::{Scheme, TrustedProxies};

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Where a request came from, which the edge puts into it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClientAddress {
    /// The client's address; `None` when it can't be known. Then a key that is bound to addresses is refused.
    pub ip: Option<IpAddr>,
    /// Whether a trusted proxy sent it, which is believed in what it says of the client's request.
    pub by_proxy: bool,
}

/// Finds the client of a request.
pub fn find(proxies: &TrustedProxies, peer: Option<SocketAddr>, headers: &HeaderMap) -> ClientAddress {
    let Some(peer) = peer else { return ClientAddress::default() };
    let lines = headers.get_all(&X_FORWARDED_FOR).iter().rev().map(HeaderValue::as_bytes);
    ClientAddress { ip: proxies.client(peer.ip(), lines), by_proxy: proxies.trusts(peer.ip()) }
}

/// Finds how the client came to the trusted proxy in front.
pub fn scheme(proxies: &TrustedProxies, peer: Option<SocketAddr>, headers: &HeaderMap) -> Option<Scheme> {
    let said = headers.get(&X_FORWARDED_PROTO).map(HeaderValue::as_bytes);
    peer.and_then(|peer| proxies.scheme(peer.ip(), said))
}

/// Names the client in a request, for all handlers behind the router.
pub fn name(client: ClientAddress, peer: Option<SocketAddr>, extensions: &mut Extensions) {
    extensions.insert(client);
    let Some(peer) = peer else { return };
    // The pages throttle sign-ins by the connected address. An unknown client is counted with its proxy.
    extensions.insert(ConnectInfo(client.ip.map_or(peer, |address| with_address(peer, address))));
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
        let proxies = TrustedProxies::new(vec!["10.0.0.1".parse().unwrap()]);
        let headers = HeaderMap::from_iter([(X_FORWARDED_FOR.clone(), HeaderValue::from_static("203.0.113.9"))]);
        let peer = Some("10.0.0.1:4711".parse().unwrap());
        let found = find(&proxies, peer, &headers);
        assert_eq!(found, ClientAddress { ip: Some("203.0.113.9".parse().unwrap()), by_proxy: true });
        let mut extensions = Extensions::new();
        name(found, peer, &mut extensions);
        assert_eq!(extensions.get::<ClientAddress>(), Some(&found));
        let connected = extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.to_string());
        assert_eq!(connected.as_deref(), Some("203.0.113.9:4711"));
    }
}
