//! Spellings that an API might take for one.
//!
//! Many programs read `/export`, `/EXPORT`, `/export/`, `/export%20`, `/export.`, `/export.json`, `/export%3Fx` and
//! `/export%23x` as the same path. Which ones do can't be known here.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{fold::lower_case, raw_path::decoded};

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
    /// Where an ending such as `.json` begins.
    ending: Option<usize>,
}

impl<'a> Folded<'a> {
    /// Of a segment of a [`RawPath`](crate::RawPath). Copies nothing where nothing is percent-encoded.
    pub(crate) fn new(segment: &'a str) -> Self {
        let whole = if segment.contains('%') {
            Cow::Owned(folded(&decoded(segment).collect::<Vec<_>>()))
        } else {
            Cow::Borrowed(segment.trim_matches(is_dropped))
        };
        let ending = whole.rfind('.').filter(|at| {
            let ending = &whole[at + 1..];
            (1..=8).contains(&ending.len()) && ending.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        Self { whole, ending }
    }

    /// Whether nothing is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.whole.is_empty()
    }

    /// In small letters; the second time without its ending, if it has one.
    pub(crate) fn readings(&self) -> impl Iterator<Item = impl Iterator<Item = u8> + Clone> {
        [Some(self.whole.len()), self.ending]
            .into_iter()
            .flatten()
            .map(|end| self.whole.as_bytes()[..end].iter().map(u8::to_ascii_lowercase))
    }
}

/// What forgiving programs make of a segment, decoded, without a look at its ending.
pub(crate) fn folded(segment: &[u8]) -> String {
    lower_case(String::from_utf8_lossy(segment).trim_matches(is_dropped))
}

fn is_dropped(c: char) -> bool {
    c.is_whitespace() || matches!(c, '.' | '+')
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

    fn readings(segment: &str) -> Vec<String> {
        Folded::new(segment).readings().map(|bytes| String::from_utf8(bytes.collect()).unwrap()).collect()
    }

    #[test]
    fn what_forgiving_programs_make_of_a_segment() {
        for (segment, expected) in [
            ("export", &["export"][..]),
            ("EXPORT", &["export"]),
            ("Export.", &["export"]),
            ("export%20", &["export"]),
            ("%C2%A0export%E2%80%83", &["export"]),
            ("+export+", &["export"]),
            ("export.json", &["export.json", "export"]),
            ("export.JSON%20", &["export.json", "export"]),
            ("v1.2.json", &["v1.2.json", "v1.2"]),
            ("export.not-an-ending", &["export.not-an-ending"]),
            ("%C3%84rger", &["\u{e4}rger"]),
            (".json", &["json"]),
            ("...", &[""]),
            ("%20", &[""]),
            ("", &[""]),
        ] {
            assert_eq!(readings(segment), expected, "{segment}");
        }
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
