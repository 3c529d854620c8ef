use std::str::FromStr;

use serde::{Deserialize, Deserializer, de};

use crate::{InvalidSpan, overlap::span};

/// How long a token works: 1 second to an hour. The one place that knows the bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TokenLife(u32);

/// Not 1 second to an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 to {}", TokenLife::MAX_SECONDS)]
pub struct InvalidTokenLife;

/// Why a text is no life of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTokenLifeText {
    /// No number, or no unit.
    #[error("write a whole number with s, m or h after it, for example 15m")]
    Form,
    /// Less than a second, or more than an hour.
    #[error("1s to 1h")]
    Length,
}

impl TokenLife {
    /// Longest, in seconds: an hour.
    pub const MAX_SECONDS: u32 = 60 * 60;

    /// In seconds.
    pub const fn seconds(self) -> u32 {
        self.0
    }
}

/// A quarter of an hour.
impl Default for TokenLife {
    fn default() -> Self {
        Self(15 * 60)
    }
}

impl TryFrom<u32> for TokenLife {
    type Error = InvalidTokenLife;

    fn try_from(seconds: u32) -> Result<Self, InvalidTokenLife> {
        if (1..=Self::MAX_SECONDS).contains(&seconds) { Ok(Self(seconds)) } else { Err(InvalidTokenLife) }
    }
}

impl<'de> Deserialize<'de> for TokenLife {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = u32::deserialize(deserializer).map_err(|_| de::Error::custom(InvalidTokenLife))?;
        Self::try_from(seconds).map_err(de::Error::custom)
    }
}

/// As people write it: 90s, 15m or 1h.
impl FromStr for TokenLife {
    type Err = InvalidTokenLifeText;

    fn from_str(text: &str) -> Result<Self, InvalidTokenLifeText> {
        let seconds = span(text).map_err(|error| match error {
            InvalidSpan::Form => InvalidTokenLifeText::Form,
            InvalidSpan::TooLong => InvalidTokenLifeText::Length,
        })?;
        Self::try_from(seconds).map_err(|InvalidTokenLife| InvalidTokenLifeText::Length)
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for TokenLife {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, Type};
        ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(Self::MAX_SECONDS)).into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for TokenLife {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_has_its_bounds_as_a_number_and_as_a_text() {
        for (json, expected) in [
            ("1", true),
            ("3600", true),
            ("0", false),
            ("3601", false),
            ("-1", false),
            ("1.5", false),
            ("\"9\"", false),
        ] {
            assert_eq!(serde_json::from_str::<TokenLife>(json).is_ok(), expected, "{json}");
        }
        for (text, expected) in [
            ("90s", Ok(90)),
            ("15m", Ok(900)),
            ("1h", Ok(3600)),
            ("0s", Err(InvalidTokenLifeText::Length)),
            ("2h", Err(InvalidTokenLifeText::Length)),
            ("1d", Err(InvalidTokenLifeText::Length)),
            ("15", Err(InvalidTokenLifeText::Form)),
            ("", Err(InvalidTokenLifeText::Form)),
        ] {
            assert_eq!(text.parse().map(TokenLife::seconds), expected, "{text}");
        }
        assert_eq!(TokenLife::default().seconds(), 900);
    }
}
