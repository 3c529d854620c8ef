use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Which data a key reaches. A `test` key never reaches live data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// The contact centre's own data.
    #[default]
    Live,
    /// Made-up data, for building an integration.
    Test,
}

/// The text names no environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an environment is `live` or `test`")]
pub struct UnknownEnvironment;

impl Environment {
    /// Its name in a secret and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Environment {
    type Err = UnknownEnvironment;

    fn from_str(text: &str) -> Result<Self, UnknownEnvironment> {
        match text {
            "live" => Ok(Self::Live),
            "test" => Ok(Self::Test),
            _ => Err(UnknownEnvironment),
        }
    }
}

/// Of which environment keys are accepted in front of an API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AcceptedEnvironment {
    /// Live keys alone: a test key never reaches live data.
    Live,
    /// Test keys alone.
    Test,
    /// Both; what stands behind tells them apart.
    Any,
}

impl AcceptedEnvironment {
    /// Whether a key of this environment is accepted.
    pub const fn accepts(self, environment: Environment) -> bool {
        match self {
            Self::Live => matches!(environment, Environment::Live),
            Self::Test => matches!(environment, Environment::Test),
            Self::Any => true,
        }
    }
}

impl From<Environment> for AcceptedEnvironment {
    fn from(environment: Environment) -> Self {
        match environment {
            Environment::Live => Self::Live,
            Environment::Test => Self::Test,
        }
    }
}
