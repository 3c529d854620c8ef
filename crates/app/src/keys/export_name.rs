//! What the file of an export is called: the day and the filter, so that two of them can be told apart.

use axum::http::HeaderValue;
use model::{Day, KeyStatus, looks_like_key};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::filter::Filter;

/// Most characters of the search that a name has.
const SEARCH_MAX: usize = 40;
/// What RFC 8187 wants encoded, of what a name can have.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.');

/// `Content-Disposition` (RFC 6266): the name in ASCII, and in full where that is not all of it.
pub(super) fn disposition(filter: &Filter, day: Day) -> HeaderValue {
    let full = name(filter, day, |c| c.is_alphanumeric());
    let plain = name(filter, day, |c| c.is_ascii_alphanumeric());
    let mut text = format!("attachment; filename=\"{plain}\"");
    if full != plain {
        text.push_str(&format!("; filename*=UTF-8''{}", utf8_percent_encode(&full, ENCODED)));
    }
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("attachment; filename=\"api-keys.csv\""))
}

fn name(filter: &Filter, day: Day, kept: impl Fn(char) -> bool) -> String {
    let state = match filter.status {
        // As the list calls them.
        Some(KeyStatus::Revoked) => Some("deleted"),
        _ => filter.state(),
    };
    let mut parts = vec!["api-keys".to_owned(), day.to_string()];
    parts.extend(state.map(|state| state.replace('_', "-")));
    parts.extend(filter.environment.map(|environment| environment.as_str().to_owned()));
    parts.extend(filter.preset.map(|preset| preset.as_str().replace('_', "-")));
    let searched = if looks_like_key(&filter.search) { String::new() } else { words(&filter.search, kept) };
    if !searched.is_empty() {
        parts.push(format!("search-{searched}"));
    }
    format!("{}.csv", parts.join("-"))
}

/// The text's letters and digits, in lower case, with hyphens in between.
fn words(text: &str, kept: impl Fn(char) -> bool) -> String {
    let lower = text.to_lowercase();
    let all = lower.split(|c| !kept(c)).filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-");
    let most: String = all.chars().take(SEARCH_MAX).collect();
    most.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use model::{Environment, Preset};

    use super::*;

    fn called(filter: &Filter) -> String {
        let day = "2026-11-26".parse().unwrap();
        disposition(filter, day).to_str().unwrap().replace("attachment; ", "")
    }

    fn search(text: &str) -> Filter {
        Filter { search: text.to_owned(), ..Filter::default() }
    }

    #[test]
    fn a_name_has_the_day_and_the_filter() {
        assert_eq!(called(&Filter::default()), "filename=\"api-keys-2026-11-26.csv\"");
        let disabled = Filter { status: Some(KeyStatus::Disabled), ..search("  Acme, Ltd. ") };
        assert_eq!(called(&disabled), "filename=\"api-keys-2026-11-26-disabled-search-acme-ltd.csv\"");
        let deleted = Filter { status: Some(KeyStatus::Revoked), ..Filter::default() };
        assert_eq!(called(&deleted), "filename=\"api-keys-2026-11-26-deleted.csv\"");
        let all = Filter {
            expiring: true,
            attention: None,
            environment: Some(Environment::Test),
            preset: Some(Preset::WorkforceManagement),
            ..Filter::default()
        };
        assert_eq!(called(&all), "filename=\"api-keys-2026-11-26-expiring-test-workforce-management.csv\"");
    }

    #[test]
    fn other_alphabets_are_in_the_name_in_full() {
        let expected = "filename=\"api-keys-2026-11-26-search-m-ller.csv\"; filename*=UTF-8''api-keys-2026-11-26-search-m%C3%BCller.csv";
        assert_eq!(called(&search("Müller")), expected);
        let expected =
            "filename=\"api-keys-2026-11-26.csv\"; filename*=UTF-8''api-keys-2026-11-26-search-%E6%9D%B1%E4%BA%AC.csv";
        assert_eq!(called(&search("東京")), expected);
    }

    #[test]
    fn nothing_that_was_searched_for_leaves_the_name() {
        for odd in
            ["\"; filename=\"x.exe", "../../etc/passwd", "a\r\nSet-Cookie: b", "\u{202e}vsc.exe", "\0", "%22", "a/b\\c"]
        {
            let called = called(&search(odd));
            let (before, after) = called.split_once("\"; filename*").unwrap_or((called.trim_end_matches('"'), ""));
            assert!(
                before.strip_prefix("filename=\"").is_some_and(|name| !name.contains(['"', '/', '\\', '%'])),
                "{called}"
            );
            assert!(!after.contains(['"', '/', '\\', '\u{202e}']), "{called}");
        }
        assert!(called(&search(&"a ".repeat(300))).len() < 100);
    }

    #[test]
    fn no_key_is_in_a_name() {
        let key = "ccc_live_7QfxA1b2C3d4E5f6G7h8I9j0K1l2M3n4c2Xa";
        for text in [key, &key[9..], &key[..30], &format!("where is {key}?")] {
            assert_eq!(called(&search(text)), "filename=\"api-keys-2026-11-26.csv\"");
        }
    }
}
