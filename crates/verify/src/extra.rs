use std::sync::Arc;

use model::{ContactCentreLimits, NetworkSet, OriginSet, WorldName};

use crate::{limits::Meters, trial::Tried};

/// What a call with some keys looks at besides. Most keys are bound to nothing, and those without limits have none of this.
#[derive(Debug)]
pub(crate) struct Extra {
    pub(crate) meters: Option<Arc<Meters>>,
    bounds: Option<Box<Bounds>>,
    /// Behind a pointer, since hardly any key has one.
    pub(crate) trial: Option<Arc<Tried>>,
    /// The same.
    pub(crate) centre: Option<Box<Centre>>,
}

/// What a key may do in units of the contact centre.
#[derive(Debug)]
pub(crate) struct Centre {
    /// As the API behind is told it; `None`: nothing is limited.
    pub(crate) told: Option<Box<str>>,
    pub(crate) world: Option<WorldName>,
    pub(crate) streams: Option<u64>,
    /// Bytes of recordings.
    pub(crate) recordings: Option<Arc<Meters>>,
}

impl Centre {
    /// `None`: nothing is limited, and no world is named.
    pub(crate) fn new(
        limits: &ContactCentreLimits,
        world: Option<WorldName>,
        recordings: Option<Arc<Meters>>,
    ) -> Option<Box<Self>> {
        if limits.is_empty() && world.is_none() {
            return None;
        }
        let told = limits.told().map(String::into_boxed_str);
        Some(Box::new(Self { told, world, streams: limits.max_streams.map(u64::from), recordings }))
    }
}

/// From where a key may be used.
#[derive(Debug)]
struct Bounds {
    networks: NetworkSet,
    origins: OriginSet,
}

static ANY_NETWORK: NetworkSet = NetworkSet::ANY;
static ANY_ORIGIN: OriginSet = OriginSet::ANY;

impl Extra {
    /// `None`: a call with this key looks at nothing of the kind.
    pub(crate) fn new(
        meters: Option<Arc<Meters>>,
        networks: NetworkSet,
        origins: OriginSet,
        trial: Option<Arc<Tried>>,
        centre: Option<Box<Centre>>,
    ) -> Option<Arc<Self>> {
        let bound = !networks.is_empty() || !origins.is_empty();
        let bounds = bound.then(|| Box::new(Bounds { networks, origins }));
        let some = bound || meters.is_some() || trial.is_some() || centre.is_some();
        some.then(|| Arc::new(Self { meters, bounds, trial, centre }))
    }

    /// From where a key may be used that has this, or has none of it.
    pub(crate) fn bounds(of: Option<&Self>) -> (&NetworkSet, &OriginSet) {
        match of.and_then(|extra| extra.bounds.as_deref()) {
            None => (&ANY_NETWORK, &ANY_ORIGIN),
            Some(bounds) => (&bounds.networks, &bounds.origins),
        }
    }
}
