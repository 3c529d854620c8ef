//! The settings of a key, as requests write them.

use std::collections::BTreeMap;

use edge::{FieldError, Problem, problem};
use model::{
    Email, Environment, Instant, Metadata, NETWORKS_MAX, Network, Notes, ORIGINS_MAX, OriginPattern, Preset, Scope,
    ScopeSet,
};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::body::{Field, Shape, TEXT};

pub(super) const CLIENT_NAME: Field = Field::required("client_name", TEXT);
pub(super) const NEW_CLIENT_NAME: Field = Field::optional("client_name", TEXT);
pub(super) const ENVIRONMENT: Field = Field::optional(
    "environment",
    Shape::Plain {
        holds: |value| value.as_str().is_some_and(|text| text.parse::<Environment>().is_ok()),
        message: "must be live or test",
    },
);
pub(super) const PRESET: Field = Field::optional(
    "preset",
    Shape::Plain {
        holds: |value| value.as_str().is_some_and(|text| text.parse::<Preset>().is_ok()),
        message: "must be one of crm, workforce-management, quality-assurance, business-intelligence, live-widget and \
                  custom",
    },
);
/// What is no scope at all is answered like a scope that nobody has heard of; see [`scopes`].
pub(super) const SCOPES: Field = Field::optional(
    "scopes",
    Shape::List {
        holds: Value::is_string,
        message: "must be a scope such as contacts:read",
        least: 0,
        most: usize::MAX,
    },
);
pub(super) const ENABLED: Field =
    Field::optional("enabled", Shape::Plain { holds: Value::is_boolean, message: "must be true or false" });
pub(super) const EXPIRES_AT: Field = Field::optional("expires_at", Shape::Checked { check: check_text::<Instant> });
pub(super) const ALLOWED_IPS: Field =
    Field::optional("allowed_ips", Shape::CheckedList { check: check_text::<Network>, least: 0, most: NETWORKS_MAX });
pub(super) const ALLOWED_ORIGINS: Field = Field::optional(
    "allowed_origins",
    Shape::CheckedList { check: check_text::<OriginPattern>, least: 0, most: ORIGINS_MAX },
);
pub(super) const METADATA: Field = Field::optional("metadata", Shape::Checked { check: check_metadata });
pub(super) const OWNER_EMAIL: Field = Field::optional("owner_email", Shape::Checked { check: check_text::<Email> });
pub(super) const NOTES: Field = Field::optional("notes", Shape::Checked { check: check_text::<Notes> });

/// The words of the error are the model's own, and repeat nothing of what was sent but a network.
fn check_text<T: std::str::FromStr<Err: std::fmt::Display>>(value: &Value) -> Result<(), String> {
    let text = value.as_str().ok_or("must be a string")?;
    text.parse::<T>().map(drop).map_err(|error| error.to_string())
}

fn check_metadata(value: &Value) -> Result<(), String> {
    let object = value.as_object().ok_or("must be an object")?;
    let pairs: Option<BTreeMap<String, String>> =
        object.iter().map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect();
    Metadata::new(pairs.ok_or("must have a string for each value")?).map(drop).map_err(|error| error.to_string())
}

/// Tells a field that is null from one that is not there.
pub(super) fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// The rights that a request names.
pub(super) fn scopes(texts: &[String]) -> Result<ScopeSet, Problem> {
    let parsed: Vec<_> = texts.iter().map(|text| Scope::parse(text)).collect();
    let wrong = |index: usize| FieldError {
        field: format!("scopes[{index}]"),
        message: "is not a scope; GET /api/v1/scopes lists them".to_owned(),
    };
    let errors: Vec<_> =
        parsed.iter().enumerate().filter(|(_, scope)| scope.is_err()).map(|(index, _)| wrong(index)).take(20).collect();
    if errors.is_empty() {
        return Ok(parsed.into_iter().flatten().collect());
    }
    Err(Problem::new(&problem::UNKNOWN_SCOPE).errors(errors))
}
