//! Who calls.

use uuid::Uuid;

use crate::{Environment, Verdict};

/// Who calls. In axum: `Extension<Caller>`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Caller {
    /// The key.
    pub key_id: Uuid,
    /// Whom it was made for.
    pub client_name: String,
    /// Which data it reaches.
    pub environment: Option<Environment>,
    /// What it may do.
    pub scopes: Vec<String>,
}

impl Caller {
    /// Whom a verdict is about, if it allows the call.
    pub(super) fn of(verdict: &Verdict) -> Option<Self> {
        if !verdict.valid {
            return None;
        }
        Some(Self {
            key_id: verdict.key_id?,
            client_name: verdict.client_name.clone()?,
            environment: verdict.environment,
            scopes: verdict.scopes.clone(),
        })
    }
}
