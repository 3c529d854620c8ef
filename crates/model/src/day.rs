use std::{fmt, str::FromStr};

use jiff::civil::Date;

/// A day of the calendar, wherever it is that day: `2026-12-31`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Day(pub(crate) Date);

/// The text is no day between 0001-01-01 and 9999-12-31.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a day such as 2026-12-31")]
pub struct InvalidDay;

impl FromStr for Day {
    type Err = InvalidDay;

    fn from_str(text: &str) -> Result<Self, InvalidDay> {
        // jiff reads other forms of ISO 8601, too.
        let digit_or_hyphen =
            |(at, byte): (usize, u8)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() };
        let shaped = text.len() == 10 && text.bytes().enumerate().all(digit_or_hyphen);
        let day = text.parse().ok().filter(|day: &Date| shaped && day.year() > 0);
        day.map(Self).ok_or(InvalidDay)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_written_in_one_way() {
        for day in ["0001-01-01", "2024-02-29", "2026-12-31", "9999-12-31"] {
            assert_eq!(day.parse().map(|day: Day| day.to_string()), Ok(day.to_owned()));
        }
        for wrong in [
            "",
            "0000-01-01",
            "2026-02-29",
            "2026-1-1",
            "20261231",
            "2026-W53-4",
            "2026-12-31 ",
            "+002026-12-31",
            "２０26-12-31",
        ] {
            assert_eq!(wrong.parse::<Day>(), Err(InvalidDay), "{wrong}");
        }
    }
}
