//! The forms in which texts are compared and searched, whatever a database's collation says.

use std::iter::once;

use caseless::Caseless as _;
use unicode_normalization::{UnicodeNormalization as _, char::decompose_compatible};

use crate::invisible::is_invisible;

/// The version of what a row is searched by ([`crate::SearchTexts`]), and of what its name is ordered by (`name_order`). It grows with
/// every change of what those give, and stands in each row beside them, so that rows of an earlier version can be told and folded anew.
/// Before 3 there was the name alone, and before 4 no order of names.
pub const FOLD_VERSION: i64 = 4;

/// From this version on names are folded as [`fold_name`] does it.
pub const NAMES_FOLDED: i64 = 2;

/// Longest folded text, in bytes: PostgreSQL's indexes take 2,704 bytes a row. Only of characters that stand for many others can
/// a name become longer; of those the end is not searched.
const FOLDED_MAX: usize = 2_000;

/// The same for a text that stands in no such index: what is noted down about a key.
const LONG_FOLDED_MAX: usize = 16_000;

/// The form in which Client Names are compared and searched: without regard to case (full case folding), accents, width and other
/// compatibility forms. White space is one blank, and nothing stands at the ends; characters that can't be seen are left out.
pub fn fold_name(text: &str) -> String {
    fold(text, FOLDED_MAX)
}

/// As [`fold_name`], of a text that may be longer.
pub(crate) fn fold_long(text: &str) -> String {
    fold(text, LONG_FOLDED_MAX)
}

fn fold(text: &str, most: usize) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.nfd() {
        if c.is_whitespace() {
            blank(&mut folded);
        } else {
            fold_char(c, &mut folded);
        }
    }
    let mut folded: String = folded.nfc().collect();
    if folded.len() > most {
        let end = (0..=most).rev().find(|end| folded.is_char_boundary(*end)).unwrap_or_default();
        folded.truncate(end);
    }
    folded.truncate(folded.trim_end().len());
    folded
}

fn blank(folded: &mut String) {
    if !folded.is_empty() && !folded.ends_with(' ') {
        folded.push(' ');
    }
}

fn fold_char(c: char, folded: &mut String) {
    // A spacing accent is one on a blank. Without either nothing would be left of it.
    let mut parts = Vec::with_capacity(4);
    decompose_compatible(c, |part| parts.push(part));
    if parts.first() == Some(&' ') {
        folded.push(c);
        return;
    }
    // Folding the case can give what decomposes, and that another letter: both are done twice, as Unicode's compatibility
    // caseless match does it. The standard library knows letters of later versions.
    let folds = once(c).default_case_fold().nfkd().default_case_fold().flat_map(char::to_lowercase);
    for c in folds.nfkd() {
        if c.is_whitespace() {
            blank(folded);
        } else if !is_accent(c) && !is_unseen(c) {
            // The small i without its dot is the i of Turkish, whose capital is every other language's I.
            folded.push(if c == 'ı' { 'i' } else { c });
        }
    }
}

/// A mark of the blocks of combining diacritical marks. Those of other blocks are vowels and letters.
fn is_accent(c: char) -> bool {
    matches!(c,
        '\u{0300}'..='\u{036F}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}'
        | '\u{FE20}'..='\u{FE2F}')
}

/// A selector, or what no name may hold. Control characters stay, so that a search for one finds nothing.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{FE00}'..='\u{FE0F}') || (is_invisible(c) && !c.is_control())
}

/// Names as the releases before [`FOLD_VERSION`] 2 folded them: rows that were not folded anew have this form.
pub fn fold_name_before(text: &str) -> String {
    lower_case(text)
}

/// The form in which email addresses are compared: lower case, NFC. Accents and width tell addresses apart.
pub fn fold_email(text: &str) -> String {
    lower_case(text)
}

pub(crate) fn lower_case(text: &str) -> String {
    text.nfc().flat_map(char::to_lowercase).nfc().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_read_the_same_are_the_same() {
        for (same, folded) in [
            (
                &[
                    "Acme CRM",
                    "ACME\u{a0}CRM",
                    " acme  crm ",
                    "Acme\u{2009}CRM",
                    "Ａｃｍｅ　ＣＲＭ",
                    "Ac\u{200D}me CRM",
                ][..],
                "acme crm",
            ),
            (&["東京\u{3000}支社", "東京 支社"], "東京 支社"),
            (&["İstanbul Çağrı", "istanbul çağrı", "ISTANBUL ÇAĞRI", "I\u{307}STANBUL CAGRI"], "istanbul cagri"),
            (&["Straßenbahn", "STRASSENBAHN", "STRAẞENBAHN", "strassenbahn"], "strassenbahn"),
            (&["ΟΔΟΣ", "οδος", "οδοσ", "Οδός"], "οδοσ"),
            (&["ﬁn", "FIN"], "fin"),
            (&["Cafe\u{301}", "CAFÉ", "cafe"], "cafe"),
            (&["❤\u{FE0F}", "❤"], "❤"),
            (&["ｶﾞｽ", "ガス"], "ガス"),
            (&["किताब"], "किताब"),
            (&["한국", "한국"], "한국"),
            (&["´"], "´"),
            (&["100%_\\"], "100%_\\"),
        ] {
            for name in same {
                assert_eq!(fold_name(name), folded, "{name:?}");
            }
        }
    }

    #[test]
    fn every_character_is_found_in_another_case_and_folds_once() {
        // Ideographs and Hangul syllables have no case, and are most of all characters.
        let planes = ('\0'..='\u{33FF}').chain('\u{A000}'..='\u{ABFF}').chain('\u{F900}'..='\u{1FFFF}');
        for c in planes {
            let folded = fold_name(&c.to_string());
            assert_eq!(fold_name(&folded), folded, "U+{:04X}", c as u32);
            for other in [c.to_lowercase().to_string(), c.to_uppercase().to_string()] {
                assert_eq!(fold_name(&other), folded, "U+{:04X}", c as u32);
            }
        }
    }

    #[test]
    fn a_folded_name_fits_an_index() {
        let folded = fold_name(&"\u{FDFA}".repeat(100));
        assert!((1_900..=FOLDED_MAX).contains(&folded.len()), "{}", folded.len());
        assert_eq!(fold_name(&folded), folded);
    }

    #[test]
    fn addresses_keep_their_accents() {
        assert_eq!(fold_email("José@Example.COM"), "josé@example.com");
        assert_ne!(fold_email("jose@example.com"), fold_email("josé@example.com"));
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "[\\PC\u{200D}\u{FE0F}\u{a0}\u{3000} \u{301}\u{345}]{0,40}") {
            prop_assert_eq!(fold_name(&fold_name(&text)), fold_name(&text));
            prop_assert_eq!(fold_email(&fold_email(&text)), fold_email(&text));
        }

        #[test]
        fn a_text_folds_as_in_another_case(text in "\\PC{0,20}") {
            // Unicode compares texts without regard to case once they are decomposed: the iota below a Greek letter (U+0345)
            // becomes a letter in capitals, and a mark behind it would go to that letter.
            let text: String = text.nfd().collect();
            prop_assert_eq!(fold_name(&text.to_uppercase()), fold_name(&text));
            prop_assert_eq!(fold_name(&text.to_lowercase()), fold_name(&text));
        }
    }
}
