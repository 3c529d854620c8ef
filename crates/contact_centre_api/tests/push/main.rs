//! Streams, pulls and webhooks through the door: a real listener, and clients that are not ours where there are some.

#![expect(clippy::unwrap_used, reason = "a test that can't go on says so by panicking")]

mod alike;
mod conformance;
mod described;
mod pulled;
mod sockets;
mod sse;
mod support;
mod webhooks;
