//! The settings of a key, as requests write them: for a new key, and for a change of one. Serde can't refuse unknown fields of
//! a struct that is flattened into another, so each of the two bodies names them all.
//!
//! Client Names and scopes have codes of their own (422), so they are read when the body has the right form (else 400): both
//! of them, so that one answer says all that is wrong with them.

use edge::{FieldError, Problem, problem};
use model::{
    ClientName, ContactCentreLimits, Email, Environment, Instant, IssueBounds, KeyError, Metadata, NetworkSet, Notes,
    OriginSet, Preset, Quotas, RateLimits, Scope, ScopeSet, SettingsPatch, WorldName,
};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, DeserializeOwned},
};
use serde_json::Value;
use utoipa::ToSchema;

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
    /// Which data it reaches; when not given, those that the caller reaches. A test key makes test keys alone. Can't be
    /// changed later.
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
    /// How many calls it may make in windows of time; those of the preset when not given, and none with an empty list.
    #[serde(default, deserialize_with = "limits", skip_serializing_if = "Option::is_none")]
    rate_limits: Option<RateLimits>,
    /// How many calls it may make in periods of the calendar; empty: as many as come.
    #[serde(default, deserialize_with = "limits", skip_serializing_if = "Option::is_none")]
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
    /// Administrators alone set it: a key that gives it is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    issue_bounds: Option<IssueBounds>,
    /// What it may do in units of the contact centre: calls, hours, streams, recordings, agents. What is not given is not limited.
    #[serde(skip_serializing_if = "Option::is_none")]
    contact_centre: Option<ContactCentreLimits>,
    /// The world of the sandbox that a test key reaches; when not given, the one that all share.
    #[serde(skip_serializing_if = "Option::is_none")]
    sandbox_world: Option<WorldName>,
}

impl NewKeyBody {
    /// Which data the key can reach, if the request says it.
    pub(super) fn environment(&self) -> Option<Environment> {
        self.environment
    }

    /// The settings in the request.
    pub(super) fn patch(self) -> Result<SettingsPatch, Problem> {
        let scopes = name_and_scopes(Some(&self.client_name), self.scopes.as_deref())?;
        Ok(SettingsPatch {
            client_name: Some(self.client_name),
            preset: self.preset,
            scopes,
            enabled: self.enabled,
            expires_at: self.expires_at.map(Some),
            allowed_ips: self.allowed_ips,
            allowed_origins: self.allowed_origins,
            rate_limits: self.rate_limits,
            quotas: self.quotas,
            metadata: self.metadata,
            owner_email: self.owner_email.map(Some),
            notes: self.notes.map(Some),
            issue_bounds: self.issue_bounds.map(Some),
            contact_centre: self.contact_centre,
            sandbox_world: self.sandbox_world.map(Some),
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
    /// How many calls it may make in windows of time; empty: as many as come.
    #[serde(default, deserialize_with = "limits")]
    rate_limits: Option<RateLimits>,
    /// How many calls it may make in periods of the calendar; empty: as many as come.
    #[serde(default, deserialize_with = "limits")]
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
    /// Administrators alone change it: a key that gives another is refused.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<IssueBounds>)]
    issue_bounds: Option<Option<IssueBounds>>,
    /// What it may do in units of the contact centre, in place of what was set before; what is not given in it is not limited.
    contact_centre: Option<ContactCentreLimits>,
    /// The world of the sandbox that a test key reaches; null: the one that all share.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<WorldName>)]
    sandbox_world: Option<Option<WorldName>>,
}

impl KeyChange {
    /// The settings in the request.
    pub(super) fn patch(self) -> Result<SettingsPatch, Problem> {
        let scopes = name_and_scopes(self.client_name.as_deref(), self.scopes.as_deref())?;
        Ok(SettingsPatch {
            client_name: self.client_name,
            preset: self.preset,
            scopes,
            enabled: self.enabled,
            expires_at: self.expires_at,
            allowed_ips: self.allowed_ips,
            allowed_origins: self.allowed_origins,
            rate_limits: self.rate_limits,
            quotas: self.quotas,
            metadata: self.metadata,
            owner_email: self.owner_email,
            notes: self.notes,
            issue_bounds: self.issue_bounds,
            contact_centre: self.contact_centre,
            sandbox_world: self.sandbox_world,
        })
    }
}

/// Tells a field that is null from one that is not there.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Reads limits as a whole: for the rules of each limit the refusal refers to the documentation.
fn limits<'de, T: DeserializeOwned, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    match Option::<Value>::deserialize(deserializer)? {
        None => Ok(None),
        Some(list @ Value::Array(_)) => serde_json::from_value(list)
            .map(Some)
            .map_err(|_| de::Error::custom("must be a list of limits, as documented")),
        Some(_) => Err(de::Error::custom("must be a list")),
    }
}

/// Checks the Client Name and reads the scopes of a request. A text that is no scope is answered like an unknown scope.
fn name_and_scopes(name: Option<&str>, scopes: Option<&[String]>) -> Result<Option<ScopeSet>, Problem> {
    let name = name.map(ClientName::parse).transpose().err().map(KeyError::from).map(Problem::from);
    let parsed: Option<Vec<_>> = scopes.map(|texts| texts.iter().map(|text| Scope::parse(text)).collect());
    let wrong = |index: usize| FieldError {
        field: format!("scopes[{index}]"),
        message: "is not a scope; GET /api/v1/scopes lists them".to_owned(),
    };
    let each = parsed.iter().flatten().enumerate();
    let errors: Vec<_> = each.filter(|(_, scope)| scope.is_err()).map(|(index, _)| wrong(index)).take(20).collect();
    match name {
        Some(problem) => Err(problem.and(errors)),
        None if !errors.is_empty() => Err(Problem::new(&problem::UNKNOWN_SCOPE).errors(errors)),
        None => Ok(parsed.map(|scopes| scopes.into_iter().flatten().collect())),
    }
}
