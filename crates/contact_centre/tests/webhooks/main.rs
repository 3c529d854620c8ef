//! Events of a world as a real receiver gets them.

#![expect(clippy::unwrap_used, reason = "a test that can't go on says so by panicking")]

mod batches;
mod lifetime;
mod made;
mod narrowed;
mod order;
mod sent;
mod support;
