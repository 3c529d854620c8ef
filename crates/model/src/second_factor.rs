//! A second factor beside the password, and who must have one.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Instant, PasskeyId, Role};

/// Recovery codes that a person gets at once.
pub const RECOVERY_CODES: usize = 10;
/// Passkeys that a person can have.
pub const PASSKEYS_MAX: usize = 10;
/// How long a proof of who somebody is counts: 10 minutes, in milliseconds.
pub const PROOF_LIFE_MS: i64 = 10 * 60 * 1000;

/// Who of an installation's people must have a second factor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequiredSecondFactor {
    /// Nobody. Everybody may.
    #[default]
    None,
    /// Owners.
    Owners,
    /// Everybody.
    Everyone,
}

/// The text names nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a second factor is required of none, owners or everyone")]
pub struct UnknownRequirement;

impl RequiredSecondFactor {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::None, Self::Owners, Self::Everyone];

    /// Its name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Owners => "owners",
            Self::Everyone => "everyone",
        }
    }

    /// Whether somebody with this role must have one.
    pub const fn asks(self, role: Role) -> bool {
        match self {
            Self::None => false,
            Self::Owners => matches!(role, Role::Owner),
            Self::Everyone => true,
        }
    }
}

impl fmt::Display for RequiredSecondFactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RequiredSecondFactor {
    type Err = UnknownRequirement;

    fn from_str(text: &str) -> Result<Self, UnknownRequirement> {
        Self::ALL.into_iter().find(|one| one.as_str() == text).ok_or(UnknownRequirement)
    }
}

/// A passkey of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passkey {
    /// By which it can be removed.
    pub id: PasskeyId,
    /// What its person calls it.
    pub name: String,
    /// When it was added.
    pub created_at: Instant,
    /// When it was last used.
    pub last_used_at: Option<Instant>,
}

/// What a person has beside their password.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondFactors {
    /// Since when they have an authenticator app.
    pub app: Option<Instant>,
    /// Their passkeys, the oldest first.
    pub passkeys: Vec<Passkey>,
    /// Recovery codes that are left.
    pub recovery_codes: u32,
}

impl SecondFactors {
    /// Whether there is any. Recovery codes alone are none: they stand in for one that was lost.
    pub fn any(&self) -> bool {
        self.app.is_some() || !self.passkeys.is_empty()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        usize::from(self.app.is_some()) + self.passkeys.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_must_have_a_second_factor() {
        let asked = |of: RequiredSecondFactor| [Role::Owner, Role::Manager, Role::Viewer].map(|role| of.asks(role));
        assert_eq!(asked(RequiredSecondFactor::None), [false; 3]);
        assert_eq!(asked(RequiredSecondFactor::Owners), [true, false, false]);
        assert_eq!(asked(RequiredSecondFactor::Everyone), [true; 3]);
        for one in RequiredSecondFactor::ALL {
            assert_eq!(one.to_string().parse(), Ok(one));
        }
        for bad in ["", "Owners", "all"] {
            assert_eq!(bad.parse::<RequiredSecondFactor>(), Err(UnknownRequirement), "{bad}");
        }
    }
}
