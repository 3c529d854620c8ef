//! The settings of a key, as requests write them: for a new key, and for a change of one. Serde can't refuse unknown fields of
//! a struct that is flattened into another, so each of the two bodies names them all.

use std::collections::BTreeMap;

use edge::{FieldError, Problem, problem};
use model::{
    Email, Environment, Instant, Metadata, NETWORKS_MAX, Network, NetworkSet, Notes, ORIGINS_MAX, OriginPattern,
    OriginSet, Preset, Quotas, RateLimits, Scope, ScopeSet, SettingsPatch,
};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::body::{Field, Form, Shape, TEXT};

/// A key to create.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewKeyBody {
    /// Whom the key is generated for: 1 to 100 characters, none of them invisible.
    #[schema(examples("Acme CRM"))]
    client_name: String,
    /// The preset whose scopes it gets.
    preset: Option<Preset>,
    /// Its scopes, instead of the preset's. The caller can't grant a scope that it does not hold.
    #[schema(value_type = Option<ScopeSet>)]
    scopes: Option<Vec<String>>,
    /// Which data it reaches; `live` when not given. Can't be changed later.
    environment: Option<Environment>,
    /// Whether it works at once; true when not given. False: it is refused until it is enabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    enabled: Option<bool>,
    /// From when on it is refused, an instant in the future; never when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Instant>,
    /// Addresses and networks it may be used from; any when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_ips: Option<NetworkSet>,
    /// Web origins it may be used from; any when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_origins: Option<OriginSet>,
    /// How many calls it may make in windows of time. Only an empty list is taken yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    rate_limits: Option<RateLimits>,
    /// How many calls it may make in periods of the calendar. Only an empty list is taken yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    quotas: Option<Quotas>,
    /// Pairs of your own: at most 16, and 1024 bytes in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
    /// Who answers for the key at the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner_email: Option<Email>,
    /// For those who manage keys: at most 1000 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<Notes>,
}

impl Form<'_> for NewKeyBody {
    const FIELDS: &'static [Field] = &[
        CLIENT_NAME,
        PRESET,
        SCOPES,
        ENVIRONMENT,
        ENABLED,
        EXPIRES_AT,
        ALLOWED_IPS,
        ALLOWED_ORIGINS,
        RATE_LIMITS,
        QUOTAS,
        METADATA,
        OWNER_EMAIL,
        NOTES,
    ];
}

impl NewKeyBody {
    /// Which data the key can reach.
    pub(super) fn environment(&self) -> Environment {
        self.environment.unwrap_or_default()
    }

    /// What the request says of the key's settings.
    pub(super) fn patch(self) -> Result<SettingsPatch, Problem> {
        Ok(SettingsPatch {
            client_name: Some(self.client_name),
            preset: self.preset,
            scopes: self.scopes.as_deref().map(scopes).transpose()?,
            enabled: self.enabled,
            expires_at: self.expires_at.map(Some),
            allowed_ips: self.allowed_ips,
            allowed_origins: self.allowed_origins,
            rate_limits: self.rate_limits,
            quotas: self.quotas,
            metadata: self.metadata,
            owner_email: self.owner_email.map(Some),
            notes: self.notes.map(Some),
        })
    }
}

/// What to change of a key. A field that is not given stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyChange {
    /// Its new Client Name: 1 to 100 characters, none of them invisible.
    #[schema(examples("Acme CRM"))]
    client_name: Option<String>,
    /// The preset whose scopes it gets. `custom` by itself leaves its scopes as they are.
    preset: Option<Preset>,
    /// Its scopes, instead of the preset's. The caller can't add a scope that it does not hold.
    #[schema(value_type = Option<ScopeSet>)]
    scopes: Option<Vec<String>>,
    /// Whether it works. False: every call with it is refused, until it is enabled. To enable a key the caller must
    /// hold all of its scopes.
    enabled: Option<bool>,
    /// From when on it is refused, an instant in the future; null: never.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Instant>)]
    expires_at: Option<Option<Instant>>,
    /// Addresses and networks it may be used from; empty: any.
    allowed_ips: Option<NetworkSet>,
    /// Web origins it may be used from; empty: any.
    allowed_origins: Option<OriginSet>,
    /// How many calls it may make in windows of time. Only an empty list is taken yet.
    rate_limits: Option<RateLimits>,
    /// How many calls it may make in periods of the calendar. Only an empty list is taken yet.
    quotas: Option<Quotas>,
    /// Pairs of your own, in place of those that it has: at most 16, and 1024 bytes in all.
    metadata: Option<Metadata>,
    /// Who answers for the key at the client; null: nobody is named.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Email>)]
    owner_email: Option<Option<Email>>,
    /// For those who manage keys: at most 1000 characters; null: none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Notes>)]
    notes: Option<Option<Notes>>,
}

