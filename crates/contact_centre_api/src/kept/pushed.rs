use std::sync::OnceLock;

use contact_centre::{push::Hubs, webhooks::Webhooks};

/// What push holds.
#[derive(Debug)]
pub(crate) struct Pushed {
    pub(crate) hubs: Hubs,
    /// None where nobody knows keys: a webhook must end with its own.
    pub(crate) webhooks: OnceLock<Webhooks>,
}

impl Pushed {
    /// For at most `streams_max` streams at once, over all worlds and keys.
    pub(crate) fn new(streams_max: usize) -> Self {
        Self { hubs: Hubs::new(streams_max), webhooks: OnceLock::new() }
    }
}
