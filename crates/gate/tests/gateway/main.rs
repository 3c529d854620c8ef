//! The gateway, as clients and APIs see it: over sockets, in front of servers that the tests start themselves.

#![expect(clippy::unwrap_used, reason = "a test that can't go on says so by panicking")]

mod cases;
mod contact_centre;
mod cors;
mod cutting;
mod draining;
mod failures;
mod headers;
mod http2;
mod in_process;
mod raw;
mod retries;
mod smuggling;
mod streams;
mod support;
mod tls;
mod tokens;
mod upgrades;
mod websocket;
