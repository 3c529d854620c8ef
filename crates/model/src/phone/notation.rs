//! What stands around a number, and what got lost before it.

use std::borrow::Cow;

/// The part of a SIP address that names whom it reaches, and any other text as it is. A display name says nothing of the number.
pub(super) fn user_part(text: &str) -> &str {
    let bracketed = text.split_once('<').and_then(|(_, rest)| rest.split('>').next());
    let address = bracketed.filter(|address| address.contains(':')).unwrap_or(text);
    let Some((scheme, rest)) = address.trim_start().split_once(':') else { return address };
    if !["sip", "sips"].iter().any(|sip| scheme.eq_ignore_ascii_case(sip)) {
        return address;
    }
    let end = rest.find(['@', ';', '?', ':']).unwrap_or(rest.len());
    rest.get(..end).unwrap_or(rest)
}

/// Whether a text begins as one whose `+` has become a space: so a query string writes it.
pub(super) fn lost_its_plus(text: &str) -> bool {
    text.strip_prefix(' ').is_some_and(|rest| rest.starts_with(is_digit))
}

/// A text with a `+` in place of the space that it became, or of `00`. `None`: neither stands there.
pub(super) fn with_plus(text: &str) -> Option<String> {
    if lost_its_plus(text) && !text.starts_with(" 00") {
        return Some(format!("+{}", text.trim_start()));
    }
    let abroad = text.trim_start().strip_prefix("00")?.trim_start_matches([' ', '-', '.']);
    let abroad = abroad.strip_prefix('+').unwrap_or(abroad);
    abroad.starts_with(is_digit).then(|| format!("+{abroad}"))
}

/// A digit in any script whose digits are read.
fn is_digit(letter: char) -> bool {
    letter.is_numeric()
}

/// The digits alone, in ASCII, and whether a `+` stands before them; `None` if there is a letter among them.
pub(super) fn digits(text: &str) -> Option<(bool, String)> {
    let mut plus = false;
    let mut digits = String::new();
    for letter in text.chars() {
        match letter {
            '+' | '＋' if digits.is_empty() => plus = true,
            _ if letter.is_ascii_digit() => digits.push(letter),
            _ if letter.is_alphanumeric() => return None,
            _ => {}
        }
    }
    Some((plus, digits))
}

/// Letters and digits alone, in small letters.
pub(super) fn word(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_of_a_sip_address_is_what_counts() {
        for (text, user) in [
            ("sip:+61491570006@pbx.example;user=phone", "+61491570006"),
            ("SIPS:0491570006;ext=2@pbx.example", "0491570006"),
            ("\"12345\" <sip:anonymous@anonymous.invalid>;tag=1", "anonymous"),
            ("<tel:+61491570006>", "tel:+61491570006"),
            ("tel:+61-491-570-006", "tel:+61-491-570-006"),
            ("0491 570 006", "0491 570 006"),
            ("0491 570 006 <mobile>", "0491 570 006 <mobile>"),
            ("sip:", ""),
        ] {
            assert_eq!(user_part(text), user, "{text}");
        }
    }

    #[test]
    fn a_plus_comes_back_where_it_was_lost_or_dialled() {
        for (text, with) in [
            (" 61491570006", Some("+61491570006")),
            (" 00 61491570006", Some("+61491570006")),
            ("00 61 491", Some("+61 491")),
            ("00+61 491", Some("+61 491")),
            ("00", None),
            ("61491570006", None),
            ("  61491570006", None),
            (" (04) 91", None),
            ("0491", None),
        ] {
            assert_eq!(with_plus(text).as_deref(), with, "{text:?}");
        }
    }
}
