//! The binary: configuration, listeners, command line, and the composition of all other rooms.
//!
//! Invariants:
//! - it decides nothing: `gate`, `api` and `app` answer calls, and only `domain` changes anything;
//! - every answer passes [`edge::Edge`], whichever room gave it;
//! - the REST API knows keys and no cookies; the browser's server functions know cookies and no keys.

mod assets;
pub mod cli;
mod config;
mod dispatcher;
mod log_rate;
mod logs;
mod metrics_page;
mod open;
mod process;
mod router;
mod serve;
mod set_up;

pub use dispatcher::Dispatcher;
pub use gate::Gateway;
pub use router::{dispatcher, dispatcher_behind, endpoints, operations};
