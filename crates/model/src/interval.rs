//! Intervals of a day in which figures are added up, by the clocks of a time zone.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Instant, PeriodBounds, TimeZone};

/// How long an interval is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum IntervalLength {
    /// A quarter of an hour.
    #[serde(rename = "15m")]
    Quarter,
    /// Half an hour.
    #[serde(rename = "30m")]
    Half,
    /// An hour.
    #[serde(rename = "60m")]
    Hour,
    /// A day of the calendar.
    #[serde(rename = "day")]
    Day,
}

/// The text names no length of intervals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a length of intervals; write 15m, 30m, 60m or day")]
pub struct UnknownLength;

impl IntervalLength {
    /// From the shortest to the longest.
    pub const ALL: [Self; 4] = [Self::Quarter, Self::Half, Self::Hour, Self::Day];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Quarter => "15m",
            Self::Half => "30m",
            Self::Hour => "60m",
            Self::Day => "day",
        }
    }

    /// In milliseconds; `None` for a day, which is as long as clocks make it.
    const fn millis(self) -> Option<i64> {
        match self {
            Self::Quarter => Some(15 * 60_000),
            Self::Half => Some(30 * 60_000),
            Self::Hour => Some(60 * 60_000),
            Self::Day => None,
        }
    }
}

impl fmt::Display for IntervalLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for IntervalLength {
    type Err = UnknownLength;

    fn from_str(text: &str) -> Result<Self, UnknownLength> {
        Self::ALL.into_iter().find(|length| length.as_str() == text).ok_or(UnknownLength)
    }
}

impl TimeZone {
    /// The interval that an instant is in. Intervals begin at full quarters, halves or hours of the clocks here, and where the
    /// clocks change. So none is longer than its name says, an hour that comes twice is two, and where clocks change by half an
    /// hour, one is half as long.
    pub fn interval(&self, length: IntervalLength, at: Instant) -> PeriodBounds {
        let Some(length) = length.millis() else {
            let day = self.day(at);
            return PeriodBounds { start: self.start_of(day), end: self.end_of(day) };
        };
        let since = self.since_midnight(at) % length;
        let (start, end) = (at.plus_millis(-since), at.plus_millis(length - since));
        PeriodBounds {
            start: self.last_change(at).map_or(start, |change| start.max(change)),
            end: self.next_change(at).map_or(end, |change| end.min(change)),
        }
    }

    /// What the clocks here show, with how far they are ahead of UTC: `2026-10-04T03:00:00.000+11:00`.
    pub fn local(&self, at: Instant) -> String {
        let ahead = self.offset_seconds(at) / 60;
        let sign = if ahead < 0 { '-' } else { '+' };
        let (hours, minutes) = (ahead.abs() / 60, ahead.abs() % 60);
        format!("{:.3}{sign}{hours:02}:{minutes:02}", self.civil(at))
    }

    /// Milliseconds by which the clocks here have gone on since they showed midnight, if they had not been changed.
    fn since_midnight(&self, at: Instant) -> i64 {
        let ahead = i64::from(self.offset_seconds(at)) * 1_000;
        at.as_millis().saturating_add(ahead).rem_euclid(24 * 60 * 60_000)
    }

