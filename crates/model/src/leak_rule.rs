use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What becomes of a key of an installation that a signed report says has leaked. Whatever it is, the audit log has it and receivers
/// of events are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LeakRule {
    /// Nothing more: people decide.
    #[default]
    Notify,
    /// It is switched off, until somebody enables it.
    Disable,
    /// It is deleted, and can be restored for 30 days.
    Revoke,
}

/// The text names no rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a rule for leaked keys is notify, disable or revoke")]
pub struct UnknownLeakRule;

impl LeakRule {
    /// All of them, from the mildest.
    pub const ALL: [Self; 3] = [Self::Notify, Self::Disable, Self::Revoke];

    /// Its name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Notify => "notify",
            Self::Disable => "disable",
            Self::Revoke => "revoke",
        }
    }
}

impl fmt::Display for LeakRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for LeakRule {
    type Err = UnknownLeakRule;

    fn from_str(text: &str) -> Result<Self, UnknownLeakRule> {
        Self::ALL.into_iter().find(|rule| rule.as_str() == text).ok_or(UnknownLeakRule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_has_one_name() {
        for rule in LeakRule::ALL {
            assert_eq!(rule.as_str().parse(), Ok(rule));
            assert_eq!(serde_json::to_value(rule).unwrap(), rule.as_str());
        }
        for bad in ["", "Notify", "delete"] {
            assert_eq!(bad.parse::<LeakRule>(), Err(UnknownLeakRule), "{bad}");
        }
    }
}
