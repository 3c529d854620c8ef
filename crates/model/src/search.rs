use uuid::Uuid;

use crate::{Hint, HintEnd, KeyId, fold_name, fold_name_before};

/// Longest search, in characters: longer than any Client Name is of no use.
pub const SEARCH_MAX: usize = 200;

/// A text that names a key whatever its words are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExactSearch {
    /// Its id.
    Id(KeyId),
    /// The end of its hint.
    Hint(HintEnd),
}

/// What is searched for: words that must all be found, in any order, each in any of the texts of a key that the searcher may read.
/// Without a word everything is found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// Folded.
    words: Vec<String>,
    /// As names were folded before, as one text.
    before: String,
    exact: Option<ExactSearch>,
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
        let text = text.trim();
        let exact = match Uuid::try_parse(text) {
            Ok(id) => Some(ExactSearch::Id(KeyId(id))),
            Err(_) => HintEnd::parse(text).ok().map(ExactSearch::Hint),
        };
        Ok(Self { words, before: fold_name_before(text), exact })
    }

    /// The words, each once.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// The key that the whole text names, besides those that the words find.
    pub fn exact(&self) -> Option<&ExactSearch> {
        self.exact.as_ref()
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

    /// Whether it can't be part of any text of a key: none holds a control character besides white space, and PostgreSQL takes no
    /// NUL.
    pub fn finds_nothing(&self) -> bool {
        self.words.iter().any(|word| word.contains(char::is_control))
    }

    /// Whether the whole text names this key.
    pub(crate) fn names(&self, id: KeyId, hint: &Hint) -> bool {
        match &self.exact {
            None => false,
            Some(ExactSearch::Id(wanted)) => *wanted == id,
            Some(ExactSearch::Hint(end)) => end.is_of(hint),
        }
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
    fn an_id_or_the_end_of_a_hint_is_an_exact_search() {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        let expected = ExactSearch::Id(id.parse().unwrap());
        assert_eq!(search(&format!(" {} ", id.to_uppercase())).exact(), Some(&expected));
        for hint in ["c2Xa", "…c2Xa", "ccc_live_7Qfx…c2Xa"] {
            let found = search(hint);
            assert!(matches!(found.exact(), Some(ExactSearch::Hint(_))), "{hint}");
            assert!(found.names(id.parse().unwrap(), &Hint("ccc_live_7Qfx…c2Xa".to_owned())), "{hint}");
        }
        for other in ["", "2Xa", "c2Xab", "two words", "äöüß"] {
            assert_eq!(search(other).exact(), None, "{other}");
        }
    }
}
