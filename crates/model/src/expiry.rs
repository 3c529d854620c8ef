use std::str::FromStr;

use crate::{Day, Instant, TimeZone};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Most days from now: a hundred years.
const DAYS_MAX: u32 = 36_500;

/// When a key expires, as people write it. REST takes instants only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// At an instant.
    At(Instant),
    /// This many times 24 hours from now, at least 1.
    InDays(u32),
    /// At the end of a day, in whoever's time zone: the key works on all of that day.
    EndOf(Day),
}

/// The text names no time at which a key could expire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "write an instant such as 2027-01-31T00:00:00Z, a number of days such as 90d, or the last day such as 2027-01-31"
)]
pub struct InvalidExpiry;

impl Expiry {
    /// This many days from now, written without a sign: 1 to 36500.
    pub fn in_days(number: &str) -> Option<Self> {
        let plain = number.bytes().all(|byte| byte.is_ascii_digit());
        let days = number.parse().ok().filter(|days| plain && (1..=DAYS_MAX).contains(days))?;
        Some(Self::InDays(days))
    }

    /// The instant that it means at `now`, where a day is one of `zone`.
    pub fn instant(self, now: Instant, zone: &TimeZone) -> Instant {
        match self {
            Self::At(instant) => instant,
            Self::InDays(days) => now.plus_millis(i64::from(days) * DAY_MS),
            Self::EndOf(day) => zone.end_of(day),
        }
    }
}

/// An instant, days such as `90d`, or a day such as `2026-12-31`.
impl FromStr for Expiry {
    type Err = InvalidExpiry;

    fn from_str(text: &str) -> Result<Self, InvalidExpiry> {
        if let Some(days) = text.strip_suffix('d') {
            return Self::in_days(days).ok_or(InvalidExpiry);
        }
        text.parse().map(Self::At).or_else(|_| text.parse().map(Self::EndOf)).map_err(|_| InvalidExpiry)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Instant = Instant::from_millis(1_795_382_405_999);

    #[test]
    fn an_expiry_is_an_instant_a_number_of_days_or_a_date() {
        let end = |text: &str| text.parse().map(|expiry: Expiry| expiry.instant(NOW, &TimeZone::UTC));
        for (text, expected) in [
            ("2027-02-03T04:05:06.789Z", "2027-02-03T04:05:06.789Z"),
            ("2027-02-03T04:05:06+01:00", "2027-02-03T03:05:06.000Z"),
            ("2026-12-31", "2027-01-01T00:00:00.000Z"),
            ("1d", "2026-11-23T21:20:05.999Z"),
            ("90d", "2027-02-20T21:20:05.999Z"),
            ("36500d", "2126-10-29T21:20:05.999Z"),
            ("9999-12-29", "9999-12-30T00:00:00.000Z"),
            ("9999-12-30", "9999-12-30T21:59:59.999Z"),
            ("9999-12-31", "9999-12-30T21:59:59.999Z"),
            ("9999-12-31T23:59:59Z", "9999-12-30T21:59:59.999Z"),
            ("9999-12-31T23:59:59.999+14:00", "9999-12-30T21:59:59.999Z"),
        ] {
            assert_eq!(end(text).map(|at| at.to_string()), Ok(expected.to_owned()), "{text}");
        }
        for wrong in [
            "",
            "d",
            "0d",
            "-1d",
            "+1d",
            "1.5d",
            "36501d",
            "99999999999d",
            "90",
            "90 d",
            "90D",
            "never",
            "soon",
            "2026-02-30",
            "2026-12-3",
            "20261231",
            "31.12.2026",
            "2026-12-31 ",
            "0000-01-01",
            "2026-W53-4",
            "2026-12-31T00:00:00",
            "2026-12-31T00:00:00d",
        ] {
            assert_eq!(end(wrong), Err(InvalidExpiry), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn a_day_has_24_hours_and_no_text_panics(days in 1..=DAYS_MAX, text in "\\PC{0,30}") {
            let read: Expiry = format!("{days}d").parse()?;
            prop_assert_eq!(read.instant(NOW, &TimeZone::UTC).as_millis() - NOW.as_millis(), i64::from(days) * DAY_MS);
            let _ = text.parse::<Expiry>();
        }
    }
}
