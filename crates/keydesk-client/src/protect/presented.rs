//! The key that a call came with.

use http::{HeaderMap, HeaderName, header};

pub(super) const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// What a call came with.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Presented {
    /// One key.
    Key(String),
    /// None.
    Nothing,
    /// Several that differ, or something that is no key.
    Unclear,
}

/// Takes the key out of `Authorization: Bearer` or `X-API-Key`, so that whatever is behind does not see it.
pub(super) fn take(headers: &mut HeaderMap) -> Presented {
    let mut found: Option<String> = None;
    for name in [header::AUTHORIZATION, X_API_KEY] {
        for value in headers.get_all(&name) {
            let Ok(text) = value.to_str() else { return Presented::Unclear };
            let key = if name == X_API_KEY { Some(text) } else { bearer(text) };
            let Some(key) = key.map(str::trim).filter(|key| !key.is_empty()) else { continue };
            if found.as_deref().is_some_and(|other| other != key) {
                return Presented::Unclear;
            }
            found = Some(key.to_owned());
        }
    }
    headers.remove(header::AUTHORIZATION);
    headers.remove(X_API_KEY);
    found.map_or(Presented::Nothing, Presented::Key)
}

/// What follows the scheme, whose case does not matter.
fn bearer(text: &str) -> Option<&str> {
    let (scheme, rest) = text.trim_start().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(rest)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn taken(pairs: &[(&'static str, &'static str)]) -> (Presented, bool) {
        let mut headers: HeaderMap = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let presented = take(&mut headers);
        (presented, headers.is_empty())
    }

    #[test]
    fn one_key_is_taken_from_either_header() {
        let key = || Presented::Key("k".to_owned());
        assert_eq!(taken(&[("authorization", "Bearer k")]), (key(), true));
        assert_eq!(taken(&[("authorization", "bearer  k ")]), (key(), true));
        assert_eq!(taken(&[("x-api-key", "k")]), (key(), true));
        assert_eq!(taken(&[("x-api-key", "k"), ("authorization", "Bearer k")]), (key(), true));
    }

    #[test]
    fn two_keys_are_unclear_and_none_is_none() {
        assert_eq!(taken(&[("x-api-key", "a"), ("authorization", "Bearer b")]).0, Presented::Unclear);
        assert_eq!(taken(&[("authorization", "Bearer a"), ("authorization", "Bearer b")]).0, Presented::Unclear);
        assert_eq!(taken(&[("authorization", "Basic eDp5")]), (Presented::Nothing, true));
        assert_eq!(taken(&[("x-api-key", " ")]).0, Presented::Nothing);
    }
}
