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

/// Characters at the beginning of a masked number that are shown, and at its end.
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

/// Everything but the first five and the last two characters becomes `*`. A text that is too short for that is masked whole, unless it
/// has no digit and so is no number.
fn mask(text: &str) -> Cow<'_, str> {
    if !text.chars().any(char::is_numeric) {
        return Cow::Borrowed(text);
    }
    let count = text.chars().count();
    let short = count <= SHOWN.0 + SHOWN.1;
    let shown = |at: usize| !short && (at < SHOWN.0 || at >= count - SHOWN.1);
    Cow::Owned(text.chars().enumerate().map(|(at, c)| if shown(at) { c } else { '*' }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_five_and_the_last_two_are_shown() {
        assert_eq!(mask("+61491570006"), "+6149*****06");
        assert_eq!(mask("1001"), "****");
        assert_eq!(mask("anonymous"), "anonymous");
    }
}
