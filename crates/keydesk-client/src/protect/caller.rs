//! Who calls.

use std::collections::BTreeMap;

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
    /// What a derived token is narrowed to: ids by their kind, such as `queue`. The service has to keep to it. None: all that its key reaches.
    pub resources: Option<BTreeMap<String, Vec<String>>>,
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
            resources: verdict.resources.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_learns_what_a_token_is_narrowed_to() {
        let text = r#"{"valid": true, "code": "VALID", "request_id": "0199c7a0-0000-7000-8000-000000000001",
            "key_id": "0199c7a0-0000-7000-8000-000000000002", "client_name": "Acme", "resources": {"queue": ["q1", "q2"]}}"#;
        let caller = Caller::of(&serde_json::from_str(text).unwrap()).unwrap();
        let queues = caller.resources.and_then(|resources| resources.get("queue").cloned());
        assert_eq!(queues, Some(vec!["q1".to_owned(), "q2".to_owned()]));
    }
}
