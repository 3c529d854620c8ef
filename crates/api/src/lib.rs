//! REST for programs.
//!
//! Invariants:
//! - an endpoint extracts, makes one call on the domain, and responds; it decides nothing itself;
//! - who calls is decided before a request's body is read;
//! - it knows keys and no cookies: nothing here is for a browser but the reference page.

mod app_state;
mod auth;
mod body;
mod endpoints;
mod openapi;
pub mod reference;
mod respond;
mod router;

pub use app_state::App;
pub use endpoints::{create::CreatedKey, handover::NewHandover, handover::path as handover_path, verify::verify_key};
pub use openapi::document;
pub use router::{health_routes, not_found, routes, with_errors};
