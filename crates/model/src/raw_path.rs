use std::str;

/// The path of a request, byte for byte as it came, which every proxy and every server reads the same way.
///
/// Nothing is decoded or tidied: the decision is made on the forwarded bytes. A path that two programs could read
/// differently is refused instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawPath<'a>(&'a str);

/// Why a path has more than one reading, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPath {
    /// It does not begin with a slash.
    #[error("a path begins with a slash")]
    NotAbsolute,
    /// Two slashes in a row, which some programs take for one.
    #[error("a path has no two slashes in a row")]
    EmptySegment,
    /// `.` or `..`, which some programs resolve and others don't.
    #[error("a path has no . or .. for a segment")]
    DotSegment,
    /// A byte that RFC 3986 does not allow in a path, or a semicolon, after which some programs stop reading.
    #[error("a path consists of letters, digits and -._~!$&'()*+,=:@/, and of percent-encoded UTF-8")]
    Character,
    /// A percent sign without two hexadecimal digits.
    #[error("a percent sign in a path is followed by two hexadecimal digits")]
    Percent,
    /// An encoded slash, backslash, dot, percent sign, semicolon or control character, or a letter, digit, hyphen or
    /// underscore that nobody has a reason to encode: another path in disguise.
    #[error("a path has no percent-encoded / \\ . % ; - _, letter, digit or control character")]
    Disguised,
    /// Not the path of a route that asks for more, but many programs would read it as that.
    #[error(
        "programs may read it as a path that needs more than itself: write it in the same case, without blanks, dots, an \
         ending, an encoded ? or #, or a slash at its end"
    )]
    Alias,
    /// Encoded bytes that are no UTF-8.
    #[error("what is percent-encoded in a path is UTF-8")]
    NotUtf8,
}

impl<'a> RawPath<'a> {
    /// Checks the path of a request, without its query.
    pub fn parse(path: &'a [u8]) -> Result<Self, InvalidPath> {
        if path.first() != Some(&b'/') {
            return Err(InvalidPath::NotAbsolute);
        }
        let mut at = 0;
        // Where the current segment begins.
        let mut start = 0;
        while let Some(byte) = path.get(at) {
            match byte {
                b'/' => {
                    if at > 0 {
                        segment(&path[start..at], true)?;
                    }
                    start = at + 1;
                    at += 1;
                }
                b'%' => at += 3 * encoded(&path[at..])?,
                byte if is_plain(*byte) => at += 1,
                _ => return Err(InvalidPath::Character),
            }
        }
        segment(&path[start..], false)?;
        str::from_utf8(path).map(Self).map_err(|_| InvalidPath::Character)
    }

    /// The path without the query of a request's target.
    pub fn of_target(target: &'a [u8]) -> Result<Self, InvalidPath> {
        let end = target.iter().position(|byte| *byte == b'?').unwrap_or(target.len());
        Self::parse(&target[..end])
    }

    /// As it came.
    pub fn as_str(self) -> &'a str {
        self.0
    }
}

/// The bytes of a [`RawPath`]'s segment, as an upstream reads them.
pub(crate) fn decoded(segment: &str) -> impl Iterator<Item = u8> + '_ {
    let mut bytes = segment.bytes();
    std::iter::from_fn(move || match bytes.next()? {
        b'%' => Some(digit(bytes.next()?)? << 4 | digit(bytes.next()?)?),
        byte => Some(byte),
    })
}

/// The last segment may be empty: a path may end with a slash.
fn segment(segment: &[u8], followed: bool) -> Result<(), InvalidPath> {
    match segment {
        b"" if followed => Err(InvalidPath::EmptySegment),
        b"." | b".." => Err(InvalidPath::DotSegment),
        _ => Ok(()),
    }
}

/// RFC 3986's characters of a path segment, without the semicolon.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,=:@".contains(&byte)
}

