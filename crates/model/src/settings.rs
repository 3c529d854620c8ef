//! The settings of a key, and patches of them. Every function names all settings, so the compiler leads whoever adds
//! one through this file.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::{
    ClientName, ContactCentreLimits, Email, Instant, IssueBounds, KeyError, Metadata, NetworkSet, Notes, OriginSet,
    Preset, Quotas, RECORDING_BYTES_LIMIT, RateLimits, ScopeSet, WorldName, ceiling::distinct,
};

/// All of a key that can be edited. ARCHITECTURE.md has the recipe for another setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeySettings {
    /// It works; `false`: it is refused, until somebody enables it. Answers say it by their `status`.
    #[serde(skip, default = "enabled")]
    pub enabled: bool,
    /// Whom the key was generated for.
    pub client_name: ClientName,
    /// The preset that it was made from.
    pub preset: Preset,
    /// What it may do.
    pub scopes: ScopeSet,
    /// From when on it is refused; null: never.
    pub expires_at: Option<Instant>,
    /// Addresses and networks it may be used from; empty: any.
    pub allowed_ips: NetworkSet,
    /// Web origins it may be used from; empty: any.
    pub allowed_origins: OriginSet,
    /// How many calls it may make in windows of time; empty: as many as come.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub rate_limits: RateLimits,
    /// How many calls it may make in periods of the calendar; empty: as many as come.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub quotas: Quotas,
    /// Pairs of the administrator's own.
    pub metadata: Metadata,
    /// Who answers for the key at the client; null: nobody is named.
    pub owner_email: Option<Email>,
    /// For those who manage keys; null: none.
    pub notes: Option<Notes>,
    /// What the keys may be like that it issues; null: bound as it is itself.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub issue_bounds: Option<IssueBounds>,
    /// What it may do in units of the contact centre: calls, hours, streams, recordings, agents. What is not given is not limited.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub contact_centre: ContactCentreLimits,
    /// The world of the sandbox that a test key reaches; null: the one that all share.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub sandbox_world: Option<WorldName>,
}

fn enabled() -> bool {
    true
}

impl KeySettings {
    /// The settings of a new key of which only the Client Name is given: it works from anywhere, never expires, and has
    /// no scope.
    pub fn new(client_name: ClientName) -> Self {
        Self {
            enabled: true,
            client_name,
            preset: Preset::Custom,
            scopes: ScopeSet::default(),
            expires_at: None,
            allowed_ips: NetworkSet::ANY,
            allowed_origins: OriginSet::ANY,
            rate_limits: RateLimits::default(),
            quotas: Quotas::default(),
            metadata: Metadata::default(),
            owner_email: None,
            notes: None,
            issue_bounds: None,
            contact_centre: ContactCentreLimits::default(),
            sandbox_world: None,
        }
    }

    /// The settings that are left out of the audit entry of a new key, by name: what a person notes down about it.
    pub const NOT_AUDITED_WHEN_NEW: [&str; 3] = ["metadata", "owner_email", "notes"];

    /// The settings of which the audit entry of a change says only that they were changed, by name: the log keeps what it
    /// has, and a person can be forgotten.
    pub const PERSONAL: [&str; 2] = ["owner_email", "notes"];

    /// The settings that are not among `placed`, as text by name; one that is empty is an empty text.
    pub fn texts_besides(&self, placed: &[&str]) -> Vec<(String, String)> {
        let Ok(Value::Object(named)) = serde_json::to_value(self) else { return Vec::new() };
        let text = |value: Value| match value {
            Value::Null => String::new(),
            Value::String(text) => text,
            Value::Array(items) if items.is_empty() => String::new(),
            Value::Object(pairs) if pairs.is_empty() => String::new(),
            value => value.to_string(),
        };
        let besides = named.into_iter().filter(|(name, _)| !placed.contains(&name.as_str()));
        besides.map(|(name, value)| (name, text(value))).collect()
    }

    /// The settings that the client itself is shown.
    pub fn for_client(self) -> Self {
        Self { notes: None, ..self }
    }

