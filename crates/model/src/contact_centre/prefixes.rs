use std::fmt;

use serde::{Deserialize, Serialize};

use super::CallsPerHour;

/// Most prefixes of a key.
pub const CALL_PREFIXES_MAX: usize = 20;
/// Most digits of a prefix: those of a number (E.164).
const DIGITS_MAX: usize = 15;

/// The beginning of telephone numbers in international form: `+` and up to 15 digits, the first of which is not 0. `+` alone is
/// that of every number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(pattern = r"^\+([1-9][0-9]{0,14})?$", examples("+61")))]
#[serde(try_from = "String", into = "String")]
pub struct DialPrefix(String);

/// How many calls in an hour may go to numbers with one beginning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CallPrefix {
    /// How the numbers begin.
    pub prefix: DialPrefix,
    /// Calls in an hour; 0: none is made; null: as many as come.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub calls_per_hour: Option<CallsPerHour>,
}

/// Prefixes in their order, each once, at most [`CALL_PREFIXES_MAX`]. None: calls go anywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(max_items = 20))]
#[serde(try_from = "Vec<CallPrefix>")]
pub struct CallPrefixes(Vec<CallPrefix>);

/// Why something is no list of prefixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPrefixes {
    /// The text is no beginning of a number.
    #[error("must be + and up to 15 digits, of which the first is not 0, such as +61")]
    Prefix,
    /// There are more than a key can have.
    #[error("must be at most {CALL_PREFIXES_MAX}")]
    TooMany,
    /// Two are the same.
    #[error("must each be of another prefix")]
    Twice,
}

impl DialPrefix {
    /// Checks the text.
    pub fn parse(text: &str) -> Result<Self, InvalidPrefixes> {
        let digits = text.strip_prefix('+').ok_or(InvalidPrefixes::Prefix)?;
        let shaped =
            digits.len() <= DIGITS_MAX && !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
        if shaped { Ok(Self(text.to_owned())) } else { Err(InvalidPrefixes::Prefix) }
    }

    /// The prefix as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for DialPrefix {
    type Error = InvalidPrefixes;

    fn try_from(text: String) -> Result<Self, InvalidPrefixes> {
        Self::parse(&text)
    }
}

impl From<DialPrefix> for String {
    fn from(prefix: DialPrefix) -> Self {
        prefix.0
    }
}

impl fmt::Display for DialPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl CallPrefixes {
    /// Checks the list.
    pub fn new(mut prefixes: Vec<CallPrefix>) -> Result<Self, InvalidPrefixes> {
        if prefixes.len() > CALL_PREFIXES_MAX {
            return Err(InvalidPrefixes::TooMany);
        }
        prefixes.sort_unstable_by(|one, other| one.prefix.cmp(&other.prefix));
        let mut pairs = prefixes.iter().zip(prefixes.iter().skip(1));
        if pairs.any(|(one, other)| one.prefix == other.prefix) {
            return Err(InvalidPrefixes::Twice);
        }
        Ok(Self(prefixes))
    }

    /// In their order.
    pub fn iter(&self) -> std::slice::Iter<'_, CallPrefix> {
        self.0.iter()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The longest that a number in international form begins with; `None`: it begins with none of them, and is not limited by
    /// where it goes.
    pub fn of_number(&self, e164: &str) -> Option<&CallPrefix> {
        self.iter().filter(|one| e164.starts_with(one.prefix.as_str())).max_by_key(|one| one.prefix.as_str().len())
    }

    /// Whether the others let no calls pass that these don't. A part that gets a limit of its own is no longer counted with the
    /// rest, so that is more, unless it gets none at all.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        let kept = self.iter().all(|own| {
            let theirs =
                other.iter().find(|theirs| theirs.prefix == own.prefix).and_then(|theirs| theirs.calls_per_hour);
            own.calls_per_hour.is_none_or(|most| theirs.is_some_and(|theirs| theirs <= most))
        });
        let counted_apart = |theirs: &CallPrefix| {
            let blocks = theirs.calls_per_hour.is_some_and(|calls| u64::from(calls) == 0);
            let limited = self.of_number(theirs.prefix.as_str()).is_some_and(|own| own.calls_per_hour.is_some());
            let is_own = self.iter().any(|own| own.prefix == theirs.prefix);
            !is_own && limited && !blocks
        };
        kept && !other.iter().any(counted_apart)
    }
}

impl TryFrom<Vec<CallPrefix>> for CallPrefixes {
    type Error = InvalidPrefixes;

    fn try_from(prefixes: Vec<CallPrefix>) -> Result<Self, InvalidPrefixes> {
        Self::new(prefixes)
    }
}
