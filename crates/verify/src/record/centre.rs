//! What a key may do in units of the contact centre, which few keys have, as a record says it.

use std::sync::Arc;

use model::{ContactCentreLimits, WorldName};

use super::Record;
use crate::limits::Meters;

/// What a key may do in units of the contact centre.
#[derive(Debug)]
pub(super) struct Centre {
    limits: ContactCentreLimits,
    /// The same as the API behind is told it; `None`: nothing is limited.
    told: Option<Box<str>>,
    world: Option<WorldName>,
    streams: Option<u64>,
    /// Bytes of recordings.
    recordings: Option<Arc<Meters>>,
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
        let streams = limits.max_streams.map(u64::from);
        Some(Arc::new(Self { limits: limits.clone(), told, world, streams, recordings }))
    }
}

impl Record {
    /// That of its key.
    pub(super) fn centre(&self) -> Option<&Arc<Centre>> {
        self.hot.extra.as_ref()?.centre.as_ref()
    }

    /// What it may do in units of the contact centre; `None`: nothing is limited.
    pub(super) fn centre_limits(&self) -> Option<&ContactCentreLimits> {
        self.centre().map(|centre| &centre.limits)
    }

    /// The limit of bytes of recordings; `None`: it has none.
    pub(crate) fn recordings(&self) -> Option<&Arc<Meters>> {
        self.centre()?.recordings.as_ref()
    }

    /// What it may do in units of the contact centre, as the API behind is told it; `None`: nothing is limited.
    pub fn told_limits(&self) -> Option<&str> {
        self.centre()?.told.as_deref()
    }

    /// The world of the sandbox that it reaches; `None`: the one that all share.
    pub fn sandbox_world(&self) -> Option<&WorldName> {
        self.centre()?.world.as_ref()
    }

    /// How many streams it may have open at once, at all nodes; `None`: as many as there is room for.
    pub fn max_streams(&self) -> Option<u64> {
        self.centre()?.streams
    }

    /// Whether bytes of recordings are counted for it.
    pub fn counts_recordings(&self) -> bool {
        self.recordings().is_some()
    }
}
