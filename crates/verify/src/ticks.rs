use std::{sync::Arc, time::Duration};

/// A clock that nobody sets, since a moment of its own choice. Freshness is measured by it.
pub type Ticks = Arc<dyn Fn() -> Duration + Send + Sync>;
