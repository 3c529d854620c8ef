use std::sync::Arc;

use model::{ContactCentreLimits, NetworkSet, OriginSet, WorldName};

use super::Record;
use crate::{CheckedToken, limits::Meters, trial::Tried};

/// What a call with some keys looks at besides. Most keys are bound to nothing, and those without limits have none of this.
#[derive(Debug)]
pub(crate) struct Extra {
    pub(crate) meters: Option<Arc<Meters>>,
    bounds: Option<Box<Bounds>>,
    /// Behind a pointer, since hardly any key has one.
    pub(crate) trial: Option<Arc<Tried>>,
    /// The same.
    pub(super) centre: Option<Arc<Centre>>,
    pub(super) derived: Option<Derived>,
}

/// What the record of a token has besides.
#[derive(Debug)]
pub(super) struct Derived {
    /// The record of its key's secret, as it was when this was made of it.
    pub(super) key: Arc<Record>,
    pub(super) token: Arc<CheckedToken>,
}

/// What a key may do in units of the contact centre.
#[derive(Debug)]
pub(super) struct Centre {
    /// As the API behind is told it; `None`: nothing is limited.
    pub(super) told: Option<Box<str>>,
    pub(super) world: Option<WorldName>,
    pub(super) streams: Option<u64>,
    /// Bytes of recordings.
    pub(super) recordings: Option<Arc<Meters>>,
}

impl Centre {
    /// `None`: nothing is limited, and no world is named.
    pub(super) fn new(
        limits: &ContactCentreLimits,
        world: Option<WorldName>,
        recordings: Option<Arc<Meters>>,
    ) -> Option<Arc<Self>> {
        if limits.is_empty() && world.is_none() {
            return None;
        }
        let told = limits.told().map(String::into_boxed_str);
        Some(Arc::new(Self { told, world, streams: limits.max_streams.map(u64::from), recordings }))
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
        centre: Option<Arc<Centre>>,
    ) -> Option<Arc<Self>> {
        let bounds = bounds_of(networks, origins);
        let has_some = bounds.is_some() || meters.is_some() || trial.is_some() || centre.is_some();
        has_some.then(|| Arc::new(Self { meters, bounds, trial, centre, derived: None }))
    }

    /// The same of a token. A trial is its key's.
    pub(super) fn of_token(
        meters: Option<Arc<Meters>>,
        networks: NetworkSet,
        origins: OriginSet,
        centre: Option<Arc<Centre>>,
        derived: Derived,
    ) -> Arc<Self> {
        Arc::new(Self { meters, bounds: bounds_of(networks, origins), trial: None, centre, derived: Some(derived) })
    }

    /// From where a key may be used that has this, or has none of it.
    pub(crate) fn bounds(of: Option<&Self>) -> (&NetworkSet, &OriginSet) {
        match of.and_then(|extra| extra.bounds.as_deref()) {
            None => (&ANY_NETWORK, &ANY_ORIGIN),
            Some(bounds) => (&bounds.networks, &bounds.origins),
        }
    }
}

fn bounds_of(networks: NetworkSet, origins: OriginSet) -> Option<Box<Bounds>> {
    let bound = !networks.is_empty() || !origins.is_empty();
    bound.then(|| Box::new(Bounds { networks, origins }))
}
