//! The order of Client Names, as people sort them: `É` near `E`, and `Client 2` before `Client 10`.

use std::sync::LazyLock;

use icu_collator::{
    CollatorBorrowed, CollatorPreferences, options::CollatorOptions, preferences::CollationNumericOrdering,
};

/// Longest key of an order, in bytes: PostgreSQL's indexes take 2,704 bytes a row. No name that people read reaches it; of those that
/// do, the beginnings are ordered.
const NAME_ORDER_MAX: usize = 1_024;

/// The root order of CLDR, which suits every language without knowing which one it is: an installation's clients have names of many.
static ORDER: LazyLock<CollatorBorrowed<'static>> = LazyLock::new(|| {
    let mut preferences = CollatorPreferences::default();
    preferences.numeric_ordering = Some(CollationNumericOrdering::True);
    CollatorBorrowed::try_new(preferences, CollatorOptions::default()).expect("the root order is compiled in")
});

/// What a folded Client Name is ordered by: bytes, of which every database has one order. Names that fold to the same have the same.
///
/// They follow from the data of `icu_collator`, of which each version may give others: with it [`crate::FOLD_VERSION`] has to grow, so
/// that rows of before get theirs anew.
pub fn name_order(folded: &str) -> Vec<u8> {
    let mut order = Vec::with_capacity(folded.len() * 2 + 4);
    let Ok(()) = ORDER.write_sort_key_to(folded, &mut order);
    order.truncate(NAME_ORDER_MAX);
    order
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use proptest::prelude::*;

    use super::*;
    use crate::fold_name;

    /// The version of the data whose bytes rows of this [`crate::FOLD_VERSION`] keep.
    const ORDER_OF: &str = "2.4.0";
    const NAMES: &str = "[a-eA-E0-9 àéîöüßŁøяЖ漢字'_-]{0,20}";

    fn order(name: &str) -> Vec<u8> {
        name_order(&fold_name(name))
    }

    #[test]
    fn names_are_ordered_as_people_do() {
        let sorted = [
            "_internal",
            "3 Monkeys",
            "20 Minutes",
            "100 Wines",
            "Acme",
            "Acme 2",
            "Acme 10",
            "Acme CRM",
            "Ärzte am Ring",
            "Banque",
            "Client 2",
            "Client 2 CRM",
            "Client 10",
            "Client 010 b",
            "eBay",
            "Échelle",
            "Edison",
            "Évora Hotels",
            "Fjord",
            "Łódź Energia",
            "Nordwind",
            "Orchard",
            "Øresund",
            "Straßenbahn",
            "Strassenbau",
            "Zürich",
            "Ωmega",
            "Яндекс",
            "שלום",
            "東京",
        ];
        let mut names = sorted;
        names.reverse();
        names.sort_by_key(|name| order(name));
        assert_eq!(names, sorted);
    }

    #[test]
    fn names_that_fold_to_the_same_have_one_place() {
        for same in
            [["Acme CRM", "ＡＣＭＥ\u{3000}crm"], ["Straße", "STRASSE"], ["Évora", "evora"], ["İstanbul", "istanbul"]]
        {
            assert_eq!(order(same[0]), order(same[1]), "{same:?}");
        }
    }

    #[test]
    fn whoever_takes_other_data_gives_rows_their_bytes_anew() {
        let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.lock");
        let lock = fs::read_to_string(lock).unwrap().replace("\r\n", "\n");
        for crate_ in ["icu_collator", "icu_collator_data"] {
            let known = format!("name = \"{crate_}\"\nversion = \"{ORDER_OF}\"\n");
            assert!(lock.contains(&known), "rows keep bytes of {crate_} {ORDER_OF}: raise FOLD_VERSION with ORDER_OF");
        }
    }

    #[test]
    fn no_name_has_a_longer_key_than_an_index_takes() {
        for long in
            ["\u{FDFA}".repeat(100), "漢".repeat(100), "аb".repeat(50), "👩\u{200D}🚀".repeat(33), "9".repeat(100)]
        {
            let order = order(&long);
            assert!(!order.is_empty() && order.len() <= NAME_ORDER_MAX, "{}", order.len());
        }
        // All of a name that people read is ordered.
        assert!(order(&"漢".repeat(100)) < order(&format!("{}龍", "漢".repeat(99))));
    }

    proptest! {
        #[test]
        fn bytes_are_ordered_as_the_names_are(one in NAMES, other in NAMES) {
            let (one, other) = (fold_name(&one), fold_name(&other));
            let (left, right) = (name_order(&one), name_order(&other));
            prop_assert_eq!(left.cmp(&right), ORDER.compare(&one, &other));
        }
    }
}
