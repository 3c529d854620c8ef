//! The gateway: what arrives here is decided as at `/authz`, and forwarded to the API of the key's environment, without the key
//! and with the words by which the API knows the caller.
//!
//! How a call goes, and where each step stands:
//! 1. `serve` accepts, and gives each connection to one of the threads that answer; `connection` speaks TLS, HTTP/1.1 and
//!    HTTP/2 with the client.
//! 2. `call` answers one call: `screen` refuses what has two readings; the route and the verifier decide, in memory
//!    (`decision`); `request_head` and `fields` say what goes on.
//! 3. `attempt` chooses an address (`upstream`, `breaker`, `health`), takes a connection (`pool`, `dial`,
//!    `link`; `one` speaks HTTP/1.1 with it), sends, and sends again only where that is safe.
//! 4. `relay` streams the answer's body back, `tunnel` what goes on in another protocol.
//! 5. `streams` cuts what is open when its key may no longer do it, and gives a key only so many. `recordings` counts bytes of those.
//!    `cors` says which pages may read.
//!
//! Invariants:
//! - the method, the path and the query that were decided on are forwarded byte for byte; a message is framed anew, so that no
//!   length that a client wrote reaches an API unread;
//! - a connection to an API is driven by the call that has it: one task from the client to the API and back, on one core, with
//!   connections of its own;
//! - a request is sent on, and an answer passed on, once everything else that is ready on that core has had its turn: so an API and a
//!   client are woken once for many;
//! - nothing is buffered: a body is read as fast as the other side takes it;
//! - what is sent again was never seen by an API, or is idempotent, has no body, and got no byte of an answer. A `POST` that an API
//!   may have seen is never sent again;
//! - nothing is put into an API's answer: one that can't go on ends without its end;
//! - each refusal and failure is a problem document that says whose fault it was, and has `X-Keydesk-Error`.

mod alarm;
mod attempt;
mod breaker;
mod call;
pub mod config;
mod connection;
mod cors;
mod dial;
mod failure;
mod fields;
mod health;
mod in_process;
mod link;
mod live_tokens;
mod one;
mod pool;
mod prefixed;
mod recordings;
mod relay;
mod request_body;
mod request_head;
mod screen;
mod serve;
mod shared;
mod streams;
mod tls;
mod tunnel;
mod turn;
mod upstream;

pub(crate) use fields::clean_request;
pub use in_process::{Door, Entrance, door};
pub(crate) use screen::refusal;
pub use serve::{Forwarder, serve, template};
pub use tls::InvalidCertificates;
