//! Bounds of what is written. An event with all that it shows stays below 16 KiB.

use serde::Serialize;

/// Bytes of JSON that something takes in an event. What can't be written is longer than anything.
pub(super) fn json_bytes(value: &impl Serialize) -> usize {
    serde_json::to_vec(value).map_or(usize::MAX, |json| json.len())
}

/// Whether a text is one line with something on it.
pub(super) fn is_line(text: &str) -> bool {
    !text.trim().is_empty() && is_on_one_line(text)
}

/// Whether a text has no control characters.
pub(super) fn is_on_one_line(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_with_more_bytes_than_it_has_counts_so() {
        assert_eq!(json_bytes(&"ab"), 4);
        assert_eq!(json_bytes(&"\u{1}\""), 10);
        assert_eq!(json_bytes(&"🦀"), 6);
    }

    #[test]
    fn a_line_is_seen() {
        assert!(is_line("Ada") && is_line(" é ") && is_on_one_line(""));
        for text in ["", "   ", "\u{2003}", "\0", "a\nb", "a\u{85}"] {
            assert!(!is_line(text), "{text:?}");
        }
    }
}
