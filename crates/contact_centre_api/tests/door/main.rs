//! The API at its door: its own router, a real world, and a clock that the test moves.

#![expect(clippy::unwrap_used, reason = "a test that can't go on says so by panicking")]

mod agents;
mod bulk;
mod calls;
mod conformance;
mod contacts;
mod data;
mod feed;
mod figures;
mod gateway;
mod golden;
mod golden_day;
mod held;
mod leads;
mod live;
mod narrowed;
mod openapi;
mod recordings;
mod sandbox;
mod schema;
mod support;
mod transfers;
mod trust;
mod wraps;
