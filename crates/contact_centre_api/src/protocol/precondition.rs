use http::{HeaderMap, HeaderValue, header};

use super::{Problem, kinds};

/// The strong tag of a version.
pub(crate) fn etag(version: u64) -> HeaderValue {
    HeaderValue::try_from(format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"0\""))
}

/// Checks `If-Match` against the version that is there; none where nothing is.
///
/// # Errors
/// 412 if it names other versions, 400 if it is malformed.
pub(crate) fn expected(headers: &HeaderMap, version: Option<u64>) -> Result<(), Problem> {
    let malformed = || Problem::invalid("If-Match is * or a list of entity tags such as \"3\".");
    let mut lines = headers.get_all(header::IF_MATCH).iter().peekable();
    if lines.peek().is_none() {
        return Ok(());
    }
    let mut found = false;
    for line in lines {
        let text = line.to_str().map_err(|_| malformed())?.trim();
        if text == "*" {
            found |= version.is_some();
            continue;
        }
        for tag in text.split(',').map(str::trim) {
            let opaque = tag.strip_prefix("W/").unwrap_or(tag);
            let opaque = opaque.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).ok_or_else(malformed)?;
            found |= version.is_some_and(|version| as_sent(opaque) == version.to_string());
        }
    }
    if found { Ok(()) } else { Err(moved()) }
}

/// Somebody else has changed it since it was read.
pub(crate) fn moved() -> Problem {
    Problem::new(&kinds::VERSION_MOVED).detail("It has changed since it was read. Read it again, and decide anew.")
}

/// Whether a caller has what a tag names, by `If-None-Match`, which compares weakly.
pub(crate) fn is_same(headers: &HeaderMap, tag: &str) -> bool {
    let tags = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    tags.flat_map(|line| line.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.trim_start_matches("W/") == tag)
}

/// A tag without what proxies that compress write behind it: a tag is a version here, not bytes.
fn as_sent(opaque: &str) -> &str {
    const CODINGS: [&str; 6] = ["gzip", "gz", "br", "zstd", "deflate", "df"];
    let digits = opaque.find(|c: char| !c.is_ascii_digit()).unwrap_or(opaque.len());
    let (version, mark) = opaque.split_at(digits);
    let coding =
        mark.strip_prefix("--").or_else(|| mark.strip_prefix(['-', ';'])).map(|coding| coding.trim_end_matches(';'));
    if coding.is_some_and(|coding| CODINGS.contains(&coding)) { version } else { opaque }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_made_if_nobody_else_has_made_one() {
        for (line, version, good) in [
            ("\"3\"", Some(3), true),
            ("W/\"3\"", Some(3), true),
            ("\"3-gzip\"", Some(3), true),
            ("\"2\", \"3\"", Some(3), true),
            ("*", Some(3), true),
            ("*", None, false),
            ("\"03\"", Some(3), false),
            ("\"4\"", Some(3), false),
            ("\"3\"", None, false),
            ("3", Some(3), false),
            ("", Some(3), false),
        ] {
            let headers = HeaderMap::from_iter([(header::IF_MATCH, line.parse().unwrap())]);
            assert_eq!(expected(&headers, version).is_ok(), good, "{line}");
        }
        assert!(expected(&HeaderMap::new(), None).is_ok());
    }
}
