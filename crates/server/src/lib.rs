//! Keydesk's outer room: configuration, router, REST and command line.
//!
//! Invariants:
//! - only this crate names status codes and headers;
//! - a REST handler extracts, makes one call on the domain, and responds; it decides nothing itself;
//! - who calls is decided before a request's body is read;
//! - every answer passes [`Edge`], which gives it its request id; an error is a problem document, and never repeats what
//!   the caller sent where a secret could stand;
//! - the REST API knows keys and no cookies; the browser's server functions know cookies and no keys.

mod accept;
mod app_state;
mod assets;
mod auth;
mod authz;
mod body;
mod bounded;
pub mod cli;
mod client_address;
mod config;
mod cores;
mod docs_page;
mod edge;
mod gateway_config;
#[cfg(feature = "grpc")]
mod grpc;
mod health;
mod logs;
mod metrics;
mod openapi;
mod problem;
mod query;
mod respond;
mod rest;
mod router;
mod serve;
mod set_up;
mod spoe;
mod timekeeper;

pub use authz::Gateway;
pub use edge::Edge;
pub use openapi::document;
pub use router::{edge, edge_behind};
