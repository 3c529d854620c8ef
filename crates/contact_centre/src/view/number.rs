use std::borrow::Cow;

use serde::Serialize;

use crate::objects::{PhoneNumber, Presentation};

/// A telephone number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NumberView<'a> {
    /// None unless it is valid.
    pub e164: Option<Cow<'a, str>>,
    /// As it came. Of a masked number, no more than is shown of the number itself.
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

    /// The number without its middle. As a person or a network wrote it, it would show other digits than in its standard form, and
    /// names beside it: so what came is shown only by the standard form, if it has one.
    pub fn masked(number: &'a PhoneNumber) -> Self {
        let e164 = number.e164.as_deref().map(mask);
        let raw = e164.clone().unwrap_or_else(|| match number.presentation {
            Presentation::Allowed => mask(&number.raw),
            // Whatever a network wrote around it, as the name in an address.
            Presentation::Restricted => Cow::Borrowed("anonymous"),
            Presentation::Unavailable => Cow::Borrowed(""),
        });
        Self { e164, raw, extension: None, presentation: number.presentation }
    }
}

/// Everything between the first five and the last two digits becomes `*`. A text that has too few digits for that is masked whole, and one
/// that has letters: it is no number, or has more than a number in it.
fn mask(text: &str) -> Cow<'static, str> {
    let digits = text.chars().filter(|c| c.is_numeric()).count();
    let whole = digits <= SHOWN.0 + SHOWN.1 || text.chars().any(|c| !c.is_numeric() && !is_between_digits(c));
    // How many digits are read before a character, and with it.
    let mut read = 0;
    let masked = text.chars().map(|c| {
        let before = read;
        read += usize::from(c.is_numeric());
        let beginning = before < SHOWN.0;
        let end = read > digits.saturating_sub(SHOWN.1);
        if !whole && (beginning || end) { c } else { '*' }
    });
    Cow::Owned(masked.collect())
}

/// What people write between the digits of a number.
fn is_between_digits(c: char) -> bool {
    c.is_whitespace() || "+-.()/".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_five_and_the_last_two_are_shown() {
        assert_eq!(mask("+61491570006"), "+61491****06");
        assert_eq!(mask("0491 570 006"), "0491 5****06");
        assert_eq!(mask("+61-491-570-006"), "+61-491******06");
        assert_eq!(mask("1800 FLOWERS"), "************");
        assert_eq!(mask("1001"), "****");
        assert_eq!(mask("1234567"), "*******");
    }

    #[test]
    fn what_is_more_than_a_number_is_masked_whole() {
        for text in ["sip:alice@example.com", "+61 491 570 006 alice.smith", "alice", "sip:1001@192.0.2.123", "☎"] {
            assert_eq!(mask(text), "*".repeat(text.chars().count()));
        }
    }

    #[test]
    fn what_came_shows_no_more_than_the_number_does() {
        let number = |e164: Option<&str>, raw: &str, presentation| PhoneNumber {
            e164: e164.map(Into::into),
            raw: raw.into(),
            extension: Some("12".into()),
            presentation,
        };
        let shown = |number: &PhoneNumber| {
            let view = NumberView::masked(number);
            assert_eq!(view.extension, None);
            (view.e164.map(Cow::into_owned), view.raw.into_owned())
        };
        for raw in ["0413 579 739", "+61413579739", "\"Mia Chen\" <sip:0413579739@pbx.example>"] {
            let masked = "+61413****39".to_owned();
            let of = number(Some("+61413579739"), raw, Presentation::Allowed);
            assert_eq!(shown(&of), (Some(masked.clone()), masked), "{raw}");
        }
        let named = "\"Mia Chen\" <sip:anonymous@anonymous.invalid>";
        assert_eq!(shown(&number(None, named, Presentation::Restricted)), (None, "anonymous".to_owned()));
        assert_eq!(shown(&number(None, " ", Presentation::Unavailable)), (None, String::new()));
        assert_eq!(shown(&number(None, "Mia", Presentation::Allowed)), (None, "***".to_owned()));
    }
}
