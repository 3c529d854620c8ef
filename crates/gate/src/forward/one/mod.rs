//! HTTP/1.1 to an API, as much of it as a gateway needs. hyper's client hands each request and each piece of a body from one task to
//! another, and keeps buffers for as long as a connection lasts: that was a fifth of what a call cost, and half of a stream's memory.

mod broken;
mod chunks;
mod come;
mod connection;
mod head;
mod reading;
mod sending;

pub(super) use broken::{Broken, Unanswered};
pub(super) use connection::{Io, One};
