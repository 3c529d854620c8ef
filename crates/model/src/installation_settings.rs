//! What an owner sets for their installation, besides its title and its time zone.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Instant, is_invisible};

/// Longest contact, in characters.
pub const CONTACT_MAX: usize = 200;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Whom people ask where the API Keys module is off, in their words: 1 to [`CONTACT_MAX`] characters in one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Contact(Box<str>);

/// The text names nobody whom one could ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must have 1 to {CONTACT_MAX} visible characters in one line")]
pub struct InvalidContact;

impl Contact {
    /// Trims and checks the text. A full stop at its end is no part of it: it stands in a sentence.
    pub fn parse(text: &str) -> Result<Self, InvalidContact> {
        if text.len() > CONTACT_MAX * 4 * 4 {
            return Err(InvalidContact);
        }
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let words = words.trim_end_matches('.').trim_end();
        let counted = (1..=CONTACT_MAX).contains(&words.chars().count());
        let seen = !words.chars().any(|c| c.is_control() || is_invisible(c));
        if counted && seen { Ok(Self(words.into())) } else { Err(InvalidContact) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Contact {
    type Err = InvalidContact;

    fn from_str(text: &str) -> Result<Self, InvalidContact> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Contact {
    type Error = InvalidContact;

    fn try_from(text: String) -> Result<Self, InvalidContact> {
        Self::parse(&text)
    }
}

impl From<Contact> for String {
    fn from(contact: Contact) -> Self {
        contact.0.into()
    }
}

/// Within how many days a key must end: 1 to [`KeyLife::MAX_DAYS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct KeyLife(u32);

/// The number of days is 0 or too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number of days from 1 to {}", KeyLife::MAX_DAYS)]
pub struct InvalidKeyLife;

impl KeyLife {
    /// A hundred years.
    pub const MAX_DAYS: u32 = 36_500;
    /// One day.
    pub const SHORTEST: Self = Self(1);

    /// The days.
    pub const fn days(self) -> u32 {
        self.0
    }

    /// When a key ends that is given no end.
    pub fn end(self, now: Instant) -> Instant {
        now.plus_millis(i64::from(self.0) * DAY_MS)
    }

    /// The last instant at which a key may end whose end is set now. A day more, since an end that people write is the end of a day,
    /// by somebody's clocks.
    pub fn latest(self, now: Instant) -> Instant {
        self.end(now).plus_millis(DAY_MS)
    }
}

impl TryFrom<u32> for KeyLife {
    type Error = InvalidKeyLife;

    fn try_from(days: u32) -> Result<Self, InvalidKeyLife> {
        if (1..=Self::MAX_DAYS).contains(&days) { Ok(Self(days)) } else { Err(InvalidKeyLife) }
    }
}

impl From<KeyLife> for u32 {
    fn from(life: KeyLife) -> Self {
        life.0
    }
}

/// A number of days, with `d` behind it or without.
impl FromStr for KeyLife {
    type Err = InvalidKeyLife;

    fn from_str(text: &str) -> Result<Self, InvalidKeyLife> {
        let digits = text.trim();
        let digits = digits.strip_suffix('d').unwrap_or(digits);
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse().ok().filter(|_| plain).ok_or(InvalidKeyLife).and_then(|days: u32| Self::try_from(days))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_is_one_line_that_can_be_read() {
        let parse = |text: &str| Contact::parse(text).map(String::from);
        assert_eq!(
            parse("  the  Service Desk,\tdesk@example.com. "),
            Ok("the Service Desk, desk@example.com".to_owned())
        );
        assert_eq!(parse(&"ü".repeat(CONTACT_MAX)), Ok("ü".repeat(CONTACT_MAX)));
        for wrong in ["", " ", ".", "a\u{202e}b", "a\u{0}b", &"ü".repeat(CONTACT_MAX + 1), &"a".repeat(100_000)] {
            assert_eq!(parse(wrong), Err(InvalidContact), "{wrong:.20}");
        }
        assert!(serde_json::from_str::<Contact>("\"\"").is_err());
    }

    #[test]
    fn a_life_is_a_number_of_days_and_the_day_in_which_it_ends() {
        for (text, days) in [("1", Some(1)), ("90d", Some(90)), (" 36500 ", Some(36_500))] {
            assert_eq!(text.parse::<KeyLife>().ok().map(KeyLife::days), days, "{text}");
        }
        for wrong in ["", "0", "36501", "-1", "+1", "1.5", "d", "90 d", "999999999999"] {
            assert_eq!(wrong.parse::<KeyLife>(), Err(InvalidKeyLife), "{wrong}");
        }
        let life: KeyLife = "30".parse().unwrap();
        let now = Instant::from_millis(1_795_382_405_999);
        assert_eq!(life.end(now).as_millis() - now.as_millis(), 30 * DAY_MS);
        assert_eq!(life.latest(now).as_millis() - now.as_millis(), 31 * DAY_MS);
    }
}
