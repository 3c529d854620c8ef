use crate::fold;

/// Longest search, in characters: longer than any Client Name is of no use.
pub const SEARCH_MAX: usize = 200;

/// What is searched for, in the form in which names are compared. Empty: everything is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search(String);

/// The text is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("A search has at most {SEARCH_MAX} characters.")]
pub struct SearchTooLong;

impl Search {
    /// Reads a text as it was typed. However long it is, no more of it is looked at than a search may have.
    pub fn parse(text: &str) -> Result<Self, SearchTooLong> {
        match text.char_indices().nth(SEARCH_MAX) {
            Some(_) => Err(SearchTooLong),
            None => Ok(Self(fold(text.trim()))),
        }
    }

    /// Folded.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it can't be part of any name: none holds a control character, and PostgreSQL takes no NUL.
    pub fn finds_nothing(&self) -> bool {
        self.0.contains(char::is_control)
    }
}

impl From<Search> for String {
    fn from(search: Search) -> Self {
        search.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_folded_and_has_a_bound() {
        assert_eq!(Search::parse(" AcMe ").unwrap().as_str(), "acme");
        assert_eq!(Search::parse(&"Ü".repeat(SEARCH_MAX)).unwrap().as_str(), "ü".repeat(SEARCH_MAX));
        for long in ["Ü".repeat(SEARCH_MAX + 1), "a".repeat(900_000), " ".repeat(SEARCH_MAX + 1)] {
            assert_eq!(Search::parse(&long), Err(SearchTooLong));
        }
        assert!(Search::parse("a\0b").unwrap().finds_nothing() && !Search::parse("a b").unwrap().finds_nothing());
    }
}