/// Checks the character that is encoded at the beginning of `rest`. Returns the number of its encoded bytes.
fn encoded(rest: &[u8]) -> Result<usize, InvalidPath> {
    let byte = |number: usize| match rest.get(3 * number..3 * number + 3) {
        Some([b'%', high, low]) => match (digit(*high), digit(*low)) {
            (Some(high), Some(low)) => Ok(high << 4 | low),
            _ => Err(InvalidPath::Percent),
        },
        Some(_) if number > 0 => Err(InvalidPath::NotUtf8),
        None if number > 0 && rest.get(3 * number) != Some(&b'%') => Err(InvalidPath::NotUtf8),
        _ => Err(InvalidPath::Percent),
    };
    let first = byte(0)?;
    let length = match first {
        // Java's encoder writes `~` this way.
        b'~' => return Ok(1),
        b'/' | b'\\' | b'.' | b'%' | b';' | b'-' | b'_' => return Err(InvalidPath::Disguised),
        byte if byte.is_ascii_alphanumeric() || byte.is_ascii_control() => return Err(InvalidPath::Disguised),
        0..=0x7f => return Ok(1),
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Err(InvalidPath::NotUtf8),
    };
    let mut character = [first, 0, 0, 0];
    for (number, place) in character.iter_mut().enumerate().take(length).skip(1) {
        *place = byte(number)?;
    }
    str::from_utf8(&character[..length]).map(|_| length).map_err(|_| InvalidPath::NotUtf8)
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_path_with_one_reading_is_taken_as_it_is() {
        for path in [
            "/",
            "/api/contacts/42",
            "/api/contacts/",
            "/a.b/..c/...",
            "/a%20b",
            "/mail/a%40b.example/a@b.example",
            "/C%23",
            "/what%3F",
            "/b%C3%BCro",
            "/%e2%82%ac/%F0%9F%93%9E",
            "/a:b!$&'()*+,=~%7E",
        ] {
            assert_eq!(RawPath::parse(path.as_bytes()).map(RawPath::as_str), Ok(path));
        }
    }

    #[test]
    fn hostile_paths_are_refused() {
        use InvalidPath::{Character, Disguised, DotSegment, EmptySegment, NotAbsolute, NotUtf8, Percent};
        for (path, why) in [
            (&b""[..], NotAbsolute),
            (b"*", NotAbsolute),
            (b"api/contacts", NotAbsolute),
            (b"http://desk.example/api", NotAbsolute),
            (b"//", EmptySegment),
            (b"//evil.example/api", EmptySegment),
            (b"/api//contacts", EmptySegment),
            (b"/api/contacts//", EmptySegment),
            (b"/.", DotSegment),
            (b"/..", DotSegment),
            (b"/api/../admin", DotSegment),
            (b"/api/./contacts", DotSegment),
            (b"/api/contacts/..", DotSegment),
            (b"/api/%2e%2e/admin", Disguised),
            (b"/api/.%2E/admin", Disguised),
            (b"/api/%2e/contacts", Disguised),
            (b"/api%2Fadmin", Disguised),
            (b"/api/..%2fadmin", Disguised),
            (b"/api/..%5cadmin", Disguised),
            (b"/api%252Fadmin", Disguised),
            (b"/api/%252e%252e/admin", Disguised),
            (b"/api/100%25", Disguised),
            (b"/api/%61dmin", Disguised),
            (b"/api/%5F", Disguised),
            (b"/api%3Bx", Disguised),
            (b"/api/a%00b", Disguised),
            (b"/api/a%0d%0aX-Keydesk-Key-Id:%201", Disguised),
            (b"/api/%7f", Disguised),
            (b"/api\\admin", Character),
            (b"/api/..\\admin", Character),
            (b"/api/contacts;a=b", Character),
            (b"/api/..;/admin", Character),
            (b"/api/contacts#top", Character),
            (b"/api/contacts?x", Character),
            (b"/api/a b", Character),
            (b"/api/a\tb", Character),
            (b"/api/a\0b", Character),
            (b"/api/a\r\nb", Character),
            (b"/api/\x7f", Character),
            (b"/api/b\xc3\xbcro", Character),
            (b"/api/\xff", Character),
            (b"/api/{id}", Character),
            (b"/api/a|b", Character),
            (b"/api/a\"b<c>", Character),
            (b"/api/a^`b", Character),
            (b"/api/[1]", Character),
            (b"/api/%", Percent),
            (b"/api/%4", Percent),
            (b"/api/%zz", Percent),
            (b"/api/%u002e", Percent),
            (b"/api/%+2", Percent),
            (b"/api/%C3%", Percent),
            (b"/api/%C3%B", Percent),
            (b"/api/%ff", NotUtf8),
            (b"/api/%C3", NotUtf8),
            (b"/api/%C3/", NotUtf8),
            (b"/api/%C3x%BC", NotUtf8),
            (b"/api/%BC", NotUtf8),
            (b"/api/%c0%af", NotUtf8),
            (b"/api/%c0%ae%c0%ae/admin", NotUtf8),
            (b"/api/%e0%80%af", NotUtf8),
            (b"/api/%ed%a0%80", NotUtf8),
            (b"/api/%f4%90%80%80", NotUtf8),
        ] {
            assert_eq!(RawPath::parse(path), Err(why), "{}", String::from_utf8_lossy(path));
        }
    }

    #[test]
    fn the_query_is_no_part_of_it() {
        let path = |target: &'static str| RawPath::of_target(target.as_bytes()).map(RawPath::as_str);
        assert_eq!(path("/a?b=/../c#d?e"), Ok("/a"));
        assert_eq!(path("/a?"), Ok("/a"));
        assert_eq!(path("?/a"), Err(InvalidPath::NotAbsolute));
        assert_eq!(path("/a#?b"), Err(InvalidPath::Character));
    }

    /// The same rules, said the slow way.
    fn has_one_reading(path: &[u8]) -> bool {
        let Ok(text) = str::from_utf8(path) else { return false };
        let Some(rest) = text.strip_prefix('/') else { return false };
        let mut bytes = Vec::new();
        let mut left = text;
        while let Some(first) = left.chars().next() {
            if first != '%' {
                if !(first.is_ascii_alphanumeric() || "-._~!$&'()*+,=:@/".contains(first)) {
                    return false;
                }
                bytes.push(first as u8);
                left = &left[1..];
                continue;
            }
            let Some(byte) = left.get(1..3).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            else {
                return false;
            };
            let byte = u8::from_str_radix(byte, 16).unwrap();
            if byte.is_ascii_alphanumeric() || byte.is_ascii_control() || b"/\\.%;-_".contains(&byte) {
                return false;
            }
            bytes.push(byte);
            left = &left[3..];
        }
        let segments: Vec<_> = rest.split('/').collect();
        let (last, others) = segments.split_last().unwrap();
        String::from_utf8(bytes).is_ok()
            && others.iter().all(|segment| !segment.is_empty())
            && others.iter().chain([last]).all(|segment| !matches!(*segment, "." | ".."))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn any_path_gets_the_verdict_of_the_reference_rules(
            pieces in prop::collection::vec(prop::sample::select(vec![
                "/", "/", "/", ".", "..", "a", "Z9", "%", "%2", "%2e", "%2F", "%5C", "%25", "%41", "%20", "%C3", "%BC", "%C3%BC",
                "%e2%82%ac", "%f0%9f", "%ED%A0%80", ";", "\\", "~", "%7e", "@", "?", "#", " ", "é", "%00", "{", "+",
            ]), 0..8),
        ) {
            let path = format!("/{}", pieces.concat());
            prop_assert_eq!(RawPath::parse(path.as_bytes()).is_ok(), has_one_reading(path.as_bytes()), "{}", path);
        }

        #[test]
        fn any_bytes_get_the_verdict_of_the_reference_rules(bytes in prop::collection::vec(any::<u8>(), 0..12)) {
            prop_assert_eq!(RawPath::parse(&bytes).is_ok(), has_one_reading(&bytes));
        }
    }
}
