use std::collections::BTreeSet;

use super::notation;

/// The most entries of a list.
pub const WITHHELD_MAX: usize = 100;
const ENTRY_MAX: usize = 64;

/// What networks send in place of a number that they don't tell: words, and numbers that nobody has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withheld {
    words: BTreeSet<String>,
    /// With their country and without the `+`.
    numbers: BTreeSet<String>,
}

/// A list of what means "withheld" is too long, or has an entry that says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must have at most {WITHHELD_MAX} entries: words, or numbers such as +266696687")]
pub struct InvalidWithheld;

/// The numbers spell ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN and UNAVAILABLE on a keypad. No plan has them.
const DEFAULT: [&str; 16] = [
    "anonymous",
    "blocked",
    "id unavailable",
    "no caller id",
    "not available",
    "private",
    "private number",
    "restricted",
    "unavailable",
    "unknown",
    "withheld",
    "+266696687",
    "+7378742833",
    "+2562533",
    "+8656696",
    "+86282452253",
];

impl Withheld {
    /// A list of its own. Case, spaces and punctuation of entries make no difference.
    ///
    /// # Errors
    ///
    /// The list has more than [`WITHHELD_MAX`] entries, or one that is longer than 64 bytes or has no letter or digit.
    pub fn new<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self, InvalidWithheld> {
        let mut list = Self { words: BTreeSet::new(), numbers: BTreeSet::new() };
        for (at, entry) in entries.into_iter().enumerate() {
            if at >= WITHHELD_MAX || entry.len() > ENTRY_MAX {
                return Err(InvalidWithheld);
            }
            match notation::digits(entry) {
                Some((_, digits)) if !digits.is_empty() => list.numbers.insert(digits),
                Some(_) => return Err(InvalidWithheld),
                None => list.words.insert(notation::word(entry).into_owned()),
            };
        }
        Ok(list)
    }

    /// Whether a text is nothing, or one of the words.
    pub(super) fn has_word(&self, text: &str) -> bool {
        text.trim().is_empty() || self.words.contains(&*notation::word(text))
    }

    /// Whether a text is one of the numbers, with its country.
    pub(super) fn has_number(&self, text: &str) -> bool {
        notation::digits(text).is_some_and(|(plus, digits)| plus && self.numbers.contains(&digits))
    }
}

impl Default for Withheld {
    fn default() -> Self {
        let (numbers, words): (Vec<&str>, Vec<&str>) =
            DEFAULT.iter().copied().partition(|entry| entry.starts_with('+'));
        Self {
            words: words.into_iter().map(|word| notation::word(word).into_owned()).collect(),
            numbers: numbers.into_iter().map(|number| number.trim_start_matches('+').to_owned()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_a_list_that_could_be_given() {
        assert_eq!(Withheld::new(DEFAULT), Ok(Withheld::default()));
    }

    #[test]
    fn a_list_is_bounded_and_each_entry_says_something() {
        let many: Vec<String> = (0..=WITHHELD_MAX).map(|at| format!("word{at}")).collect();
        assert_eq!(Withheld::new(many.iter().map(String::as_str)), Err(InvalidWithheld));
        for bad in ["", " - ", "+", &"x".repeat(ENTRY_MAX + 1)] {
            assert_eq!(Withheld::new([bad]), Err(InvalidWithheld), "{bad}");
        }
    }
}
