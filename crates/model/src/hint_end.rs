use crate::Hint;

/// Characters of a secret that every hint ends with.
pub const HINT_TAIL: usize = 4;
/// Longest text that is taken for the end of a hint, in bytes: no hint is longer.
const TEXT_MAX: usize = 80;

/// The end of a hint, as somebody read it off a list or a log: the last four characters of a secret, perhaps with some of what
/// stands before them. Case matters, since a secret with another is another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HintEnd(String);

/// The text is not the end of a hint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be the end of a hint, such as …c2Xa")]
pub struct InvalidHintEnd;

impl HintEnd {
    /// Reads `c2Xa`, `…c2Xa` or `ccc_live_7Qfx…c2Xa`. Dots, stars and bullets are as good as the ellipsis.
    pub fn parse(text: &str) -> Result<Self, InvalidHintEnd> {
        let text = text.trim();
        let split = text.len().checked_sub(HINT_TAIL).filter(|at| text.is_char_boundary(*at)).ok_or(InvalidHintEnd)?;
        let (head, tail) = text.split_at(split);
        let shown = head.trim_end_matches(['.', '…', '*', '•', '·', '-']);
        let hidden = shown.len() < head.len();
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let tail_is_secret = tail.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if text.len() > TEXT_MAX || !tail_is_secret || !plain(shown) || (!head.is_empty() && !hidden) {
            return Err(InvalidHintEnd);
        }
        Ok(Self(if hidden { format!("{shown}…{tail}") } else { tail.to_owned() }))
    }

    /// The last four characters.
    pub fn tail(&self) -> &str {
        self.0.get(self.0.len() - HINT_TAIL..).unwrap_or_default()
    }

    /// Whether a hint ends so.
    pub fn is_of(&self, hint: &Hint) -> bool {
        hint.0.ends_with(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_end_of_a_hint_is_read_as_it_is_written_down() {
        let hint = Hint("ccc_live_7Qfx…c2Xa".to_owned());
        for text in ["c2Xa", " …c2Xa ", "...c2Xa", "****c2Xa", "••••c2Xa", "7Qfx…c2Xa", "ccc_live_7Qfx...c2Xa"]
        {
            let end = HintEnd::parse(text).unwrap();
            assert_eq!((end.tail(), end.is_of(&hint)), ("c2Xa", true), "{text}");
        }
        for other in ["c2XA", "…C2XA", "ccc_test_7Qfx…c2Xa", "8Qfx…c2Xa"] {
            assert!(!HintEnd::parse(other).unwrap().is_of(&hint), "{other}");
        }
        for bad in ["", "2Xa", "x c2Xa", "xc2Xa", "…", "äc2Xa", "c2X_", "%…c2Xa", &format!("{}…c2Xa", "a".repeat(80))]
        {
            assert_eq!(HintEnd::parse(bad), Err(InvalidHintEnd), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "\\PC{0,90}") {
            let _ = HintEnd::parse(&text).map(|end| end.tail().to_owned());
        }

        #[test]
        fn every_secret_is_found_by_the_end_of_its_hint(body in "[0-9A-Za-z]{36}", from in 0usize..14) {
            let hint = crate::PlainSecret::new(format!("ccc_live_{body}")).hint();
            let end: String = hint.0.chars().skip(from).collect();
            prop_assert!(HintEnd::parse(&end).unwrap().is_of(&hint));
        }
    }
}
