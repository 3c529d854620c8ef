//! What surrounds every HTTP request, whoever answers it, from the connection that it comes on.
//!
//! Invariants:
//! - every answer passes [`Edge`], which gives it its request id, counts it and logs it; a log line on behalf of a
//!   request that has to wait carries its id and its route ([`Edge::span`]);
//! - neither a path nor a query goes into a log, since a careless caller may have put a key there;
//! - an error is a problem document, and never repeats what the caller sent where a secret could be;
//! - the threads that answer ([`Cores`]) never wait: work that waits, and every timer, is elsewhere;
//! - every connection has a place, of which there are a bounded number ([`Places`]), and loses it when its peer does not read
//!   or says nothing, or when others have come and its network holds most;
//! - it knows the words of `model`, and neither keys nor databases: calls are decided elsewhere.

mod accept;
mod answering;
mod call_origin;
pub mod client_address;
mod cores;
pub mod credentials;
mod edge;
pub mod exposition;
mod field_error;
mod guard;
pub mod limits;
mod listener;
mod metrics;
mod payload;
mod places;
pub mod problem;
pub mod query;
mod refusals;
mod request_id;
mod routes;
mod span;
mod stream;
mod timekeeper;
pub mod traces;

pub use answering::{Answering, Later};
pub use client_address::ClientAddress;
pub use cores::{Answer, Cores, HEAD_ARRIVAL, HEAD_MAX, Holding, Left, Unread, accept_all, head_refusal};
pub use edge::{Edge, RequestContext, Source};
pub use field_error::{FieldError, printable};
pub use guard::{DEADLINE, Failure, caught, guarded, within};
pub use listener::Listener;
pub use payload::Payload;
pub use places::{Lost, Place, PlaceBounds, Places};
pub use problem::Problem;
pub use request_id::RequestId;
pub use routes::{Route, Routes, Template};
pub use span::within_span_once_waiting;
pub use stream::Stream;
pub use timekeeper::{Timer, Timers};
