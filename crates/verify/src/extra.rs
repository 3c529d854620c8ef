use std::sync::Arc;

use model::{NetworkSet, OriginSet};

use crate::{limits::Meters, trial::Tried};

/// What a call with some keys looks at besides. Most keys are bound to nothing, and those without limits have none of this.
#[derive(Debug)]
pub(crate) struct Extra {
    pub(crate) meters: Option<Arc<Meters>>,
    bounds: Option<Box<Bounds>>,
    /// Behind a pointer, since hardly any key has one.
    pub(crate) trial: Option<Arc<Tried>>,
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
    ) -> Option<Arc<Self>> {
        let bound = !networks.is_empty() || !origins.is_empty();
        let bounds = bound.then(|| Box::new(Bounds { networks, origins }));
        (bound || meters.is_some() || trial.is_some()).then(|| Arc::new(Self { meters, bounds, trial }))
    }

    /// From where a key may be used that has this, or has none of it.
    pub(crate) fn bounds(of: Option<&Self>) -> (&NetworkSet, &OriginSet) {
        match of.and_then(|extra| extra.bounds.as_deref()) {
            None => (&ANY_NETWORK, &ANY_ORIGIN),
            Some(bounds) => (&bounds.networks, &bounds.origins),
        }
    }
}
