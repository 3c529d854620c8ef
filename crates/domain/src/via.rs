use std::net::IpAddr;

use uuid::Uuid;

/// Where a call came from, as the audit log keeps it. Nothing is known of the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Via {
    /// The client's address.
    pub address: Option<IpAddr>,
    /// The id that the client was told.
    pub request_id: Option<Uuid>,
    /// The client's program, in its own words.
    pub user_agent: Option<UserAgent>,
}

impl Via {
    /// The request alone: for an entry by nobody in particular beside one of the same request by the person. Theirs says where
    /// they were, and can forget it.
    pub(crate) fn request_alone(&self) -> Self {
        Self { request_id: self.request_id, ..Self::default() }
    }
}

impl From<IpAddr> for Via {
    fn from(address: IpAddr) -> Self {
        Self { address: Some(address), ..Self::default() }
    }
}

impl From<&Self> for Via {
    fn from(via: &Self) -> Self {
        via.clone()
    }
}

/// A `User-Agent`, cut to 200 characters. It is whatever a stranger sends, and has no control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserAgent(String);

/// Longest, in characters.
const LONGEST: usize = 200;

impl UserAgent {
    /// Of a header's value; `None`: it is empty.
    pub fn of(header: &[u8]) -> Option<Self> {
        // Four bytes are the longest character.
        let header = &header[..header.len().min(LONGEST * 4)];
        let text = String::from_utf8_lossy(header);
        let plain = |c: char| {
            if c.is_control()
                || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            {
                '\u{fffd}'
            } else {
                c
            }
        };
        let text: String = text.trim().chars().take(LONGEST).map(plain).collect();
        (!text.is_empty()).then_some(Self(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_agent_is_bounded_and_can_not_break_a_line() {
        let read = |bytes: &[u8]| UserAgent::of(bytes).map(|agent| agent.0);
        assert_eq!(read(b"curl/8.5"), Some("curl/8.5".to_owned()));
        assert_eq!(read(b" "), None);
        assert_eq!(read(b"a\x1b[2Jb\nc\0"), Some("a\u{fffd}[2Jb\u{fffd}c\u{fffd}".to_owned()));
        assert_eq!(read("a\u{202e}b".as_bytes()), Some("a\u{fffd}b".to_owned()));
        assert_eq!(read(b"\xff\xfe"), Some("\u{fffd}\u{fffd}".to_owned()));
        for long in ["a".repeat(9_000), "🦀".repeat(9_000)] {
            assert_eq!(read(long.as_bytes()).unwrap().chars().count(), LONGEST);
        }
    }
}
