//! REST for programs.
//!
//! Invariants:
//! - a route is in one list ([`endpoints`]), from which router, description, metrics and the required scope come;
//! - the caller is authenticated before an endpoint is called, and so before a request's body is read;
//! - an endpoint extracts, makes one call on the domain, and responds; it decides nothing itself;
//! - it knows keys and no cookies: nothing here is for a browser but the text of the reference page.

mod app_state;
mod auth;
mod body;
mod deprecation;
mod doubled;
mod endpoint;
mod endpoints;
mod explain;
mod not_utf8;
mod openapi;
mod places;
pub mod reference;
mod respond;
mod router;
mod routes;

pub use app_state::App;
pub use auth::RequiredScope;
pub use endpoint::{Access, Endpoint};
pub use endpoints::{
    create::CreatedKey, handover::NewHandover, handover::path as handover_path, tokens::NewToken, verify::verify_key,
    webhook_create::CreatedWebhook, webhooks::WebhookList,
};
pub use router::{not_found, router, with_errors};
pub use routes::{endpoints, health, templates, verify_path};
