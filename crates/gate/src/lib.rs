//! The part in front of an API: the original request, the scopes that its route needs, and the answer that lets it
//! through or refuses it, in each protocol that proxies ask in.
//!
//! Invariants:
//! - it verifies, and changes nothing: no verb and no person is known here;
//! - there is one decision ([`Gate::answer`]), whatever the proxy and its protocol;
//! - the original request is never guessed: one source names it, and its path has one reading;
//! - what the gateway decides on is what it forwards, byte for byte, without the key and without what a client says of itself;
//! - a connection that asks nothing for some minutes is closed, whatever the protocol.

mod authz;
pub mod config;
mod contact_centre;
mod decision;
pub mod forward;
mod gate;
mod gateway;
#[cfg(feature = "grpc")]
pub mod grpc;
pub mod parsers;
pub mod spoe;

pub use authz::description;
pub use gate::Gate;
pub use gateway::{Accepted, Gateway};
