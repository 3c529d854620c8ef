//! Secrets that were found where they must not be: whose they are, and what becomes of them.
//!
//! Invariants:
//! - a report counts only if a key of the configuration has signed it, and only once;
//! - what is kept of a leak is the id of its secret, never the secret;
//! - the Default API Key is told of, loudly, and never taken away: the contact centre's own services call with it.

mod leaked;
mod report;
mod signed;

pub use leaked::{LeakStanding, Leaked, LeakedKey, LeakedWebhook};
pub(crate) use signed::REPORTS_KNOWN_MS;
pub use signed::{REPORTED_MAX, ReportError, Reported, SignedReport};
