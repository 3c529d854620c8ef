use std::collections::HashSet;

use crate::OriginPattern;

/// Web origins of many keys together: whether any of them may be called from an origin is found without looking at each.
#[derive(Clone, Debug, Default)]
pub struct OriginUnion {
    exact: HashSet<OriginPattern>,
    wildcards: Vec<OriginPattern>,
}

/// Most patterns with a wildcard, each of which is looked at. Whoever has more than this is not in the union by them.
const WILDCARDS_MAX: usize = 1_000;
/// Most origins without one.
const EXACT_MAX: usize = 100_000;

impl OriginUnion {
    /// One more of them. What is there already changes nothing, and so does what is too many.
    pub fn add(&mut self, pattern: &OriginPattern) {
        if !pattern.is_wildcard() {
            if self.exact.len() < EXACT_MAX && !self.exact.contains(pattern) {
                self.exact.insert(pattern.clone());
            }
        } else if self.wildcards.len() < WILDCARDS_MAX && !self.wildcards.contains(pattern) {
            self.wildcards.push(pattern.clone());
        }
    }

    /// Whether an origin, as the header `Origin` writes it, is one of these.
    pub fn allows(&self, origin: &str) -> bool {
        let exact = OriginPattern::parse(origin).is_ok_and(|pattern| self.exact.contains(&pattern));
        exact || self.wildcards.iter().any(|pattern| pattern.matches(origin))
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.wildcards.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_allowed_if_any_pattern_matches_it() {
        let mut union = OriginUnion::default();
        assert!(union.is_empty() && !union.allows("https://a.example"));
        for pattern in ["https://a.example", "https://*.b.example", "http://localhost:3000", "https://a.example"] {
            union.add(&pattern.parse().unwrap());
        }
        for (origin, expected) in [
            ("https://a.example", true),
            ("https://A.example:443", true),
            ("http://a.example", false),
            ("https://x.a.example", false),
            ("https://x.b.example", true),
            ("https://b.example", false),
            ("https://*.b.example", false),
            ("http://localhost:3000", true),
            ("null", false),
            ("", false),
        ] {
            assert_eq!(union.allows(origin), expected, "{origin}");
        }
    }
}
