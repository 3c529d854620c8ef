use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{LimitName, RateLimit, RateLimits, Scope, ScopeSet};

/// A named set of scopes for a kind of third-party system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// Customer relationship management: look a caller up, write wraps back.
    Crm,
    /// Agents and calls, told at once when an agent's state changes.
    WorkforceManagement,
    /// Recordings.
    QualityAssurance,
    /// Wide reads.
    BusinessIntelligence,
    /// Pushed wait times.
    LiveWidget,
    /// No scope until chosen.
    Custom,
}

/// The text names no preset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a preset is one of crm, workforce-management, quality-assurance, business-intelligence, live-widget and custom"
)]
pub struct UnknownPreset;

impl Preset {
    /// In the order in which they are offered.
    pub const ALL: [Self; 6] = [
        Self::Crm,
        Self::WorkforceManagement,
        Self::QualityAssurance,
        Self::BusinessIntelligence,
        Self::LiveWidget,
        Self::Custom,
    ];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Crm => "crm",
            Self::WorkforceManagement => "workforce-management",
            Self::QualityAssurance => "quality-assurance",
            Self::BusinessIntelligence => "business-intelligence",
            Self::LiveWidget => "live-widget",
            Self::Custom => "custom",
        }
    }

    /// Its name for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Crm => "CRM",
            Self::WorkforceManagement => "Workforce management",
            Self::QualityAssurance => "Quality assurance",
            Self::BusinessIntelligence => "Business intelligence",
            Self::LiveWidget => "Live widget",
            Self::Custom => "Custom",
        }
    }

    /// One line on what a key with this preset may do.
    pub const fn summary(self) -> &'static str {
        match self {
            Self::Crm => "Looks up callers, starts calls and writes wraps.",
            Self::WorkforceManagement => {
                "Reads agents, calls and metrics, and is notified when an agent's state changes."
            }
            Self::QualityAssurance => "Listens to recordings and reads agents and calls.",
            Self::BusinessIntelligence => "Reads data, metrics and reports, and changes nothing.",
            Self::LiveWidget => "Shows live wait times and queues.",
            Self::Custom => "Does nothing until you choose its scopes.",
        }
    }

    const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Crm => &["contacts:read", "contacts:write", "calls:read", "calls:make", "wraps:read", "wraps:write"],
            Self::WorkforceManagement => &["agents:read", "calls:read", "metrics:read", "agent-states:subscribe"],
            Self::QualityAssurance => &["recordings:read", "agents:read", "calls:read"],
            Self::BusinessIntelligence => {
                &["data:read", "calls:read", "agents:read", "metrics:read", "reports:read", "queues:read"]
            }
            Self::LiveWidget => &["live:read", "queues:read"],
            Self::Custom => &[],
        }
    }

    /// Calls a minute, by the limit's name and the scope of the calls that count; `None`: every call.
    const fn calls_a_minute(self) -> &'static [(&'static str, u64, Option<&'static str>)] {
        match self {
            Self::Crm => &[("default", 600, None), ("calls-make", 60, Some("calls:make"))],
            Self::WorkforceManagement | Self::QualityAssurance => &[("default", 300, None)],
            Self::BusinessIntelligence => &[("default", 120, None)],
            Self::LiveWidget => &[("default", 1_200, None)],
            Self::Custom => &[],
        }
    }

    /// The rate limits of a new key for which none are given.
    pub fn rate_limits(self) -> RateLimits {
        let limit = |&(name, limit, scope): &(&str, u64, Option<&str>)| {
            let scopes = scope.and_then(|scope| Scope::parse(scope).ok()).into_iter().collect();
            RateLimit::new(LimitName::parse(name)?, limit, 60, limit, scopes)
        };
        let limits: Result<Vec<_>, _> = self.calls_a_minute().iter().map(limit).collect();
        limits.and_then(RateLimits::new).expect("limits within the bounds of a key")
    }

    /// The scopes that it stands for.
    pub fn scopes(self) -> ScopeSet {
        self.names().iter().filter_map(|name| Scope::parse(name).ok()).collect()
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Preset {
    type Err = UnknownPreset;

    fn from_str(text: &str) -> Result<Self, UnknownPreset> {
        Self::ALL.into_iter().find(|preset| preset.as_str() == text).ok_or(UnknownPreset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_of_a_preset_is_in_the_catalogue() {
        for preset in Preset::ALL {
            assert_eq!(preset.scopes().len(), preset.names().len(), "{preset}");
            assert!(preset.scopes().iter().all(Scope::is_known), "{preset}");
            let limits = preset.rate_limits();
            assert_eq!(limits.iter().len(), preset.calls_a_minute().len(), "{preset}");
            let counted = limits.iter().flat_map(|limit| limit.scopes().iter());
            assert!(counted.clone().all(|scope| preset.scopes().allows(scope)), "{preset}");
            assert_eq!(counted.count(), usize::from(preset == Preset::Crm), "{preset}");
            assert_eq!(preset.as_str().parse(), Ok(preset));
            assert_eq!(serde_json::to_value(preset).unwrap(), preset.as_str());
        }
    }
}
