use std::sync::Arc;

use edge::{Edge, Route};
use tokio::runtime::Handle;
use verify::Verifier;

use super::{cors::Cors, pool::Pools, streams::Streams, upstream::Upstreams};
use crate::{Accepted, Gateway};

/// What every call of the gateway needs.
pub(super) struct Shared {
    pub(super) verifier: Verifier,
    pub(super) gateway: Gateway,
    pub(super) accepted: Accepted,
    pub(super) edge: Edge,
    /// Under what its calls are counted.
    pub(super) route: Route,
    pub(super) upstreams: Upstreams,
    pub(super) pools: Pools,
    pub(super) streams: Arc<Streams>,
    pub(super) cors: Cors,
    /// Most bytes of a request's body.
    pub(super) body_max: u64,
    /// The runtime for decisions that have to wait for a database.
    pub(super) elsewhere: Handle,
}
