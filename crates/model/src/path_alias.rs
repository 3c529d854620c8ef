//! Spellings that an API might take for one.
//!
//! Many programs read `/export`, `/EXPORT`, `/export/`, `/export%20`, `/export.`, `/export.json`, `/export.php/x`,
//! `/export/index.html`, `/export%3Fx` and `/export%23x` as the same path. Which ones do can't be known here.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use unicode_normalization::UnicodeNormalization as _;

use crate::{fold::lower_case, invisible::is_invisible, raw_path::decoded};

/// What happens to a call whose path is not that of a route, but which an API might read as that, where the route asks for more
/// than the one whose path it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Aliases {
    /// Nothing: the API tells the paths apart.
    Distinct,
    /// It is a call of the route.
    Fold,
    /// It is refused.
    #[default]
    Refuse,
}

/// A segment of a path, as the most forgiving program reads it.
pub(crate) struct Folded<'a> {
    whole: Cow<'a, str>,
    /// Where endings such as `.json` or `.csv.gz` begin.
    end: usize,
}

impl<'a> Folded<'a> {
    /// Of a segment of a [`RawPath`](crate::RawPath). Copies nothing where nothing is percent-encoded.
    pub(crate) fn new(segment: &'a str) -> Self {
        let whole = if segment.contains('%') {
            Cow::Owned(folded(&decoded(segment).collect::<Vec<_>>()))
        } else {
            Cow::Borrowed(trimmed(segment))
        };
        let end = stem(&whole).len();
        Self { whole, end }
    }

    /// Whether nothing is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.whole.is_empty()
    }

    /// Whether it has an ending.
    pub(crate) fn has_ending(&self) -> bool {
        self.end < self.whole.len()
    }

    /// In small letters, without its endings.
    pub(crate) fn reading(&self) -> impl Iterator<Item = u8> + Clone {
        self.whole.as_bytes()[..self.end].iter().map(u8::to_ascii_lowercase)
    }

    /// Whether it names the file that many programs give for the folder it is in.
    pub(crate) fn is_index(&self) -> bool {
        self.has_ending() && [&b"index"[..], b"default"].iter().any(|name| self.reading().eq(name.iter().copied()))
    }
}

/// What a forgiving program makes of a literal of a route.
pub(crate) fn folded_literal(literal: &[u8]) -> Vec<u8> {
    let mut folded = folded(literal);
    folded.truncate(stem(&folded).len());
    folded.into_bytes()
}

/// What forgiving programs make of a segment, decoded, without a look at its endings: in small letters and usual widths, without
/// what nobody sees.
fn folded(segment: &[u8]) -> String {
    let text = String::from_utf8_lossy(segment);
    let seen: String = text.nfkc().filter(|c| !is_invisible(*c) || c.is_whitespace()).collect();
    trimmed(&lower_case(&seen)).to_owned()
}

/// Without what many programs drop at the ends, and without the name of a stream, which Windows takes for the file's content.
fn trimmed(text: &str) -> &str {
    text.split("::$").next().unwrap_or_default().trim_matches(is_dropped)
}

/// Without its endings. What begins with a digit is part of the name, as in `v1.2`.
fn stem(text: &str) -> &str {
    let is_ending = |ending: &str| {
        ending.starts_with(|c: char| c.is_ascii_alphabetic())
            && ending.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let mut stem = text;
    while let Some((before, _)) = stem.rsplit_once('.').filter(|(_, ending)| is_ending(ending)) {
        stem = before.trim_end_matches(is_dropped);
    }
    stem
}

fn is_dropped(c: char) -> bool {
    c.is_whitespace() || matches!(c, '.' | '+' | ',' | '~')
}

/// What is left of a segment where a program decodes `%3F` or `%23` before it looks for the end of the path; `None`: it has
/// neither.
pub(crate) fn cut(segment: &str) -> Option<&str> {
    let end = segment
        .match_indices('%')
        .map(|(at, _)| at)
        .find(|at| matches!(segment.as_bytes().get(at + 1..at + 3), Some([b'3', b'F' | b'f'] | [b'2', b'3'])))?;
    Some(&segment[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_forgiving_programs_make_of_a_segment() {
        for (segment, expected) in [
            ("export", "export"),
            ("EXPORT", "export"),
            ("Export.", "export"),
            ("export%20", "export"),
            ("%C2%A0export%E2%80%83", "export"),
            ("+export+", "export"),
            ("export,", "export"),
            ("export~", "export"),
            ("export.json", "export"),
            ("export.JSON%20", "export"),
            ("export.csv.gz", "export"),
            ("export.configuration", "export"),
            ("export..json", "export"),
            ("export::$DATA", "export"),
            ("export%3A%3A$DATA", "export"),
            ("export%EF%BB%BF", "export"),
            ("export%E2%80%8B", "export"),
            ("ex%C2%ADport", "export"),
            ("%EF%BC%A5xport", "export"),
            ("v1.2.json", "v1.2"),
            ("v1.2", "v1.2"),
            ("my.export", "my"),
            ("%C3%84rger", "\u{e4}rger"),
            (".json", "json"),
            ("...", ""),
            ("%20", ""),
            ("", ""),
        ] {
            let read = String::from_utf8(Folded::new(segment).reading().collect()).unwrap();
            assert_eq!(read, expected, "{segment}");
            let literal: Vec<u8> = decoded(segment).collect();
            assert_eq!(folded_literal(&literal), expected.as_bytes(), "a route's {segment}");
        }
        let is_index = |segment| Folded::new(segment).is_index();
        assert!(is_index("index.html") && is_index("Default.aspx") && !is_index("index") && !is_index("a.html"));
    }

    #[test]
    fn an_encoded_end_of_a_path_is_found() {
        for (segment, expected) in [
            ("export", None),
            ("export%20", None),
            ("export%3Fx", Some("export")),
            ("export%3fx%23", Some("export")),
            ("%C3%BC%23x", Some("%C3%BC")),
            ("%23", Some("")),
        ] {
            assert_eq!(cut(segment), expected, "{segment}");
        }
    }
}
