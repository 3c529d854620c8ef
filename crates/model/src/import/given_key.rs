use crate::{Hint, PlainSecret};

/// Fewest characters of a key that another system issued: with fewer it could be guessed.
pub const IMPORTED_KEY_MIN: usize = 24;
/// Most characters of it.
pub const IMPORTED_KEY_MAX: usize = 256;
/// Most characters of a prefix by which a key is found.
pub const KEY_PREFIX_MAX: usize = 64;
/// Characters of a prefix that a hint has.
const SHOWN: usize = 12;

/// Whether a text may be a key that another system issued, by its form: 24 to 256 visible characters of ASCII. Asked with calls, and
/// so by nothing but that.
pub fn may_be_imported(text: &str) -> bool {
    (IMPORTED_KEY_MIN..=IMPORTED_KEY_MAX).contains(&text.len()) && is_visible(text)
}

fn is_visible(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, 0x21..=0x7E))
}

impl PlainSecret {
    /// What is shown of a key that another system issued: its first four characters and its last four. Nobody knows which of the others
    /// are random.
    pub fn imported_hint(&self) -> Hint {
        let text = self.expose();
        let ends = |text: &str| Some(format!("{}…{}", text.get(..4)?, text.get(text.len().checked_sub(4)?..)?));
        let shown = if text.len() >= IMPORTED_KEY_MIN { ends(text) } else { None };
        Hint(shown.unwrap_or_else(|| "…".to_owned()))
    }
}

/// How a key begins of which only a hash is known.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyPrefix(Box<str>);

/// The text is not 1 to 64 visible characters of ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a prefix is 1 to {KEY_PREFIX_MAX} visible characters")]
pub struct InvalidKeyPrefix;

impl KeyPrefix {
    /// Reads one.
    pub fn parse(text: &str) -> Result<Self, InvalidKeyPrefix> {
        let shaped = (1..=KEY_PREFIX_MAX).contains(&text.len()) && is_visible(text);
        if shaped { Ok(Self(text.into())) } else { Err(InvalidKeyPrefix) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is shown of a key of which no more is known.
    pub fn hint(&self) -> Hint {
        // All of it is ASCII.
        Hint(format!("{}…", self.0.get(..SHOWN).unwrap_or(&self.0)))
    }
}
