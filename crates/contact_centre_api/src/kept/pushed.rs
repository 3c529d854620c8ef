use std::sync::OnceLock;

use contact_centre::{push::Hubs, webhooks::Webhooks};

use super::Lines;

/// What push holds.
#[derive(Debug)]
pub(crate) struct Pushed {
    pub(crate) hubs: Hubs,
    pub(crate) lines: Lines,
    /// None where nobody knows keys: a webhook must end with its own.
    pub(crate) webhooks: OnceLock<Webhooks>,
}

impl Pushed {
    /// For at most `streams_max` streams at once, over all worlds and keys.
    pub(crate) fn new(streams_max: usize) -> Self {
        Self { hubs: Hubs::new(streams_max), lines: Lines::default(), webhooks: OnceLock::new() }
    }
}
