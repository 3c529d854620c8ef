//! What the address of the page asks for.

use std::net::IpAddr;

use domain::{RefusalCursor, RefusalQuery};
use model::{Instant, KeyId, RefusalCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

const HOUR_MS: i64 = 60 * 60 * 1000;

/// How far back the page looks: the name in the address, what people read, and hours.
pub(super) const RANGES: [(&str, &str, i64); 3] =
    [("1h", "Last hour", 1), ("6h", "Last 6 hours", 6), ("24h", "Last 24 hours", 24)];

/// The values of the form above the list, as they were typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RefusalFields {
    pub(super) client: String,
    pub(super) key: Option<KeyId>,
    pub(super) code: Option<RefusalCode>,
    pub(super) address: String,
    pub(super) request: String,
    /// One of [`RANGES`].
    pub(super) range: Option<&'static str>,
    pub(super) cursor: Option<RefusalCursor>,
}

impl RefusalFields {
    pub(super) fn read(pairs: &[(String, String)]) -> Self {
        let text = |name: &str| pairs.iter().find(|(other, _)| other == name).map_or("", |(_, value)| value.trim());
        Self {
            client: text("client").to_owned(),
            key: text("key").parse().ok(),
            code: text("code").parse().ok(),
            address: text("address").to_owned(),
            request: text("request").to_owned(),
            range: RANGES.iter().find(|(name, ..)| *name == text("range")).map(|(name, ..)| *name),
            cursor: text("cursor").parse().ok(),
        }
    }

    /// Whether anything but the whole list is asked for.
    pub(super) fn is_filtered(&self) -> bool {
        let all = Self { cursor: self.cursor, ..Self::default() };
        *self != all
    }

    pub(super) fn address_is_wrong(&self) -> bool {
        !self.address.is_empty() && self.address.parse::<IpAddr>().is_err()
    }

    pub(super) fn request_is_wrong(&self) -> bool {
        // Both are UUIDs.
        !self.request.is_empty() && self.request.parse::<KeyId>().is_err()
    }

    /// What is asked of the domain; `None`: nothing can match.
    pub(super) fn query(&self, now: Instant) -> Option<RefusalQuery> {
        if self.address_is_wrong() || self.request_is_wrong() {
            return None;
        }
        let hours = RANGES.iter().find(|(name, ..)| Some(*name) == self.range).map(|(.., hours)| *hours);
        Some(RefusalQuery {
            from: hours.map(|hours| now.plus_millis(-hours * HOUR_MS)),
            to: None,
            key: self.key,
            client: Some(self.client.clone()).filter(|client| !client.is_empty()),
            code: self.code,
            address: self.address.parse().ok(),
            request: self.request.parse().ok(),
            cursor: self.cursor,
        })
    }

    /// The address of the same list from another place on.
    pub(super) fn href(&self, cursor: Option<RefusalCursor>) -> String {
        let pairs = [
            ("client", self.client.clone()),
            ("key", self.key.map(|key| key.to_string()).unwrap_or_default()),
            ("code", self.code.map(|code| code.to_string()).unwrap_or_default()),
            ("address", self.address.clone()),
            ("request", self.request.clone()),
            ("range", self.range.unwrap_or_default().to_owned()),
            ("cursor", cursor.map(|cursor| cursor.to_string()).unwrap_or_default()),
        ];
        let pairs = pairs.iter().filter(|(_, value)| !value.is_empty());
        let pairs: Vec<_> =
            pairs.map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC))).collect();
        if pairs.is_empty() { super::PATH.to_owned() } else { format!("{}?{}", super::PATH, pairs.join("&")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_address_is_read_as_it_was_written() {
        let read = RefusalFields::read(&pairs(&[
            ("client", " Müller & Söhne "),
            ("key", "01981d2c-9e5b-7c3a-8b1d-0123456789ab"),
            ("code", "ip_not_allowed"),
            ("address", "2001:db8::1"),
            ("range", "6h"),
        ]));
        assert!(read.is_filtered() && !read.address_is_wrong());
        let query = read.query(Instant::from_millis(6 * HOUR_MS)).unwrap();
        assert_eq!((query.from, query.address.is_some()), (Some(Instant::from_millis(0)), true));
        let href = read.href(None);
        let (path, query) = href.split_once('?').unwrap();
        assert_eq!(path, "/usage/refusals");
        let again: Vec<(String, String)> = query
            .split('&')
            .map(|pair| pair.split_once('=').unwrap())
            .map(|(name, value)| {
                let value = percent_encoding::percent_decode_str(value).decode_utf8().unwrap();
                (name.to_owned(), value.into_owned())
            })
            .collect();
        assert_eq!(RefusalFields::read(&again), read);
    }

    #[test]
    fn what_is_no_value_filters_nothing_or_matches_nothing() {
        let read = |name, value| RefusalFields::read(&pairs(&[(name, value)]));
        for (name, value) in [("key", "1"), ("code", "VALID"), ("range", "1y"), ("cursor", "x"), ("page", "2")] {
            assert!(!read(name, value).is_filtered(), "{name}");
        }
        for (name, value) in [("address", "localhost"), ("request", "7")] {
            assert_eq!(read(name, value).query(Instant::from_millis(0)), None, "{name}");
        }
    }
}