    /// The settings without what is noted down about the key, as a viewer sees them.
    pub fn without_notes(self) -> Self {
        Self { notes: None, metadata: Metadata::default(), ..self }
    }

    /// The first setting, by its name in the API, with which a key can be used from more places, for longer or more often
    /// than with those `before`. Scopes are not compared.
    pub fn widens(&self, before: &Self) -> Option<&'static str> {
        let Self {
            enabled,
            expires_at,
            allowed_ips,
            allowed_origins,
            rate_limits,
            quotas,
            contact_centre,
            sandbox_world,
            client_name: _,
            preset: _,
            scopes: _,
            metadata: _,
            owner_email: _,
            notes: _,
            // Never a caller's own to change, unless it is an administrator.
            issue_bounds: _,
        } = self;
        let longer = match (before.expires_at, *expires_at) {
            (Some(before), Some(end)) => end > before,
            (before, None) => before.is_some(),
            (None, Some(_)) => false,
        };
        let widened = [
            ("allowed_ips", !before.allowed_ips.covers(allowed_ips)),
            ("allowed_origins", !before.allowed_origins.covers(allowed_origins)),
            ("expires_at", longer),
            ("rate_limits", !before.rate_limits.covers(rate_limits)),
            ("quotas", !before.quotas.covers(quotas)),
            ("contact_centre", !before.contact_centre.covers(contact_centre)),
            ("sandbox_world", before.sandbox_world.is_some() && before.sandbox_world != *sandbox_world),
            ("enabled", *enabled && !before.enabled),
        ];
        widened.into_iter().find_map(|(name, widened)| widened.then_some(name))
    }
}

/// Changes to a key's settings, or the settings of a new key. A setting that is not given stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettingsPatch {
    /// Whom the key is generated for: 1 to 100 characters, none of them invisible.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// The preset whose scopes it gets, unless `scopes` are given. `custom` by itself leaves its scopes as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preset: Option<Preset>,
    /// Its scopes, instead of the preset's. The caller can't add a scope that it does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<ScopeSet>,
    /// Whether it works. False: every call with it is refused, until it is enabled. To enable a key the caller must
    /// hold all of its scopes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// From when on it is refused, an instant in the future; null: never.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Option<Instant>>,
    /// Addresses and networks it may be used from; empty: any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_ips: Option<NetworkSet>,
    /// Web origins it may be used from; empty: any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_origins: Option<OriginSet>,
    /// How many calls it may make in windows of time; empty: as many as come. A new key has those of its preset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limits: Option<RateLimits>,
    /// How many calls it may make in periods of the calendar; empty: as many as come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quotas: Option<Quotas>,
    /// Pairs of your own, in place of those that it has: at most 16, and 1024 bytes in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
    /// Who answers for the key at the client; null: nobody is named.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub owner_email: Option<Option<Email>>,
    /// For those who manage keys: at most 1000 characters; null: none.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub notes: Option<Option<Notes>>,
    /// What the keys may be like that it issues; null: bound as it is itself. Administrators alone set this.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub issue_bounds: Option<Option<IssueBounds>>,
    /// What it may do in units of the contact centre, in place of what was set before; what is not given in it is not limited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_centre: Option<ContactCentreLimits>,
    /// The world of the sandbox that a test key reaches; null: the one that all share.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub sandbox_world: Option<Option<WorldName>>,
}

