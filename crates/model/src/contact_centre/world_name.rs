use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Longest name, in bytes.
const NAME_MAX: usize = 64;

/// The name of a world of the sandbox that is not the shared one: 1 to 64 letters a to z, digits, `-` and `_`, and not `main`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(pattern = "^[a-z0-9_-]{1,64}$", examples("acme-ci")))]
#[serde(try_from = "String", into = "String")]
pub struct WorldName(String);

/// The text is no name of a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {NAME_MAX} letters a to z, digits, - or _, and not main, the world of those that name none")]
pub struct InvalidWorldName;

impl WorldName {
    /// The world of those that name none.
    pub const MAIN: &str = "main";

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for WorldName {
    type Err = InvalidWorldName;

    fn from_str(text: &str) -> Result<Self, InvalidWorldName> {
        let named = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
        let shaped = (1..=NAME_MAX).contains(&text.len()) && text != Self::MAIN && text.bytes().all(named);
        if shaped { Ok(Self(text.to_owned())) } else { Err(InvalidWorldName) }
    }
}

impl TryFrom<String> for WorldName {
    type Error = InvalidWorldName;

    fn try_from(text: String) -> Result<Self, InvalidWorldName> {
        text.parse()
    }
}

impl From<WorldName> for String {
    fn from(name: WorldName) -> Self {
        name.0
    }
}

impl fmt::Display for WorldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
