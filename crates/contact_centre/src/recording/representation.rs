//! A recording over HTTP: which bytes are asked for, and by which validators it is known (RFC 9110, 9530).

use std::{fmt::Write as _, ops::Range};

use aws_lc_rs::digest::{Context, SHA256};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::sound::Sound;

/// Moves when the same recording would have other bytes than before.
const GENERATION: &[u8] = b"speech 1";

/// What an answer has of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requested {
    /// All of it: 200.
    Whole,
    /// These bytes: 206.
    Part(Range<u64>),
    /// Nothing: 416.
    Unsatisfiable,
    /// Nothing, because the caller has it: 304.
    NotModified,
}

/// A strong validator: the same as long as the bytes are the same. It costs nothing, since all bytes follow from what is in it.
pub fn etag(sound: &Sound) -> String {
    let mut context = Context::new(&SHA256);
    context.update(GENERATION);
    context.update(sound.id().as_bytes());
    context.update(&sound.duration_ms().to_be_bytes());
    for pause in sound.pauses() {
        context.update(&pause.start.to_be_bytes());
        context.update(&pause.end.to_be_bytes());
    }
    let mut tag = String::from("\"");
    for byte in context.finish().as_ref().iter().take(16) {
        // Writing to a `String` never fails.
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    tag
}

/// The value of `Repr-Digest` for the SHA-256 of the whole file, which stays the same whatever part is sent.
pub fn repr_digest(sha256: &[u8; 32]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(sha256))
}

/// The value of `Content-Range` for a part of a file of this size.
pub fn content_range(part: &Range<u64>, size: u64) -> String {
    format!("bytes {}-{}/{size}", part.start, part.end.saturating_sub(1))
}

/// The value of `Content-Range` when no part of the file was asked for.
pub fn unsatisfied_range(size: u64) -> String {
    format!("bytes */{size}")
}

/// What is asked for by the values of `Range`, `If-Range` and `If-None-Match`. A `Range` that is malformed, of another unit or of several
/// parts is answered with the whole file, as RFC 9110 allows.
pub fn requested(
    range: Option<&str>,
    if_range: Option<&str>,
    if_none_match: Option<&str>,
    etag: &str,
    size: u64,
) -> Requested {
    if if_none_match.is_some_and(|tags| names(tags, etag)) {
        return Requested::NotModified;
    }
    // `If-Range` compares strongly: a weak tag or a date is another version.
    if if_range.is_some_and(|tag| tag.trim() != etag) {
        return Requested::Whole;
    }
    range.and_then(|range| part(range, size)).unwrap_or(Requested::Whole)
}

/// Whether a list of entity tags names this one. `If-None-Match` compares weakly.
fn names(tags: &str, etag: &str) -> bool {
    tags.trim() == "*" || tags.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag)
}

/// The part that one range of bytes names; `None` if it names none.
fn part(range: &str, size: u64) -> Option<Requested> {
    let (unit, set) = range.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = set.trim().split_once('-')?;
    let (first, last) = (position(first)?, position(last)?);
    let part = match (first, last) {
        (None, None) => return None,
        // The last so many bytes.
        (None, Some(count)) => size.saturating_sub(count)..size,
        (Some(first), None) => first..size,
        (Some(first), Some(last)) if last < first => return None,
        (Some(first), Some(last)) => first..last.saturating_add(1).min(size),
    };
    Some(if part.start < part.end { Requested::Part(part) } else { Requested::Unsatisfiable })
}

/// A position, `Some(None)` for none; `None` if it is no number. One beyond all files is as good as the largest number.
fn position(text: &str) -> Option<Option<u64>> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((!text.is_empty()).then(|| text.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(range: &str) -> Requested {
        requested(Some(range), None, None, "\"a\"", 1_000)
    }

    #[test]
    fn a_range_is_a_part_all_or_nothing() {
        for (range, part) in [
            ("bytes=0-0", 0..1),
            ("bytes=0-999", 0..1_000),
            ("bytes=0-5000", 0..1_000),
            ("bytes=990-", 990..1_000),
            ("bytes=-10", 990..1_000),
            ("bytes=-5000", 0..1_000),
            ("Bytes= 5-9", 5..10),
            ("bytes=5-99999999999999999999999", 5..1_000),
        ] {
            assert_eq!(asked(range), Requested::Part(part), "{range}");
        }
        for range in ["bytes=1000-", "bytes=1000-2000", "bytes=-0", "bytes=99999999999999999999999-"] {
            assert_eq!(asked(range), Requested::Unsatisfiable, "{range}");
        }
        for range in
            ["", "bytes", "bytes=", "bytes=-", "bytes=9-5", "bytes=0-1,5-6", "lines=0-1", "bytes=+1-2", "bytes=a-b"]
        {
            assert_eq!(asked(range), Requested::Whole, "{range}");
        }
    }

    #[test]
    fn conditions_compare_as_the_standard_says() {
        let asked = |if_range, if_none_match| requested(Some("bytes=0-0"), if_range, if_none_match, "\"a\"", 10);
        assert_eq!(asked(Some("\"a\""), None), Requested::Part(0..1));
        for other in ["\"b\"", "W/\"a\"", "Sat, 28 Nov 2026 00:00:00 GMT", ""] {
            assert_eq!(asked(Some(other), None), Requested::Whole, "{other}");
        }
        for same in ["\"a\"", "W/\"a\"", "\"x\", \"a\"", "*"] {
            assert_eq!(asked(None, Some(same)), Requested::NotModified, "{same}");
        }
        assert_eq!(asked(None, Some("\"b\"")), Requested::Part(0..1));
    }

    #[test]
    fn headers_are_as_the_standards_write_them() {
        assert_eq!(content_range(&(5..10), 100), "bytes 5-9/100");
        assert_eq!(unsatisfied_range(100), "bytes */100");
        // The example of RFC 9530, appendix B.1, has SHA-256 of `{"hello": "world"}` and a line feed.
        let digest: [u8; 32] =
            STANDARD.decode("RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=").unwrap().try_into().unwrap();
        assert_eq!(repr_digest(&digest), "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:");
    }
}
