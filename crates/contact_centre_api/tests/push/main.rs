//! Streams, pulls and webhooks through the door: a real listener, and clients that are not ours where there are some.

mod described;
mod pulled;
mod sockets;
mod sse;
mod support;
mod webhooks;
