//! Query strings, read strictly: a parameter that is unknown, repeated or malformed is refused.

use std::{cell::RefCell, fmt::Display, str::FromStr};

use http::Uri;
use percent_encoding::percent_decode_str;

use super::{FieldError, Problem};

/// The parameters of a request. What is wrong with them is collected, and told together by [`Query::end`].
#[derive(Debug)]
pub(crate) struct Query {
    pairs: Vec<(&'static str, String)>,
    wrong: RefCell<Vec<FieldError>>,
}

/// Bytes of a name that a caller may read again in a refusal.
const SHOWN_MAX: usize = 32;

impl Query {
    /// The parameters of an address, of which only `known` ones may come, and each once.
    pub(crate) fn of(uri: &Uri, known: &[&'static str]) -> Self {
        let query = Self { pairs: Vec::new(), wrong: RefCell::default() };
        uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()).fold(query, |mut query, pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decoded(name).unwrap_or_default(), decoded(value));
            match (known.iter().find(|known| **known == name), value) {
                (None, _) => query.refuse(shown(&name), "is not a parameter of this call"),
                (Some(name), None) => query.refuse((*name).to_owned(), "is not percent-encoded UTF-8"),
                (Some(name), Some(_)) if query.text(name).is_some() => {
                    query.refuse((*name).to_owned(), "is given twice");
                }
                (Some(name), Some(value)) => query.pairs.push((*name, value)),
            }
            query
        })
    }

    /// A parameter as it is.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// A parameter of a type, whose own message says what is wrong.
    pub(crate) fn get<T: FromStr<Err: Display>>(&self, name: &'static str) -> Option<T> {
        let parsed = self.text(name)?.parse::<T>();
        parsed.map_err(|error: T::Err| self.refuse(name.to_owned(), &error.to_string())).ok()
    }

    /// A parameter that is one of some words.
    pub(crate) fn word<T>(&self, name: &'static str, known: &[&str], of: impl Fn(&str) -> Option<T>) -> Option<T> {
        let found = of(self.text(name)?);
        if found.is_none() {
            self.refuse(name.to_owned(), &format!("is not one of {}", known.join(", ")));
        }
        found
    }

    /// Says what is wrong with a parameter.
    pub(crate) fn refuse(&self, name: String, message: &str) {
        self.wrong.borrow_mut().push(FieldError::new(name, message.to_owned()));
    }

    /// Refuses the request if anything is wrong with its parameters.
    ///
    /// # Errors
    /// 400.
    pub(crate) fn end(&self) -> Result<(), Problem> {
        let wrong = self.wrong.take();
        if wrong.is_empty() {
            return Ok(());
        }
        Err(Problem::invalid("The query does not have the documented form.").errors(wrong))
    }
}

fn shown(name: &str) -> String {
    let plain = (1..=SHOWN_MAX).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if plain { name.to_owned() } else { "(unknown)".to_owned() }
}

fn decoded(text: &str) -> Option<String> {
    let whole = |(at, _): (usize, u8)| {
        text.as_bytes().get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    let is_encoded = text.bytes().enumerate().filter(|(_, byte)| *byte == b'%').all(whole);
    let spaced = text.replace('+', " ");
    is_encoded.then(|| percent_decode_str(&spaced).decode_utf8().ok().map(|text| text.into_owned()))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(query: &str) -> bool {
        let query = Query::of(&format!("/x?{query}").parse().unwrap(), &["a", "b"]);
        let _ = query.get::<u8>("b");
        query.end().is_err()
    }

    #[test]
    fn only_known_well_formed_parameters_pass() {
        for good in ["", "a=1", "a=%2B&b=7", "a", "&&a=1&", "a=100%25"] {
            assert!(!refused(good), "{good}");
        }
        for bad in ["c=1", "a=1&a=1", "a=%C3", "a=%", "a=%4", "b=x", "b=256", "%FF=1"] {
            assert!(refused(bad), "{bad}");
        }
        let query = Query::of(&"/x?a=+61%20x".parse().unwrap(), &["a"]);
        assert_eq!(query.text("a"), Some(" 61 x"));
    }
}
