use serde::{Deserialize, Serialize};

use crate::{ClientName, Email, Instant, Metadata, NetworkSet, Notes, OriginSet, Preset, Quotas, RateLimits, ScopeSet};

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
    pub rate_limits: RateLimits,
    /// How many calls it may make in periods of the calendar; empty: as many as come.
    #[serde(default)]
    pub quotas: Quotas,
    /// Pairs of the administrator's own.
    pub metadata: Metadata,
    /// Who answers for the key at the client; null: nobody is named.
    pub owner_email: Option<Email>,
    /// For those who manage keys; null: none.
    pub notes: Option<Notes>,
}

fn enabled() -> bool {
    true
}

impl KeySettings {
    /// What a new key has of which nothing but the Client Name is said: it works, from anywhere and without an end, and may
    /// do nothing.
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
        }
    }

    /// Whether a key with these settings can be used where, when or as often as it can't be used with those `before`. What its
    /// scopes allow is another question.
    pub fn widens(&self, before: &Self) -> bool {
        let Self {
            enabled,
            expires_at,
            allowed_ips,
            allowed_origins,
            rate_limits,
            quotas,
            client_name: _,
            preset: _,
            scopes: _,
            metadata: _,
            owner_email: _,
            notes: _,
        } = self;
        let longer = match (before.expires_at, *expires_at) {
            (Some(before), Some(end)) => end > before,
            (before, None) => before.is_some(),
            (None, Some(_)) => false,
        };
        (*enabled && !before.enabled)
            || longer
            || !before.allowed_ips.covers(allowed_ips)
            || !before.allowed_origins.covers(allowed_origins)
            || !before.rate_limits.covers(rate_limits)
            || !before.quotas.covers(quotas)
    }
}
