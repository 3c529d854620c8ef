use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

use crate::{invisible::is_invisible, joining};

/// The longest Client Name, in Unicode scalar values after normalization.
pub const CLIENT_NAME_MAX: usize = 100;

/// Whom a key was generated for: normalized to NFC, runs of white space made one blank, trimmed, 1 to 100 characters, nothing
/// invisible in it.
///
/// Not unique: a client may hold several keys. One that is read from where it was kept stays as it was written, under the rules
/// of that time, until it is edited.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(try_from = "String", into = "String")]
pub struct ClientName(Box<str>);

/// Why a text can't be a Client Name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum ClientNameError {
    /// Nothing is left after trimming.
    #[error("enter a Client Name")]
    Empty,
    /// More than [`CLIENT_NAME_MAX`] characters.
    #[error("a Client Name has at most 100 characters")]
    TooLong,
    /// Nothing in it can be seen, though there are characters.
    #[error("a Client Name needs at least one character that can be seen")]
    NothingVisible,
    /// A control, bidirectional-override or zero-width character, with which one name could pass for another.
    #[error(
        "a Client Name can't contain control, bidirectional-override or zero-width characters; take out U+{code:04X}, character \
         {place}",
        code = u32::from(*character)
    )]
    Invisible {
        /// The first of them.
        character: char,
        /// Its place in the text as it was typed; the first character is 1.
        place: usize,
    },
}

impl ClientName {
    /// Normalizes and checks `text`.
    pub fn parse(text: &str) -> Result<Self, ClientNameError> {
        // No character is longer than four bytes, and only a handful compose into one: a longer text can't become short
        // enough, and is refused before it costs anything.
        if text.len() > CLIENT_NAME_MAX * 4 * 18 {
            return Err(ClientNameError::TooLong);
        }
        // Refused before trimming, so that a trailing NUL or newline is an error and not silently dropped.
        let typed: Vec<char> = text.chars().collect();
        if let Some(at) = (0..typed.len()).find(|at| !joining::is_allowed(&typed, *at)) {
            return Err(ClientNameError::Invisible { character: typed[at], place: at + 1 });
        }
        let name = text.split_whitespace().collect::<Vec<_>>().join(" ").nfc().collect::<String>();
        match name.chars().count() {
            0 => Err(ClientNameError::Empty),
            1..=CLIENT_NAME_MAX if name.chars().all(is_blank) => Err(ClientNameError::NothingVisible),
            1..=CLIENT_NAME_MAX => Ok(Self(name.into())),
            _ => Err(ClientNameError::TooLong),
        }
    }

    /// A name that was accepted once, and kept. It is taken as it is: it may be of a release whose rules were others.
    pub fn kept(text: String) -> Result<Self, ClientNameError> {
        match text.chars().nth(CLIENT_NAME_MAX) {
            Some(_) => Err(ClientNameError::TooLong),
            None if text.is_empty() => Err(ClientNameError::Empty),
            None => Ok(Self(text.into())),
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether nothing is seen of the character: blanks, also that of Braille, and what stands for nothing without another, such as an
/// accent.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{2800}' || is_combining_mark(c) || is_invisible(c)
}

impl fmt::Display for ClientName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ClientName {
    type Error = ClientNameError;

    /// As [`ClientName::kept`]: what strangers send is a text, and parsed.
    fn try_from(text: String) -> Result<Self, ClientNameError> {
        Self::kept(text)
    }
}

impl From<ClientName> for String {
    fn from(name: ClientName) -> Self {
        name.0.into()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn table_of_names() {
        let ok = |text: &str, want: &str| assert_eq!(ClientName::parse(text).map(String::from), Ok(want.to_owned()));
        let bad = |text: &str, why| assert_eq!(ClientName::parse(text), Err(why), "{text:?}");
        ok("Acme CRM", "Acme CRM");
        ok("  Acme\u{3000}", "Acme");
        ok("Cafe\u{301}", "Café");
        ok("<script>alert(1)</script>", "<script>alert(1)</script>");
        ok("=HYPERLINK(\"x\")", "=HYPERLINK(\"x\")");
        ok("100%_\\", "100%_\\");
        ok("Acme\u{a0}\u{2009} CRM", "Acme CRM");
        ok("東京\u{3000}支社", "東京 支社");
        ok("❤\u{FE0F} Ltd", "❤\u{FE0F} Ltd");
        ok("👩\u{1F3FD}\u{200D}💻", "👩\u{1F3FD}\u{200D}💻");
        ok("क्\u{200D}ष", "क्\u{200D}ष");
        ok("می\u{200C}خواهم", "می\u{200C}خواهم");
        ok("שלום", "שלום");
        ok("🦀", "🦀");
        ok(&"e\u{301}".repeat(100), &"é".repeat(100));
        ok(&"漢".repeat(100), &"漢".repeat(100));
        bad("", ClientNameError::Empty);
        bad(" \u{3000} ", ClientNameError::Empty);
        bad(&"a".repeat(101), ClientNameError::TooLong);
        bad(&"a".repeat(10_000), ClientNameError::TooLong);
        bad("\u{2800}", ClientNameError::NothingVisible);
        bad("\u{2800} \u{2800}", ClientNameError::NothingVisible);
        bad("\u{301}", ClientNameError::NothingVisible);
        bad("\u{300}\u{301} \u{20E3}", ClientNameError::NothingVisible);
        for invisible in [
            '\0',
            '\n',
            '\t',
            '\u{85}',
            '\u{200B}',
            '\u{200C}',
            '\u{200D}',
            '\u{202E}',
            '\u{2066}',
            '\u{FE0F}',
            '\u{FEFF}',
            '\u{E0041}',
            '\u{0600}',
            '\u{1BCA0}',
            '\u{13439}',
            '\u{16FE4}',
            '\u{1D159}',
            '\u{FDD0}',
            '\u{FFF5}',
            '\u{FFFC}',
            '\u{FFFF}',
            '\u{10FFFE}',
        ] {
            let at = |place| ClientNameError::Invisible { character: invisible, place };
            bad(&format!("Ac{invisible}me"), at(3));
            bad(&format!("Acme{invisible}"), at(5));
            bad(&format!("  {invisible}"), at(3));
        }
        let said = ClientName::parse("Ac\u{202E}me").unwrap_err().to_string();
        assert!(said.ends_with("take out U+202E, character 3"), "{said}");
    }

    #[test]
    fn a_name_that_was_kept_stays_as_it_was() {
        for old in ["Acme\u{a0}CRM", "Acme  CRM", "\u{FE0F}"] {
            assert_eq!(serde_json::from_value::<ClientName>(old.into()).unwrap().as_str(), old);
        }
        assert_eq!(ClientName::kept(String::new()), Err(ClientNameError::Empty));
    }

    proptest! {
        #[test]
        fn a_name_parses_to_itself(text in "\\PC{1,60}") {
            if let Ok(name) = ClientName::parse(&text) {
                prop_assert!(!crate::fold_name(name.as_str()).is_empty());
                prop_assert_eq!(ClientName::parse(name.as_str()), Ok(name));
            }
        }
    }
}