    /// When the clocks here changed last, at an instant or before it.
    fn last_change(&self, at: Instant) -> Option<Instant> {
        let after = Timestamp::from_millisecond(at.plus_millis(1).as_millis()).ok()?;
        let change = self.preceding(after)?;
        Some(Instant::from_millis(change.as_millisecond()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ZONES: [&str; 13] = [
        "UTC",
        "America/Los_Angeles",
        "Australia/Sydney",
        "Australia/Adelaide",
        "Pacific/Kiritimati",
        "Pacific/Apia",
        "Africa/Cairo",
        "Asia/Gaza",
        "America/Havana",
        "America/St_Johns",
        "Asia/Beirut",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
    ];

    fn zone(name: &str) -> TimeZone {
        name.parse().unwrap()
    }

    /// All intervals of a day.
    fn of_day(zone: &TimeZone, day: &str, length: IntervalLength) -> Vec<PeriodBounds> {
        let day = day.parse().unwrap();
        let mut intervals = Vec::new();
        let mut at = zone.start_of(day);
        while at < zone.end_of(day) {
            let interval = zone.interval(length, at);
            assert_eq!(interval.start, at, "{interval:?}");
            at = interval.end;
            intervals.push(interval);
        }
        assert_eq!(at, zone.end_of(day));
        intervals
    }

    #[test]
    fn days_on_which_clocks_change_have_more_or_fewer() {
        for (name, day, quarters, halves, hours) in [
            ("UTC", "2026-04-05", 96, 48, 24),
            ("Australia/Sydney", "2026-04-05", 100, 50, 25),
            ("Australia/Sydney", "2026-10-04", 92, 46, 23),
            ("Australia/Adelaide", "2026-04-05", 100, 50, 25),
            ("Australia/Adelaide", "2026-10-04", 92, 46, 23),
            // By half an hour: one of the hours has only 30 minutes.
            ("Australia/Lord_Howe", "2026-04-05", 98, 49, 25),
            ("Australia/Lord_Howe", "2026-10-04", 94, 47, 24),
            ("Africa/Cairo", "2027-04-30", 92, 46, 23),
            ("America/Havana", "2024-11-03", 100, 50, 25),
        ] {
            let zone = zone(name);
            let counted = [IntervalLength::Quarter, IntervalLength::Half, IntervalLength::Hour]
                .map(|length| of_day(&zone, day, length).len());
            assert_eq!(counted, [quarters, halves, hours], "{name} {day}");
            assert_eq!(of_day(&zone, day, IntervalLength::Day).len(), 1, "{name} {day}");
        }
    }

    #[test]
    fn an_hour_of_thirty_minutes_exists_on_lord_howe() {
        for day in ["2026-04-05", "2026-10-04"] {
            let hours = of_day(&zone("Australia/Lord_Howe"), day, IntervalLength::Hour);
            let minutes = |hour: &PeriodBounds| (hour.end.as_millis() - hour.start.as_millis()) / 60_000;
            assert_eq!(hours.iter().filter(|hour| minutes(hour) == 30).count(), 1, "{day}");
            assert!(hours.iter().all(|hour| [30, 60].contains(&minutes(hour))), "{day}");
        }
    }

    #[test]
    fn local_clocks_are_told_with_their_offset() {
        let local = |name: &str, at: &str| zone(name).local(at.parse().unwrap());
        assert_eq!(local("UTC", "2026-10-04T00:00:00Z"), "2026-10-04T00:00:00.000+00:00");
        assert_eq!(local("Australia/Sydney", "2026-10-03T16:00:00Z"), "2026-10-04T03:00:00.000+11:00");
        assert_eq!(local("Australia/Adelaide", "2026-06-30T14:30:00.007Z"), "2026-07-01T00:00:00.007+09:30");
        assert_eq!(local("America/St_Johns", "2026-01-01T00:00:00Z"), "2025-12-31T20:30:00.000-03:30");
    }

    #[test]
    fn lengths_are_named_as_they_are_written() {
        for length in IntervalLength::ALL {
            assert_eq!(length.to_string().parse(), Ok(length));
            assert_eq!(serde_json::to_value(length).unwrap(), length.as_str());
        }
        for bad in ["", "15", "15M", "45m", "hour"] {
            assert_eq!(bad.parse::<IntervalLength>(), Err(UnknownLength), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn intervals_follow_each_other_without_a_gap(
            at in 0_i64..4_000_000_000_000,
            length in prop::sample::select(IntervalLength::ALL.to_vec()),
            name in prop::sample::select(ZONES.to_vec()),
        ) {
            let (zone, at) = (zone(name), Instant::from_millis(at));
            let interval = zone.interval(length, at);
            prop_assert!(interval.contains(at), "{name} {length} {at} {interval:?}");
            prop_assert_eq!(zone.interval(length, interval.start), interval);
            prop_assert_eq!(zone.interval(length, interval.end.plus_millis(-1)), interval);
            prop_assert_eq!(zone.interval(length, interval.end).start, interval.end);
            let whole = zone.interval(IntervalLength::Day, at);
            prop_assert!(whole.start <= interval.start && interval.end <= whole.end, "{name} {length} {at}");
        }
    }
}
