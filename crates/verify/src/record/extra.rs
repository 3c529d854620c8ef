use std::sync::Arc;

use model::{NetworkSet, OriginSet};

use super::{Record, centre::Centre};
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

impl Record {
    /// The restriction that is tried.
    pub(crate) fn trial(&self) -> Option<&Arc<Tried>> {
        self.hot.extra.as_ref()?.trial.as_ref()
    }

    /// The limits of its own; `None`: it has none.
    pub(crate) fn meters(&self) -> Option<&Arc<Meters>> {
        self.hot.extra.as_ref()?.meters.as_ref()
    }
}

fn bounds_of(networks: NetworkSet, origins: OriginSet) -> Option<Box<Bounds>> {
    let bound = !networks.is_empty() || !origins.is_empty();
    bound.then(|| Box::new(Bounds { networks, origins }))
}
