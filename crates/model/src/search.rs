use crate::{ClientName, fold_name, fold_name_before};

/// Longest search, in characters: longer than any Client Name is of no use.
pub const SEARCH_MAX: usize = 200;

/// What is searched for: words that must all be found, in any order. Without a word everything is found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// Folded.
    words: Vec<String>,
    /// As names were folded before, as one text.
    before: String,
}

/// The text is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("A search has at most {SEARCH_MAX} characters.")]
pub struct SearchTooLong;

impl Search {
    /// Reads a text as it was typed. However long it is, no more of it is looked at than a search may have.
    pub fn parse(text: &str) -> Result<Self, SearchTooLong> {
        if text.char_indices().nth(SEARCH_MAX).is_some() {
            return Err(SearchTooLong);
        }
        let mut words: Vec<String> = fold_name(text).split_whitespace().map(str::to_owned).collect();
        words.sort_unstable();
        words.dedup();
        Ok(Self { words, before: fold_name_before(text.trim()) })
    }

    /// The words, each once.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// The whole text as names were folded before, for rows that were not folded anew; `None`: that finds what the words find.
    pub fn before(&self) -> Option<&str> {
        match self.words.as_slice() {
            [word] if *word == self.before => None,
            _ => Some(&self.before),
        }
    }

    /// Whether everything is found.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether it can't be part of any name: none holds a control character, and PostgreSQL takes no NUL.
    pub fn finds_nothing(&self) -> bool {
        self.words.iter().any(|word| word.contains(char::is_control))
    }

    /// Whether it finds this name.
    pub fn finds(&self, name: &ClientName) -> bool {
        let folded = fold_name(name.as_str());
        self.words.iter().all(|word| folded.contains(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(text: &str) -> Search {
        Search::parse(text).unwrap()
    }

    #[test]
    fn a_search_is_words_and_has_a_bound() {
        assert_eq!(search(" CRM\u{a0} AcMe crm").words(), ["acme", "crm"]);
        assert_eq!((search("AcMe").before(), search("Straße").before()), (None, Some("straße")));
        assert_eq!(search("a  b").before(), Some("a  b"));
        assert!(search(" \u{3000}").is_empty() && search("\u{FE0F}").is_empty());
        assert!(Search::parse(&"Ü".repeat(SEARCH_MAX)).is_ok());
        for long in ["Ü".repeat(SEARCH_MAX + 1), "a".repeat(900_000), " ".repeat(SEARCH_MAX + 1)] {
            assert_eq!(Search::parse(&long), Err(SearchTooLong));
        }
        assert!(search("a\0b").finds_nothing() && !search("a\tb").finds_nothing());
    }

    #[test]
    fn all_words_are_found_in_any_order() {
        let name = ClientName::parse("İstanbul Çağrı Merkezi").unwrap();
        for found in ["", "merkezi istanbul", "ÇAĞRI", "cagri merk", "ISTAN", "zi ul"] {
            assert!(search(found).finds(&name), "{found}");
        }
        assert!(!search("istanbul ankara").finds(&name));
    }
}