/// Tells a setting that is null from one that is not given.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl SettingsPatch {
    /// Another Client Name, as typed.
    pub fn name(client_name: impl Into<String>) -> Self {
        Self { client_name: Some(client_name.into()), ..Self::default() }
    }

    /// The settings of a new key: rate limits that are not given are the preset's, any other setting is as in
    /// [`KeySettings::new`]. The Client Name must be given.
    pub fn build(self) -> Result<KeySettings, KeyError> {
        let client_name = ClientName::parse(self.client_name.as_deref().unwrap_or_default())?;
        let rate_limits = self.preset.map(Preset::rate_limits).unwrap_or_default();
        self.apply(&KeySettings { rate_limits, ..KeySettings::new(client_name) })
    }

    /// The settings as the patch leaves them.
    pub fn apply(self, to: &KeySettings) -> Result<KeySettings, KeyError> {
        let of_preset = self.preset.filter(|preset| *preset != Preset::Custom).map(Preset::scopes);
        let settings = KeySettings {
            enabled: self.enabled.unwrap_or(to.enabled),
            client_name: match self.client_name {
                // One that is sent back as it was read is no edit, and keeps the rules of its time.
                Some(typed) if typed != to.client_name.as_str() => ClientName::parse(&typed)?,
                _ => to.client_name.clone(),
            },
            preset: self.preset.unwrap_or(to.preset),
            scopes: self.scopes.or(of_preset).unwrap_or_else(|| to.scopes.clone()),
            expires_at: self.expires_at.unwrap_or(to.expires_at),
            allowed_ips: self.allowed_ips.unwrap_or_else(|| to.allowed_ips.clone()),
            allowed_origins: self.allowed_origins.unwrap_or_else(|| to.allowed_origins.clone()),
            rate_limits: self.rate_limits.unwrap_or_else(|| to.rate_limits.clone()),
            quotas: self.quotas.unwrap_or_else(|| to.quotas.clone()),
            metadata: self.metadata.unwrap_or_else(|| to.metadata.clone()),
            owner_email: self.owner_email.unwrap_or_else(|| to.owner_email.clone()),
            notes: self.notes.unwrap_or_else(|| to.notes.clone()),
            issue_bounds: self.issue_bounds.unwrap_or_else(|| to.issue_bounds.clone()),
            contact_centre: self.contact_centre.unwrap_or_else(|| to.contact_centre.clone()),
            sandbox_world: self.sandbox_world.unwrap_or_else(|| to.sandbox_world.clone()),
        };
        // A refusal gives a limit's name only, so names must differ across both.
        distinct(&settings.rate_limits, &settings.quotas).map_err(|error| KeyError::InvalidSetting {
            field: "quotas".to_owned(),
            reason: format!("The rate limits and quotas {error}."),
        })?;
        if settings.quotas.iter().any(|quota| quota.name().as_str() == RECORDING_BYTES_LIMIT) {
            let reason = format!("The name {RECORDING_BYTES_LIMIT} is that of a limit of the contact centre.");
            return Err(KeyError::InvalidSetting { field: "quotas".to_owned(), reason });
        }
        Ok(settings)
    }

    /// The smallest patch that turns one key's settings into the other's.
    pub fn diff(from: &KeySettings, to: &KeySettings) -> Self {
        fn changed<T: PartialEq + Clone>(from: &T, to: &T) -> Option<T> {
            (from != to).then(|| to.clone())
        }
        let KeySettings {
            enabled,
            client_name,
            preset,
            scopes,
            expires_at,
            allowed_ips,
            allowed_origins,
            rate_limits,
            quotas,
            metadata,
            owner_email,
            notes,
            issue_bounds,
            contact_centre,
            sandbox_world,
        } = to;
        let preset = changed(&from.preset, preset);
        Self {
            client_name: changed(&from.client_name, client_name).map(String::from),
            preset,
            // Another preset by itself would bring its own scopes.
            scopes: changed(&from.scopes, scopes).or_else(|| preset.map(|_| scopes.clone())),
            enabled: changed(&from.enabled, enabled),
            expires_at: changed(&from.expires_at, expires_at),
            allowed_ips: changed(&from.allowed_ips, allowed_ips),
            allowed_origins: changed(&from.allowed_origins, allowed_origins),
            rate_limits: changed(&from.rate_limits, rate_limits),
            quotas: changed(&from.quotas, quotas),
            metadata: changed(&from.metadata, metadata),
            owner_email: changed(&from.owner_email, owner_email),
            notes: changed(&from.notes, notes),
            issue_bounds: changed(&from.issue_bounds, issue_bounds),
            contact_centre: changed(&from.contact_centre, contact_centre),
            sandbox_world: changed(&from.sandbox_world, sandbox_world),
        }
    }
}

#[cfg(test)]
mod tests;
