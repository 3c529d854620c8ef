//! The contact centre over HTTP, as programs reach it through the gateway.
//!
//! Invariants:
//! - who calls, and with which rights, is what the gateway says, and nobody else is believed ([`Gateway`]);
//! - a route asks for one right, and stands in one list ([`OPERATIONS`]), from which router and description come;
//! - fields follow rights: without `wraps:read` there is no wrap, without `contacts:read` no customer's number is whole;
//! - a token for some queues reaches what is of those alone, and what says nothing of it is refused to it (`narrowed`);
//! - every answer of figures says up to which `seq` it is true;
//! - no clock and no randomness is read here: both are handed in ([`Source`]);
//! - what a stranger can fill is bounded, and an error is a problem document.

mod asked;
mod begun;
mod caller;
mod centre;
mod endpoints;
mod figures;
mod forms;
mod judged;
mod kept;
mod narrowed;
mod openapi;
mod operation;
mod operations;
mod protocol;
mod push;
mod router;
mod tables;

pub use caller::Caller;
pub use centre::{Centre, Gateway, Settings, Source};
pub use openapi::{Example, examples};
pub use operation::Operation;
pub use operations::OPERATIONS;
pub use push::{KeyNow, Keys, asyncapi_document};
pub use router::{openapi_document, router};
