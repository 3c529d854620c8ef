use std::sync::Arc;

use tokio::sync::Semaphore;

/// Imports under way at once, whichever installations': each remembers its rows.
pub(crate) const IMPORTS_MAX: usize = 2;

/// How many imports there may be.
pub(crate) struct Imports {
    pub(crate) under_way: Arc<Semaphore>,
}

impl Default for Imports {
    fn default() -> Self {
        Self { under_way: Arc::new(Semaphore::new(IMPORTS_MAX)) }
    }
}
