use std::borrow::Cow;

use serde::Serialize;

use crate::objects::{PhoneNumber, Presentation};

/// A telephone number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NumberView<'a> {
    /// None unless it is valid.
    pub e164: Option<Cow<'a, str>>,
    /// As it came.
    pub raw: Cow<'a, str>,
    /// What is dialled after the call is answered.
    pub extension: Option<&'a str>,
    /// Whether it may be shown.
    pub presentation: Presentation,
}

/// Digits at the beginning of a masked number that are shown, and at its end.
const SHOWN: (usize, usize) = (5, 2);

impl<'a> NumberView<'a> {
    /// The whole number.
    pub fn whole(number: &'a PhoneNumber) -> Self {
        Self {
            e164: number.e164.as_deref().map(Cow::Borrowed),
            raw: Cow::Borrowed(&number.raw),
            extension: number.extension.as_deref(),
            presentation: number.presentation,
        }
    }

    /// The number without its middle.
    pub fn masked(number: &'a PhoneNumber) -> Self {
        Self {
            e164: number.e164.as_deref().map(mask),
            raw: mask(&number.raw),
            extension: None,
            presentation: number.presentation,
        }
    }
}

/// Everything between the first five and the last two digits becomes `*`. A text that has too few digits for that is masked whole,
/// unless it has none and so is no number.
fn mask(text: &str) -> Cow<'_, str> {
    let digits = text.chars().filter(|c| c.is_numeric()).count();
    if digits == 0 {
        return Cow::Borrowed(text);
    }
    let short = digits <= SHOWN.0 + SHOWN.1;
    // How many digits are read before a character, and with it.
    let mut read = 0;
    let masked = text.chars().map(|c| {
        let before = read;
        read += usize::from(c.is_numeric());
        let beginning = before < SHOWN.0;
        let end = read > digits - SHOWN.1.min(digits);
        if !short && (beginning || end) { c } else { '*' }
    });
    Cow::Owned(masked.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_five_and_the_last_two_are_shown() {
        assert_eq!(mask("+61491570006"), "+61491****06");
        assert_eq!(mask("0491 570 006"), "0491 5****06");
        assert_eq!(mask("tel:+61-491-570-006"), "tel:+61-491******06");
        assert_eq!(mask("1800 FLOWERS"), "************");
        assert_eq!(mask("1001"), "****");
        assert_eq!(mask("anonymous"), "anonymous");
    }
}
