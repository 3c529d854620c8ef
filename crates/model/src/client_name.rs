use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// The longest Client Name, in Unicode scalar values after normalization.
pub const CLIENT_NAME_MAX: usize = 100;

/// Whom a key was generated for: normalized to NFC, trimmed, 1 to 100 characters, nothing invisible in it.
///
/// Not unique: a client may hold several keys.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(try_from = "String", into = "String")]
pub struct ClientName(String);

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
    /// A control, bidirectional-override or zero-width character, with which one name could pass for another.
    #[error("a Client Name can't contain control, bidirectional-override or zero-width characters")]
    Invisible,
}

impl ClientName {
    /// Normalizes and checks `text`.
    pub fn parse(text: &str) -> Result<Self, ClientNameError> {
        // Refused before trimming, so that a trailing NUL or newline is an error and not silently dropped.
        if text.chars().any(is_invisible) {
            return Err(ClientNameError::Invisible);
        }
        // No character is longer than four bytes, and only a handful compose into one: a longer text can't become short
        // enough, and is refused before it costs anything.
        if text.len() > CLIENT_NAME_MAX * 4 * 18 {
            return Err(ClientNameError::TooLong);
        }
        let name: String = text.trim().nfc().collect();
        match name.chars().count() {
            0 => Err(ClientNameError::Empty),
            1..=CLIENT_NAME_MAX => Ok(Self(name)),
            _ => Err(ClientNameError::TooLong),
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The form in which names are compared and searched: lower case, NFC, whatever the database's collation says.
pub fn fold(text: &str) -> String {
    text.nfc().flat_map(char::to_lowercase).nfc().collect()
}

/// Whether the character is invisible, or changes how its neighbours are shown.
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' // soft hyphen
            | '\u{034F}' // combining grapheme joiner
            | '\u{061C}' // Arabic letter mark
            | '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}' // Hangul fillers
            | '\u{17B4}' | '\u{17B5}' // Khmer inherent vowels
            | '\u{180B}'..='\u{180F}' // Mongolian selectors and vowel separator
            | '\u{200B}'..='\u{200F}' // zero width space, joiners, direction marks
            | '\u{2028}'..='\u{202E}' // line and paragraph separators, bidirectional embeddings and overrides
            | '\u{2060}'..='\u{206F}' // word joiner, invisible operators, bidirectional isolates
            | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' // byte order mark, interlinear annotation
            | '\u{1D173}'..='\u{1D17A}' // musical format controls
            | '\u{E0000}'..='\u{E0FFF}' // tags and supplementary selectors
        )
}

impl fmt::Display for ClientName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ClientName {
    type Error = ClientNameError;

    fn try_from(text: String) -> Result<Self, ClientNameError> {
        Self::parse(&text)
    }
}

impl From<ClientName> for String {
    fn from(name: ClientName) -> Self {
        name.0
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
        ok("שלום", "שלום");
        ok("🦀", "🦀");
        ok(&"e\u{301}".repeat(100), &"é".repeat(100));
        ok(&"漢".repeat(100), &"漢".repeat(100));
        bad("", ClientNameError::Empty);
        bad(" \u{3000} ", ClientNameError::Empty);
        bad(&"a".repeat(101), ClientNameError::TooLong);
        bad(&"a".repeat(10_000), ClientNameError::TooLong);
        for invisible in
            ['\0', '\n', '\t', '\u{85}', '\u{200B}', '\u{200D}', '\u{202E}', '\u{2066}', '\u{FEFF}', '\u{E0041}']
        {
            bad(&format!("Ac{invisible}me"), ClientNameError::Invisible);
            bad(&format!("Acme{invisible}"), ClientNameError::Invisible);
        }
    }

    proptest! {
        #[test]
        fn a_name_parses_to_itself(text in "\\PC{1,60}") {
            if let Ok(name) = ClientName::parse(&text) {
                prop_assert_eq!(ClientName::parse(name.as_str()), Ok(name));
            }
        }

        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,40}") {
            prop_assert_eq!(fold(&fold(&text)), fold(&text));
        }
    }
}
