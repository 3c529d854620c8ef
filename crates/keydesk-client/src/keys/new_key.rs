//! Keys as they are asked for.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::Environment;

/// A key to be made.
#[derive(Clone, Debug, Serialize)]
pub struct NewKey {
    client_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    preset: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scopes: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<Environment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    #[serde(flatten)]
    more: BTreeMap<String, Value>,
    #[serde(skip)]
    idempotency_key: Option<String>,
}

impl NewKey {
    /// A key for this client. Say what it may do by [`preset`](Self::preset) or [`scope`](Self::scope).
    pub fn new(client_name: impl Into<String>) -> Self {
        Self {
            client_name: client_name.into(),
            preset: None,
            scopes: None,
            environment: None,
            expires_at: None,
            more: BTreeMap::new(),
            idempotency_key: None,
        }
    }

    /// The rights and limits of a kind of integration, such as `crm`.
    pub fn preset(mut self, preset: impl Into<String>) -> Self {
        self.preset = Some(preset.into());
        self
    }

    /// A right, beside those that were named before.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes.get_or_insert_default().push(scope.into());
        self
    }

    /// Which data it reaches; those of the caller when not said.
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = Some(environment);
        self
    }

    /// From when on it is refused.
    pub fn expires_at(mut self, instant: Timestamp) -> Self {
        self.expires_at = Some(instant);
        self
    }

    /// Any other field of the description, such as `allowed_ips`.
    pub fn with(mut self, field: impl Into<String>, value: impl Into<Value>) -> Self {
        self.more.insert(field.into(), value.into());
        self
    }

    /// The name of this creation, 1 to 255 visible ASCII characters, so that a program that was started again makes no second key.
    /// When not said, one is made up for each [`create`](crate::Keys::create).
    pub fn named(mut self, idempotency_key: impl Into<String>) -> Self {
        self.idempotency_key = Some(idempotency_key.into());
        self
    }

    pub(crate) fn idempotency_key(&self) -> Option<&str> {
        self.idempotency_key.as_deref()
    }
}

/// What is to be changed of a key: the fields of the description, and those alone that are given.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct KeyChange(BTreeMap<String, Value>);

impl KeyChange {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Its new Client Name.
    pub fn client_name(self, name: impl Into<String>) -> Self {
        self.with("client_name", name.into())
    }

    /// All of its rights from now on.
    pub fn scopes<S: Into<String>>(self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.with("scopes", scopes.into_iter().map(Into::into).collect::<Vec<String>>())
    }

    /// Any field of the description, such as `notes`.
    pub fn with(mut self, field: impl Into<String>, value: impl Into<Value>) -> Self {
        self.0.insert(field.into(), value.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_said_is_asked_for() {
        let new = NewKey::new("Acme").scope("a:b").with("allowed_ips", vec!["203.0.113.0/24"]).named("n");
        let expected = json!({ "client_name": "Acme", "scopes": ["a:b"], "allowed_ips": ["203.0.113.0/24"] });
        assert_eq!(serde_json::to_value(new).unwrap(), expected);
        assert_eq!(serde_json::to_value(KeyChange::new().client_name("B")).unwrap(), json!({ "client_name": "B" }));
    }
}
