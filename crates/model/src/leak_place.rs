use crate::{is_invisible, looks_like_key};

/// Longest address that is kept of a place where a key was found, in characters.
pub const LEAK_URL_MAX: usize = 500;
/// Longest name of a kind of place.
const SOURCE_MAX: usize = 50;

/// Where a key was found, as whoever found it says: a text of others, of which only what is short, visible and no key is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeakPlace {
    /// The address, or the file.
    pub url: Option<String>,
    /// The kind of place, such as `content`, `commit` or `pull_request_body`.
    pub source: Option<String>,
}

impl LeakPlace {
    /// Of what a report says.
    pub fn of(url: Option<&str>, source: Option<&str>) -> Self {
        let named = |source: &&str| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
            !source.is_empty() && source.len() <= SOURCE_MAX && source.bytes().all(plain)
        };
        Self { url: url.and_then(address), source: source.filter(named).map(str::to_owned) }
    }
}

/// The address without what steers a terminal, cut, and without a part that holds a key: that would be the leak once more.
fn address(text: &str) -> Option<String> {
    let plain = |c: char| if is_invisible(c) { '\u{fffd}' } else { c };
    let cut: String = text.trim().chars().take(LEAK_URL_MAX).map(plain).collect();
    let without_query = cut.split(['?', '#']).next().unwrap_or_default().to_owned();
    let host_alone = cut.split_once("://").map(|(scheme, rest)| {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        format!("{scheme}://{host}")
    });
    let less_and_less = [Some(cut), Some(without_query), host_alone];
    less_and_less.into_iter().flatten().find(|text| !text.is_empty() && !looks_like_key(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Option<String> {
        LeakPlace::of(Some(text), None).url
    }

    #[test]
    fn an_address_is_kept_as_it_is_where_it_is_short_and_no_key() {
        for text in [
            "https://github.com/octocat/Hello-World/blob/12345600b9cbe38a219f39a9941c9319b600c002/foo/bar.txt",
            "https://github.com/octocat/Hello-World/issues/7#issuecomment-1234567890",
            "config/prod.env",
        ] {
            assert_eq!(url(text).as_deref(), Some(text));
        }
        assert_eq!((url(""), url(" \n"), LeakPlace::of(None, None)), (None, None, LeakPlace::default()));
        assert_eq!(url("https://a.example/\u{1b}[2J\u{202e}b").unwrap(), "https://a.example/\u{fffd}[2J\u{fffd}b");
        assert_eq!(url(&"ä".repeat(9_000)).unwrap().chars().count(), LEAK_URL_MAX);
    }

    #[test]
    fn no_key_gets_into_the_log_by_an_address() {
        let key = "ccc_live_7QfxAbcdefghijklmnopqrstuvwxyz012345";
        for (text, kept) in [
            (format!("https://paste.example/a?token={key}"), Some("https://paste.example/a")),
            (format!("https://paste.example/{key}/b"), Some("https://paste.example")),
            (format!("https://paste.example/a#{key}"), Some("https://paste.example/a")),
            (key.to_owned(), None),
            (format!("https://{key}.example/"), None),
        ] {
            assert_eq!(url(&text).as_deref(), kept, "{text}");
        }
    }

    #[test]
    fn a_kind_of_place_is_one_word() {
        for (text, kept) in [
            ("content", Some("content")),
            ("pull_request_body", Some("pull_request_body")),
            ("", None),
            ("a b", None),
            ("ä", None),
        ] {
            assert_eq!(LeakPlace::of(None, Some(text)).source.as_deref(), kept, "{text}");
        }
        assert_eq!(LeakPlace::of(None, Some(&"a".repeat(51))).source, None);
    }
}
