//! What a file of `keydesk apply` holds, and how it and its entries are named.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de};

/// Most characters of the name of a file, and of an entry in it.
pub const CLAIM_NAME_MAX: usize = 64;

/// What a file can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimKind {
    /// A setting of the installation.
    Setting,
    /// The ceiling of the installation, or of a client.
    Limits,
    /// An API key.
    Key,
    /// A receiver of events.
    Webhook,
    /// The routes.
    Routes,
}

impl ClaimKind {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Setting => "setting",
            Self::Limits => "limits",
            Self::Key => "key",
            Self::Webhook => "webhook",
            Self::Routes => "routes",
        }
    }
}

impl fmt::Display for ClaimKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is setting, limits, key, webhook or routes")]
pub struct UnknownClaimKind;

impl FromStr for ClaimKind {
    type Err = UnknownClaimKind;

    fn from_str(text: &str) -> Result<Self, UnknownClaimKind> {
        [Self::Setting, Self::Limits, Self::Key, Self::Webhook, Self::Routes]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(UnknownClaimKind)
    }
}

/// The name of a file, or of an entry in it: it tells them from others, and so stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ClaimName(Box<str>);

/// The text is no such name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is 1 to 64 lower-case letters, digits, hyphens and underscores, beginning with a letter")]
pub struct InvalidClaimName;

impl ClaimName {
    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClaimName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ClaimName {
    type Err = InvalidClaimName;

    fn from_str(text: &str) -> Result<Self, InvalidClaimName> {
        let fits = text.len() <= CLAIM_NAME_MAX
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_'));
        if fits { Ok(Self(text.into())) } else { Err(InvalidClaimName) }
    }
}

impl<'de> Deserialize<'de> for ClaimName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|error| de::Error::custom(format!("a name {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_plain() {
        let long = "a".repeat(CLAIM_NAME_MAX + 1);
        for bad in ["", "Acme", "1a", "-a", "a b", "a.b", "ä", long.as_str()] {
            assert_eq!(bad.parse::<ClaimName>(), Err(InvalidClaimName), "{bad}");
        }
        for good in ["a", "acme-crm", "acme_2", &long[1..]] {
            assert_eq!(good.parse::<ClaimName>().unwrap().as_str(), good);
        }
        let said = serde_json::from_str::<ClaimName>(r#""Acme""#).unwrap_err().to_string();
        assert!(said.starts_with("a name is 1 to 64"), "{said}");
    }

    #[test]
    fn a_kind_reads_back() {
        for kind in [ClaimKind::Setting, ClaimKind::Limits, ClaimKind::Key, ClaimKind::Webhook, ClaimKind::Routes] {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        assert_eq!("keys".parse::<ClaimKind>(), Err(UnknownClaimKind));
    }
}
