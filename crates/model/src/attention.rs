use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Why a key wants somebody's attention. All of these are of keys that work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Attention {
    /// It will expire within 14 days.
    EndingSoon,
    /// It was used, and not for 90 days.
    Unused,
    /// It was never used.
    NeverUsed,
    /// It was never used, and no hand-over link of it was ever opened.
    NeverHandedOver,
}

impl Attention {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::EndingSoon, Self::Unused, Self::NeverUsed, Self::NeverHandedOver];

    /// An end within this many milliseconds is soon.
    pub const SOON_MS: i64 = 14 * DAY_MS;
    /// A key that was used last this many milliseconds ago is unused.
    pub const UNUSED_MS: i64 = 90 * DAY_MS;

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EndingSoon => "ending_soon",
            Self::Unused => "unused",
            Self::NeverUsed => "never_used",
            Self::NeverHandedOver => "never_handed_over",
        }
    }
}

/// The text names nothing that wants attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be ending_soon, unused, never_used or never_handed_over")]
pub struct UnknownAttention;

impl FromStr for Attention {
    type Err = UnknownAttention;

    fn from_str(text: &str) -> Result<Self, UnknownAttention> {
        Self::ALL.into_iter().find(|attention| attention.as_str() == text).ok_or(UnknownAttention)
    }
}

impl fmt::Display for Attention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_on_the_wire_is_read_back() {
        for attention in Attention::ALL {
            assert_eq!(attention.as_str().parse(), Ok(attention));
            assert_eq!(serde_json::to_value(attention).unwrap(), attention.as_str());
        }
        assert_eq!("expired".parse::<Attention>(), Err(UnknownAttention));
    }
}
