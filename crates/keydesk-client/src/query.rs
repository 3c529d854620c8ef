//! Queries and path segments, percent-encoded (RFC 3986).

use std::fmt::{Display, Write as _};

/// The query of a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query(String);

impl Query {
    /// With a pair.
    pub(crate) fn with(mut self, name: &str, value: impl Display) -> Self {
        self.0.push(if self.0.is_empty() { '?' } else { '&' });
        self.0.push_str(name);
        self.0.push('=');
        self.0.push_str(&encoded(&value.to_string()));
        self
    }

    /// With a pair, if there is a value.
    pub(crate) fn with_some(self, name: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// With a list, if there is anything in it.
    pub(crate) fn with_list(self, name: &str, values: &[impl Display]) -> Self {
        if values.is_empty() {
            return self;
        }
        let texts: Vec<_> = values.iter().map(ToString::to_string).collect();
        self.with(name, texts.join(","))
    }

    /// As it stands behind a path.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text as one segment of a path, or as a value of a query.
pub(crate) fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string can't fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plus_in_a_number_stays_a_plus() {
        let query = Query::default().with("phone", "+61 491 570 006").with_some("region", None::<&str>);
        assert_eq!(query.as_str(), "?phone=%2B61%20491%20570%20006");
    }

    #[test]
    fn lists_are_joined_and_empty_ones_left_out() {
        let query = Query::default().with_list("types", &["call.*", "x"]).with_list("agent_ids", &[] as &[&str]);
        assert_eq!(query.as_str(), "?types=call.%2A%2Cx");
    }
}
