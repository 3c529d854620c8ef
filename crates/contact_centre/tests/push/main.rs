//! The log as readers of streams and pulls get it.

#![expect(clippy::unwrap_used, reason = "a test that can't go on says so by panicking")]

mod cut;
mod live;
mod pulled;
mod slow;
mod start;
mod support;
mod who;
