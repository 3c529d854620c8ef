use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::ScopeSet;

/// The largest limit, 2^53-1: the largest integer that every reader of JSON keeps exact.
pub const LIMIT_MAX: u64 = (1 << 53) - 1;

/// Longest name of a limit, in bytes.
const NAME_MAX: usize = 32;

/// The name of a limit: `[a-z][a-z0-9_-]{0,31}`. A refused caller is told the name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(pattern = "^[a-z][a-z0-9_-]{0,31}$", examples("default")))]
#[serde(try_from = "String", into = "String")]
pub struct LimitName(String);

/// Why something is no limit of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLimit {
    /// The name has another form.
    #[error("must have a name of 1 to 32 characters: a lower-case letter, then lower-case letters, digits, _ and -")]
    Name,
    /// The limit of a rate limit is 0 or above [`LIMIT_MAX`].
    #[error("must have a limit between 1 and 9007199254740991")]
    Limit,
    /// The limit of a quota is above [`LIMIT_MAX`].
    #[error("must have a limit between 0 and 9007199254740991")]
    QuotaLimit,
    /// The window is empty or longer than a day.
    #[error("must have window_seconds between 1 and 86400")]
    Window,
    /// The burst is 0 or above the limit.
    #[error("must have a burst between 1 and its limit")]
    Burst,
    /// The time zone does not have the form of one.
    #[error("must have a time_zone such as Europe/Berlin")]
    TimeZone,
    /// More rate limits than a key can have.
    #[error("must be at most 5")]
    TooManyRateLimits,
    /// More quotas than a key can have.
    #[error("must be at most 3")]
    TooManyQuotas,
    /// Two limits of a key have the same name.
    #[error("must each have a name of its own")]
    SameName,
}

impl LimitName {
    /// Checks the text.
    pub fn parse(text: &str) -> Result<Self, InvalidLimit> {
        let shaped = text.len() <= NAME_MAX
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-');
        if shaped { Ok(Self(text.to_owned())) } else { Err(InvalidLimit::Name) }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LimitName {
    type Err = InvalidLimit;

    fn from_str(text: &str) -> Result<Self, InvalidLimit> {
        Self::parse(text)
    }
}

impl TryFrom<String> for LimitName {
    type Error = InvalidLimit;

    fn try_from(text: String) -> Result<Self, InvalidLimit> {
        Self::parse(&text)
    }
}

impl From<LimitName> for String {
    fn from(name: LimitName) -> Self {
        name.0
    }
}

impl fmt::Display for LimitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Refuses a list in which two limits have the same name.
pub(crate) fn named_apart<'a>(names: impl IntoIterator<Item = &'a LimitName>) -> Result<(), InvalidLimit> {
    let mut names: Vec<_> = names.into_iter().collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair[0] == pair[1]) { Err(InvalidLimit::SameName) } else { Ok(()) }
}

/// Whether a limit that counts calls with `scopes` counts all calls that one with `other` counts. None: every call.
pub(crate) fn counts_all_of(scopes: &ScopeSet, other: &ScopeSet) -> bool {
    scopes.is_empty() || (!other.is_empty() && scopes.allows_all(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_begins_with_a_letter_and_is_short() {
        let (long, too_long) = ("a".repeat(32), "a".repeat(33));
        for good in ["a", "default", "calls-make", "per_day", "a0", &long] {
            assert_eq!(LimitName::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "A", "0a", "-a", "_a", "a b", "a.b", "ä", "a\n", &too_long] {
            assert_eq!(LimitName::parse(bad), Err(InvalidLimit::Name), "{bad:?}");
        }
    }
}
