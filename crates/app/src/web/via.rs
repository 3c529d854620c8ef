use std::net::SocketAddr;

use axum::{extract::ConnectInfo, http::Extensions};
use domain::Via;

/// Where a request came from, as the layer around all requests says. An unknown client is counted with its proxy.
pub(crate) fn via(extensions: &Extensions) -> Via {
    let via = extensions.get::<Via>().cloned().unwrap_or_default();
    let peer = || extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    Via { address: via.address.or_else(peer), ..via }
}
