use std::sync::OnceLock;

use contact_centre::{push::Hubs, webhooks::Webhooks};

/// Most streams at once, over all worlds and keys.
const STREAMS_MAX: usize = 12_000;

/// What push holds.
#[derive(Debug)]
pub(crate) struct Pushed {
    pub(crate) hubs: Hubs,
    /// None where nobody knows keys: a webhook must end with its own.
    pub(crate) webhooks: OnceLock<Webhooks>,
}

impl Default for Pushed {
    fn default() -> Self {
        Self { hubs: Hubs::new(STREAMS_MAX), webhooks: OnceLock::new() }
    }
}
