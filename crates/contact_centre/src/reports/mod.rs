//! Reports of a day that are no rows of [`metrics`](crate::metrics): when callers give up, and what calls came to.
//!
//! The other two need nothing of their own: `daily-queue` is [`summary`](crate::metrics::summary) of the day, and `daily-agent`
//! [`agent_rows`](crate::metrics::agent_rows) of it.

mod abandon_profile;
mod wrap_codes;

pub use abandon_profile::{AbandonProfile, Step, abandon_profile};
pub use wrap_codes::{WrapCodeRow, wrap_codes};
