//! Texts of strangers as they are kept for people: short, and without a key.

use model::{CallOrigin, looks_like_key};

/// Longest text that is kept, in bytes.
const TEXT_MAX: usize = 256;
/// Kept in place of a text that holds a key.
const HIDDEN: &str = "(hidden: it looks like an API key)";

/// The web origin that a call came from.
pub(crate) fn origin_shown(origin: CallOrigin<'_>) -> Option<String> {
    match origin {
        CallOrigin::Unknown => None,
        CallOrigin::Named(origin) => Some(shown(origin)),
        CallOrigin::SameAs(host) => Some(shown(&format!("https://{host}"))),
    }
}

/// A text that a stranger wrote. PostgreSQL keeps no NUL, and nobody reads other control characters.
pub(crate) fn shown(text: &str) -> String {
    let text = &*text.replace(char::is_control, "\u{fffd}");
    if looks_like_key(text) { HIDDEN.to_owned() } else { shortened(text, TEXT_MAX) }
}

pub(crate) fn shortened(text: &str, max: usize) -> String {
    match text.len() > max {
        true => format!("{}…", &text[..text.floor_char_boundary(max)]),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_strangers_are_short_and_hold_no_key() {
        let key = format!("/v1/ccc_live_{}", "a1B2".repeat(9));
        assert_eq!(shown(&key), HIDDEN);
        assert_eq!(shown("/v1/contacts"), "/v1/contacts");
        assert_eq!(origin_shown(CallOrigin::Named("a\0b\n")).as_deref(), Some("a\u{fffd}b\u{fffd}"));
        let long = shown(&"ä".repeat(200));
        assert!(long.len() <= TEXT_MAX + "…".len() && long.ends_with("ä…"), "{long}");
        assert_eq!(origin_shown(CallOrigin::SameAs("a.example")).as_deref(), Some("https://a.example"));
    }
}
