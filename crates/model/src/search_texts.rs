//! What keys are searched by.

use crate::{Key, KeySettings, Search, fold::fold_long, fold_name};

/// The texts by which a key is searched, folded: one function makes them for both databases, and for what no database decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchTexts {
    /// The Client Name; what lists are sorted by follows from it (`name_order`).
    pub name: String,
    /// The owner's e-mail address; empty: none. Whoever sees a key sees it.
    pub owner: String,
    /// Notes and metadata; empty: none. Not every caller may read them.
    pub notes: String,
}

impl SearchTexts {
    /// Those of a key with these settings.
    pub fn of(settings: &KeySettings) -> Self {
        let mut noted = settings.notes.as_ref().map(|notes| notes.as_str().to_owned()).unwrap_or_default();
        for (name, value) in settings.metadata.iter() {
            noted.push('\n');
            noted.push_str(name);
            noted.push('=');
            noted.push_str(value);
        }
        Self {
            name: fold_name(settings.client_name.as_str()),
            owner: settings.owner_email.as_ref().map(|email| fold_name(email.as_str())).unwrap_or_default(),
            notes: fold_long(&noted),
        }
    }
}

impl Search {
    /// Whether it finds this key for somebody who may read its notes and metadata (`noted`), or may not.
    pub fn finds(&self, key: &Key, noted: bool) -> bool {
        self.names(key.id, &key.hint) || self.finds_texts(&SearchTexts::of(&key.settings), noted)
    }

    /// Whether its words are found in these texts.
    pub fn finds_texts(&self, texts: &SearchTexts, noted: bool) -> bool {
        let found = |word: &String| {
            texts.name.contains(word) || texts.owner.contains(word) || (noted && texts.notes.contains(word))
        };
        self.words().iter().all(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ClientName;

    fn search(text: &str) -> Search {
        Search::parse(text).unwrap()
    }

    fn texts(name: &str, owner: Option<&str>, notes: Option<&str>) -> SearchTexts {
        let mut settings = KeySettings::new(ClientName::parse(name).unwrap());
        settings.owner_email = owner.map(|text| text.parse().unwrap());
        settings.notes = notes.map(|text| text.parse().unwrap());
        SearchTexts::of(&settings)
    }

    #[test]
    fn all_words_are_found_in_any_order() {
        let texts = texts("İstanbul Çağrı Merkezi", None, None);
        for found in ["", "merkezi istanbul", "ÇAĞRI", "cagri merk", "ISTAN", "zi ul"] {
            assert!(search(found).finds_texts(&texts, false), "{found}");
        }
        assert!(!search("istanbul ankara").finds_texts(&texts, true));
    }

    #[test]
    fn each_word_is_found_in_any_text_that_may_be_read() {
        let texts = texts("Acme CRM", Some("Ada@Example.com"), Some("Ticket 4711\nfür Zoë"));
        for (found, by_viewers) in
            [("acme ada@example", true), ("ADA acme", true), ("zoe acme", false), ("4711 ada fur", false)]
        {
            assert!(search(found).finds_texts(&texts, true), "{found}");
            assert_eq!(search(found).finds_texts(&texts, false), by_viewers, "{found}");
        }
        // No word reaches from one text into the next.
        assert!(!search("crmada").finds_texts(&texts, true));
    }

    #[test]
    fn metadata_is_found_by_name_and_value() {
        let mut settings = KeySettings::new(ClientName::parse("Acme").unwrap());
        settings.metadata = serde_json::from_str(r#"{"crm_account":"4711","Größe":"XL"}"#).unwrap();
        let texts = SearchTexts::of(&settings);
        for found in ["4711", "crm_account", "crm_account=4711", "grösse", "xl acme"] {
            assert!(search(found).finds_texts(&texts, true), "{found}");
            assert!(!search(found).finds_texts(&texts, false), "{found}");
        }
    }

    #[test]
    fn long_notes_are_searched_to_their_end() {
        let texts = texts("Acme", None, Some(&format!("{}終", "漢".repeat(999))));
        assert!(search("終").finds_texts(&texts, true));
    }
}
