//! A world as its neighbours use it: by verbs, by its log, and over restarts.

#![expect(clippy::unwrap_used, reason = "a test that can't go on says so by panicking")]

mod agents;
mod clock;
mod legs;
mod log;
mod restart;
mod seed;
mod shared;
mod support;
mod verbs;
mod wraps;
