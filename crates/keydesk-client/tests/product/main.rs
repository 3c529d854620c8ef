//! The client against the real product, as its users have it: the binary, its gateway and the living contact centre.
//!
//! The binary is that of `KEYDESK_BIN`, else the one that cargo has put beside this program, where all tests are built together.

#![expect(clippy::unwrap_used, reason = "a test that can't go on says so by panicking")]

mod keys;
mod program;
mod protect;
mod retries;
mod streams;
