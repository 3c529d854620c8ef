//! What an administrator writes down about a key: pairs, an address, notes.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::is_invisible;

/// Most pairs of metadata.
pub const METADATA_PAIRS_MAX: usize = 16;
/// Most bytes of metadata: of all names and values together.
pub const METADATA_BYTES_MAX: usize = 1024;
/// Longest notes, in characters.
pub const NOTES_MAX: usize = 1000;
/// Longest email address, in bytes.
pub const EMAIL_MAX: usize = 254;

/// Pairs of the administrator's own, for example `crm_account: 4711`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(try_from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub struct Metadata(BTreeMap<String, String>);

/// Why pairs can't be metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMetadata {
    /// More than [`METADATA_PAIRS_MAX`].
    #[error("must have at most 16 pairs")]
    TooMany,
    /// More than [`METADATA_BYTES_MAX`].
    #[error("must have at most 1024 bytes, names and values together")]
    TooLong,
    /// A name is empty.
    #[error("must have a name for each value")]
    Nameless,
    /// A control character.
    #[error("must have no control characters")]
    Control,
}

impl Metadata {
    /// Checks the pairs.
    pub fn new(pairs: BTreeMap<String, String>) -> Result<Self, InvalidMetadata> {
        if pairs.len() > METADATA_PAIRS_MAX {
            return Err(InvalidMetadata::TooMany);
        }
        if pairs.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > METADATA_BYTES_MAX {
            return Err(InvalidMetadata::TooLong);
        }
        if pairs.keys().any(|name| name.trim().is_empty()) {
            return Err(InvalidMetadata::Nameless);
        }
        if pairs.iter().any(|(name, value)| name.contains(char::is_control) || value.contains(char::is_control)) {
            return Err(InvalidMetadata::Control);
        }
        Ok(Self(pairs))
    }

    /// By name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl TryFrom<BTreeMap<String, String>> for Metadata {
    type Error = InvalidMetadata;

    fn try_from(pairs: BTreeMap<String, String>) -> Result<Self, InvalidMetadata> {
        Self::new(pairs)
    }
}

impl From<Metadata> for BTreeMap<String, String> {
    fn from(metadata: Metadata) -> Self {
        metadata.0
    }
}

/// An email address, by its form only: whether mail arrives is another question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

/// The text does not have the form of an email address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an email address such as ada@example.com")]
pub struct InvalidEmail;

impl Email {
    /// Trims and checks the text.
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        let email = text.trim();
        let shaped = email.len() <= EMAIL_MAX
            && !email.contains(|c: char| c.is_whitespace() || is_invisible(c))
            && email.split_once('@').is_some_and(|(name, host)| {
                !name.is_empty()
                    && !host.contains('@')
                    && host.len() >= 3
                    && host.contains('.')
                    && !host.starts_with('.')
                    && !host.ends_with('.')
            });
        if shaped { Ok(Self(email.to_owned())) } else { Err(InvalidEmail) }
    }

    /// As typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What an administrator wants to remember about a key: 1 to [`NOTES_MAX`] characters, in lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(try_from = "String", into = "String")]
pub struct Notes(String);

/// Why a text can't be notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNotes {
    /// Nothing is left after trimming. No notes are written as null.
    #[error("must have a character that can be seen, or be null")]
    Empty,
    /// More than [`NOTES_MAX`] characters.
    #[error("must have at most 1000 characters")]
    TooLong,
    /// A control character that ends no line and is no tab, or a bidirectional override.
    #[error("must have no control or bidirectional-override characters but line ends and tabs")]
    Control,
}

impl Notes {
    /// Trims and checks the text; every line ends in `\n`.
    pub fn parse(text: &str) -> Result<Self, InvalidNotes> {
        let text = text.replace("\r\n", "\n");
        let text = text.trim();
        let forbidden = |c: char| {
            (c.is_control() && c != '\n' && c != '\t') || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
        };
        if text.contains(forbidden) {
            return Err(InvalidNotes::Control);
        }
        match text.chars().count() {
            0 => Err(InvalidNotes::Empty),
            1..=NOTES_MAX => Ok(Self(text.to_owned())),
            _ => Err(InvalidNotes::TooLong),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! text {
    ($($type:ident: $error:ident;)*) => {$(
        impl FromStr for $type {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, $error> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $type {
            type Error = $error;

            fn try_from(text: String) -> Result<Self, $error> {
                Self::parse(&text)
            }
        }

        impl From<$type> for String {
            fn from(text: $type) -> Self {
                text.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

text! {
    Email: InvalidEmail;
    Notes: InvalidNotes;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Result<Metadata, InvalidMetadata> {
        Metadata::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn metadata_is_bounded_and_printable() {
        assert_eq!(pairs(&[]), Ok(Metadata::default()));
        assert!(pairs(&[("b", ""), ("a", "ü \u{200b}")]).unwrap().iter().eq([("a", "ü \u{200b}"), ("b", "")]));
        let numbered = |count: usize| Metadata::new((0..count).map(|n| (n.to_string(), String::new())).collect());
        assert!(numbered(16).is_ok());
        assert_eq!(numbered(17), Err(InvalidMetadata::TooMany));
        assert!(pairs(&[("a", &"x".repeat(1023))]).is_ok());
        assert_eq!(pairs(&[("a", &"x".repeat(1024))]), Err(InvalidMetadata::TooLong));
        assert_eq!(pairs(&[(" ", "x")]), Err(InvalidMetadata::Nameless));
        for bad in [("a\n", ""), ("a", "x\0"), ("a", "\u{85}")] {
            assert_eq!(pairs(&[bad]), Err(InvalidMetadata::Control), "{bad:?}");
        }
    }

    #[test]
    fn which_texts_are_email_addresses() {
        assert_eq!(Email::parse(" Ada@Example.com ").unwrap().as_str(), "Ada@Example.com");
        let long = format!("{}@example.com", "a".repeat(243));
        for bad in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "ada@com",
            "ada@.com",
            "ada@example.",
            "a@b@c.de",
            "a b@c.de",
            "a\0@c.de",
            &long,
        ] {
            assert_eq!(Email::parse(bad), Err(InvalidEmail), "{bad:?}");
        }
    }

    #[test]
    fn notes_keep_their_lines() {
        assert_eq!(Notes::parse(" one\r\n\ttwo \n").unwrap().as_str(), "one\n\ttwo");
        assert_eq!(Notes::parse(" \n "), Err(InvalidNotes::Empty));
        assert!(Notes::parse(&"ü".repeat(1000)).is_ok());
        assert_eq!(Notes::parse(&"ü".repeat(1001)), Err(InvalidNotes::TooLong));
        for bad in ["a\0b", "a\rb", "a\u{202e}b"] {
            assert_eq!(Notes::parse(bad), Err(InvalidNotes::Control), "{bad:?}");
        }
    }
}
