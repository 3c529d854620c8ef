//! The REST API, one call a file: extract, one call on the domain, respond.

pub(crate) mod audit;
pub(crate) mod bulk_delete;
pub(crate) mod change;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod get;
pub(crate) mod handover;
pub(crate) mod health;
mod idempotency;
pub(crate) mod import;
pub(crate) mod jwks;
pub(crate) mod leaks;
mod limit_states;
pub(crate) mod limits;
pub(crate) mod list;
pub(crate) mod lookup;
mod precondition;
pub(crate) mod presets;
pub(crate) mod restore;
pub(crate) mod reveal;
pub(crate) mod rotate;
pub(crate) mod scopes;
mod settings;
pub(crate) mod switch;
mod text;
pub(crate) mod tokens;
pub(crate) mod usage;
pub(crate) mod verify;
pub(crate) mod verify_batch;
pub(crate) mod webhook_change;
pub(crate) mod webhook_create;
pub(crate) mod webhook_deliveries;
pub(crate) mod webhooks;
pub(crate) mod whoami;

use edge::{Problem, query};
use http::{Uri, request::Parts};
use model::{KeyError, KeyId};

/// The key that a path below `/api/v1/keys/` names. A text that is no id is not found.
fn key_id(parts: &Parts) -> Result<KeyId, Problem> {
    query::none(&parts.uri)?;
    named(&parts.uri).ok_or_else(|| KeyError::NotFound.into())
}

fn named(uri: &Uri) -> Option<KeyId> {
    uri.path().strip_prefix("/api/v1/keys/")?.split('/').next().and_then(uuid_text)
}

/// Accepts one way to write an id, of the several that the parser knows.
fn uuid_text(text: &str) -> Option<KeyId> {
    if text.len() == 36 { text.parse().ok() } else { None }
}