impl Form<'_> for KeyChange {
    const FIELDS: &'static [Field] = &[
        NEW_CLIENT_NAME,
        PRESET,
        SCOPES,
        ENABLED,
        EXPIRES_AT,
        ALLOWED_IPS,
        ALLOWED_ORIGINS,
        RATE_LIMITS,
        QUOTAS,
        METADATA,
        OWNER_EMAIL,
        NOTES,
    ];
}

impl KeyChange {
    /// What the request says of the key's settings.
    pub(super) fn patch(self) -> Result<SettingsPatch, Problem> {
        Ok(SettingsPatch {
            client_name: self.client_name,
            preset: self.preset,
            scopes: self.scopes.as_deref().map(scopes).transpose()?,
            enabled: self.enabled,
            expires_at: self.expires_at,
            allowed_ips: self.allowed_ips,
            allowed_origins: self.allowed_origins,
            rate_limits: self.rate_limits,
            quotas: self.quotas,
            metadata: self.metadata,
            owner_email: self.owner_email,
            notes: self.notes,
        })
    }
}

const CLIENT_NAME: Field = Field::required("client_name", TEXT);
const NEW_CLIENT_NAME: Field = Field::optional("client_name", TEXT);
const ENVIRONMENT: Field = Field::optional(
    "environment",
    Shape::Plain {
        holds: |value| value.as_str().is_some_and(|text| text.parse::<Environment>().is_ok()),
        message: "must be live or test",
    },
);
const PRESET: Field = Field::optional(
    "preset",
    Shape::Plain {
        holds: |value| value.as_str().is_some_and(|text| text.parse::<Preset>().is_ok()),
        message: "must be one of crm, workforce-management, quality-assurance, business-intelligence, live-widget and \
                  custom",
    },
);
/// A text that is no scope is answered like an unknown scope; see [`scopes`].
const SCOPES: Field = Field::optional(
    "scopes",
    Shape::List {
        holds: Value::is_string,
        message: "must be a scope such as contacts:read",
        least: 0,
        most: usize::MAX,
    },
);
const ENABLED: Field =
    Field::optional("enabled", Shape::Plain { holds: Value::is_boolean, message: "must be true or false" });
const EXPIRES_AT: Field = Field::optional("expires_at", Shape::Checked { check: check_text::<Instant> });
const ALLOWED_IPS: Field =
    Field::optional("allowed_ips", Shape::CheckedList { check: check_text::<Network>, least: 0, most: NETWORKS_MAX });
const ALLOWED_ORIGINS: Field = Field::optional(
    "allowed_origins",
    Shape::CheckedList { check: check_text::<OriginPattern>, least: 0, most: ORIGINS_MAX },
);
const METADATA: Field = Field::optional("metadata", Shape::Checked { check: check_metadata });
const OWNER_EMAIL: Field = Field::optional("owner_email", Shape::Checked { check: check_text::<Email> });
const NOTES: Field = Field::optional("notes", Shape::Checked { check: check_text::<Notes> });

const RATE_LIMITS: Field = Field::optional("rate_limits", Shape::Checked { check: check_list::<RateLimits> });
const QUOTAS: Field = Field::optional("quotas", Shape::Checked { check: check_list::<Quotas> });

/// The error's message is the model's own, and repeats nothing of what was sent but a network.
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
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

fn check_list<T: serde::de::DeserializeOwned>(value: &Value) -> Result<(), String> {
    if !value.is_array() {
        return Err("must be a list".to_owned());
    }
    serde_json::from_value::<T>(value.clone())
        .map(drop)
        .map_err(|_| "must be a list of limits, as documented".to_owned())
}

/// The scopes that a request names.
fn scopes(texts: &[String]) -> Result<ScopeSet, Problem> {
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
