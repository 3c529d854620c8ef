use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de};

/// For how long the old secret works beside a new one: at most 30 days, in seconds. The one place that knows the bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(into = "u32")]
pub struct Overlap(u32);

/// Longer than 30 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 0 to {}", Overlap::MAX_SECONDS)]
pub struct InvalidOverlap;

/// Why a text is no span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSpan {
    /// No number, or no unit.
    #[error("write a whole number with s, m, h or d after it, for example 24h")]
    Form,
    /// Longer than 30 days.
    #[error("at most {}d", Overlap::MAX_SECONDS / (24 * 60 * 60))]
    TooLong,
}

impl Overlap {
    /// Longest, in seconds: 30 days.
    pub const MAX_SECONDS: u32 = 30 * 24 * 60 * 60;
    /// None: the old secret ends now.
    pub const NONE: Self = Self(0);

    /// In seconds.
    pub const fn seconds(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Overlap {
    type Error = InvalidOverlap;

    fn try_from(seconds: u32) -> Result<Self, InvalidOverlap> {
        if seconds <= Self::MAX_SECONDS { Ok(Self(seconds)) } else { Err(InvalidOverlap) }
    }
}

impl From<Overlap> for u32 {
    fn from(overlap: Overlap) -> Self {
        overlap.0
    }
}

impl<'de> Deserialize<'de> for Overlap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = u32::deserialize(deserializer).map_err(|_| de::Error::custom(InvalidOverlap))?;
        Self::try_from(seconds).map_err(de::Error::custom)
    }
}

impl fmt::Display for Overlap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}s", self.0)
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Overlap {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, Type};
        ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).maximum(Some(Self::MAX_SECONDS)).into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Overlap {}

/// As people write it: 90s, 15m, 24h or 7d; 0 needs no unit.
impl FromStr for Overlap {
    type Err = InvalidSpan;

    fn from_str(text: &str) -> Result<Self, InvalidSpan> {
        if text == "0" {
            return Ok(Self::NONE);
        }
        Self::try_from(span(text)?).map_err(|InvalidOverlap| InvalidSpan::TooLong)
    }
}

/// The seconds of a span as people write it: a whole number with s, m, h or d after it.
pub(crate) fn span(text: &str) -> Result<u32, InvalidSpan> {
    let (number, unit) = text.split_at(text.len() - text.chars().next_back().map_or(0, char::len_utf8));
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return Err(InvalidSpan::Form),
    };
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(InvalidSpan::Form);
    }
    let number: u32 = number.parse().map_err(|_| InvalidSpan::Form)?;
    number.checked_mul(unit).ok_or(InvalidSpan::TooLong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_or_refused() {
        for (text, expected) in [
            ("0", Some(0)),
            ("0s", Some(0)),
            ("90s", Some(90)),
            ("15m", Some(900)),
            ("24h", Some(86_400)),
            ("30d", Some(2_592_000)),
            ("31d", None),
            ("99999999999d", None),
            ("4294967295d", None),
            ("24", None),
            ("h", None),
            ("-1h", None),
            ("+1h", None),
            ("1.5h", None),
            ("24ü", None),
            ("", None),
        ] {
            assert_eq!(text.parse().map(Overlap::seconds).ok(), expected, "{text:?}");
        }
    }

    #[test]
    fn seconds_are_read_up_to_the_bound() {
        for (json, expected) in
            [("0", true), ("2592000", true), ("2592001", false), ("-1", false), ("1.5", false), ("\"1\"", false)]
        {
            assert_eq!(serde_json::from_str::<Overlap>(json).is_ok(), expected, "{json}");
        }
        let refused = serde_json::from_str::<Overlap>("2592001").unwrap_err().to_string();
        assert!(refused.contains("a whole number from 0 to 2592000"), "{refused}");
    }
}
