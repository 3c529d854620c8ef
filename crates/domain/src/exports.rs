use std::sync::Arc;

use tokio::sync::Semaphore;

/// Exports under way at once, with those that are still being sent: each may have a temporary file.
pub(crate) const EXPORTS_MAX: usize = 8;
/// Exports that are read from the database at once. The others wait, since pages are read through the same few connections.
const READ_AT_ONCE: usize = 2;

/// How many exports there may be.
pub(crate) struct Exports {
    /// Those that are read or sent.
    pub(crate) under_way: Arc<Semaphore>,
    /// Those that are read.
    pub(crate) read: Semaphore,
}

impl Default for Exports {
    fn default() -> Self {
        Self { under_way: Arc::new(Semaphore::new(EXPORTS_MAX)), read: Semaphore::new(READ_AT_ONCE) }
    }
}
