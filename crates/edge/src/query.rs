//! Query strings, read strictly: a parameter that is unknown, repeated or malformed is refused.

use std::{borrow::Cow, fmt::Display, str::FromStr};

use http::Uri;
use percent_encoding::percent_decode;

use crate::{FieldError, Problem, printable};

/// A known name and its decoded value.
pub type Pair<'a> = (&'static str, Cow<'a, str>);

/// The parameters of a request, each at most once, and only `known` ones.
pub fn read(uri: &Uri, known: &[&'static str]) -> Result<Vec<(&'static str, String)>, Problem> {
    Ok(collect(uri, known, false)?.into_iter().map(|(name, value)| (name, value.into_owned())).collect())
}

/// The parameters of a request, as often as they occur, and only `known` ones.
pub fn pairs<'a>(uri: &'a Uri, known: &[&'static str]) -> Result<Vec<Pair<'a>>, Problem> {
    collect(uri, known, true)
}

fn collect<'a>(uri: &'a Uri, known: &[&'static str], repeated: bool) -> Result<Vec<Pair<'a>>, Problem> {
    let mut found: Vec<Pair<'a>> = Vec::new();
    let mut errors = Vec::new();
    for pair in uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode(name), decode(value));
        let name = name.as_deref().unwrap_or_default();
        match (known.iter().find(|known| **known == name), value) {
            (None, _) => errors.push(wrong(printable(name), "is not a parameter of this call")),
            (Some(name), None) => errors.push(wrong(name, "is not percent-encoded UTF-8")),
            (Some(name), Some(_)) if !repeated && found.iter().any(|(other, _)| other == name) => {
                errors.push(wrong(name, "is given twice"));
            }
            (Some(name), Some(value)) => found.push((name, value)),
        }
    }
    if errors.is_empty() { Ok(found) } else { Err(refuse(errors)) }
}

/// For calls that take no parameters. A key belongs in a header, so it is refused in a URL as everything else is.
pub fn none(uri: &Uri) -> Result<(), Problem> {
    match uri.query() {
        None | Some("") => Ok(()),
        Some(_) => read(uri, &[]).map(drop),
    }
}

/// What is wrong with one parameter.
pub fn wrong(name: &str, message: impl Into<String>) -> FieldError {
    FieldError { field: name.to_owned(), message: message.into() }
}

/// The value of a parameter. What is wrong with it is its type's own message, and repeats nothing of what was sent.
pub fn parsed<T: FromStr<Err: Display>>(name: &str, text: &str, errors: &mut Vec<FieldError>) -> Option<T> {
    text.parse().map_err(|error: T::Err| errors.push(wrong(name, error.to_string()))).ok()
}

/// Refuses a query.
pub fn refuse(errors: Vec<FieldError>) -> Problem {
    Problem::invalid("The query does not have the documented form.").errors(errors)
}

/// Nothing is copied where there is nothing to decode.
fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        return Some(Cow::Borrowed(text));
    }
    let valid = text.bytes().enumerate().filter(|(_, byte)| *byte == b'%').all(|(at, _)| {
        text.as_bytes().get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    });
    let spaced = text.replace('+', " ");
    valid.then(|| percent_decode(spaced.as_bytes()).decode_utf8().ok().map(|text| Cow::Owned(text.into_owned())))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_well_formed_parameters_pass() {
        for (query, expected) in [
            ("", Some(&[][..])),
            ("a=1&b=x%20y", Some(&[("a", "1"), ("b", "x y")])),
            ("b=x+y%2Bz", Some(&[("b", "x y+z")])),
            ("a", Some(&[("a", "")])),
            ("&&a=1&", Some(&[("a", "1")])),
            ("b=%C3%A4", Some(&[("b", "ä")])),
            ("b=100%25", Some(&[("b", "100%")])),
            ("c=1", None),
            ("a=1&a=1", None),
            ("b=%C3", None),
            ("b=%", None),
            ("b=%4", None),
            ("b=%zz", None),
            ("%FF=1", None),
        ] {
            let uri: Uri = format!("/x?{query}").parse().unwrap();
            let read = read(&uri, &["a", "b"]).ok();
            let expected = expected.map(|pairs| pairs.iter().map(|(n, v)| (*n, (*v).to_owned())).collect::<Vec<_>>());
            assert_eq!(read, expected, "{query}");
        }
    }
}
