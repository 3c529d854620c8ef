//! Lists.

use jiff::Timestamp;
use serde::Deserialize;

/// One page of a list.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Where the list goes on; none: it ends here.
    pub next_cursor: Option<String>,
    /// From where on changes are read, once all pages were.
    pub changes_cursor: Option<String>,
    /// Up to which event it is true.
    pub as_of: AsOf,
}

/// Up to which event an answer is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct AsOf {
    /// The event's place in the log.
    pub seq: u64,
    /// The moment.
    pub at: Timestamp,
}
