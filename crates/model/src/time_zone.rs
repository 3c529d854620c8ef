//! Whose days they are. The IANA database is inside of the binary, so that every machine and every node knows the same zones.

use std::{fmt, str::FromStr, sync::OnceLock};

use jiff::{
    Timestamp,
    civil::DateTime,
    tz::{self, AmbiguousOffset, TimeZoneDatabase},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Day, Instant, TimeZoneName};

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A time zone of the IANA database, for example `Europe/Zurich`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeZone(tz::TimeZone);

/// The text names no time zone of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a time zone that Keydesk knows; write an IANA name such as Europe/Zurich, America/New_York or UTC")]
pub struct UnknownTimeZone;

/// Every zone that was asked for is kept in it; there are some 600.
fn database() -> &'static TimeZoneDatabase {
    static DATABASE: OnceLock<TimeZoneDatabase> = OnceLock::new();
    DATABASE.get_or_init(TimeZoneDatabase::bundled)
}

impl TimeZone {
    /// Coordinated Universal Time.
    pub const UTC: Self = Self(tz::TimeZone::UTC);

    /// The name of every zone of the database, in the order of the alphabet.
    pub fn names() -> Vec<String> {
        let mut names: Vec<_> = database().available().map(|name| name.as_str().to_owned()).collect();
        names.sort_unstable();
        names
    }

    /// Its name in the database.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// Its place for people, who know a zone by its city: `Sydney`, `Buenos Aires`, `UTC`, `UTC-5`.
    pub fn place(&self) -> String {
        let name = self.name();
        let last = name.rsplit('/').next().unwrap_or(name);
        match last {
            "UTC" | "UCT" | "Universal" | "Zulu" => return "UTC".to_owned(),
            _ => {}
        }
        // The signs of these names are those of POSIX: Etc/GMT+5 is five hours behind.
        match name.strip_prefix("Etc/GMT") {
            Some("" | "0" | "+0" | "-0") => "UTC".to_owned(),
            Some(behind) if behind.starts_with('+') => behind.replace('+', "UTC-"),
            Some(ahead) if ahead.starts_with('-') => ahead.replace('-', "UTC+"),
            _ => last.replace('_', " "),
        }
    }

    /// The end of a day here: the first instant of the next. Of a day that the clocks left out, it is the instant at which they
    /// did.
    pub fn end_of(&self, day: Day) -> Instant {
        let next = day.0.tomorrow().map(|next| next.at(0, 0, 0, 0));
        let start = next.ok().and_then(|next| self.first_at_or_after(next));
        // After the last day there is no other, and at the end of time no zone has its own.
        start.map_or(Instant::from_millis(i64::MAX), |start| Instant::from_millis(start.as_millisecond()))
    }

    /// The first instant of a day here; of a day that the clocks left out, the instant at which they did.
    pub fn start_of(&self, day: Day) -> Instant {
        let start = self.first_at_or_after(day.0.at(0, 0, 0, 0));
        start.map_or(Instant::from_millis(i64::MIN), |start| Instant::from_millis(start.as_millisecond()))
    }

    /// The first instant at which clocks here show this or, where they left it out, something later.
    pub(crate) fn first_at_or_after(&self, civil: DateTime) -> Option<Timestamp> {
        match self.0.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(civil).ok(),
            AmbiguousOffset::Fold { before, .. } => before.to_timestamp(civil).ok(),
            AmbiguousOffset::Gap { after, .. } => {
                // Clocks went on at an instant before the one that they would show with the offset of afterwards, or at it.
                let within = after.to_timestamp(civil).ok()?;
                self.0.following(within).next().map(|transition| transition.timestamp())
            }
        }
    }

    /// When the clocks here change next, strictly after an instant.
    pub(crate) fn next_change(&self, at: Instant) -> Option<Instant> {
        let at = Timestamp::from_millisecond(at.as_millis()).ok()?;
        let change = self.0.following(at).next()?;
        Some(Instant::from_millis(change.timestamp().as_millisecond()))
    }

    /// The instant of the last change of the clocks here, strictly before an instant.
    pub(crate) fn preceding(&self, at: Timestamp) -> Option<Timestamp> {
        self.0.preceding(at).next().map(|transition| transition.timestamp())
    }

    /// How far the clocks here are ahead of UTC, in seconds.
    pub(crate) fn offset_seconds(&self, at: Instant) -> i32 {
        self.0.to_offset(Timestamp::from_millisecond(at.as_millis()).unwrap_or(Timestamp::MAX)).seconds()
    }

    /// The day here, as file names and forms write it: `2026-11-26`.
    pub fn day(&self, at: Instant) -> Day {
        Day(self.civil(at).date())
    }

    /// The day of the week here, counted from Monday, and the hour of the day.
    pub fn hour_of_week(&self, at: Instant) -> (usize, usize) {
        let civil = self.civil(at);
        let day = civil.weekday().to_monday_zero_offset();
        (usize::from(day.unsigned_abs()), usize::from(civil.hour().unsigned_abs()))
    }

    /// An instant in words: `22 Nov 2026, 21:20, Sydney`.
    pub fn words(&self, at: Instant) -> String {
        format!("{}, {}", self.day_and_time_words(at), self.place())
    }

    /// The end of something in words. What ends with a day does so at 23:59, as people say, and not at 0:00 of the next.
    pub fn end_words(&self, end: Instant) -> String {
        let last = end.plus_millis(-1);
        self.words(if self.day(last) == self.day(end) { end } else { last })
    }

    /// The last day of something that ends: `31 Dec 2026`.
    pub fn end_day_words(&self, end: Instant) -> String {
        self.day_words(end.plus_millis(-1))
    }

    /// A day in words: `22 Nov 2026`.
    pub fn day_words(&self, at: Instant) -> String {
        let civil = self.civil(at);
        let month = usize::from(civil.month().unsigned_abs()).checked_sub(1).and_then(|month| MONTHS.get(month));
        format!("{} {} {:04}", civil.day(), month.unwrap_or(&""), civil.year())
    }

    /// What clocks here show: `21:20`.
    pub fn time_words(&self, at: Instant) -> String {
        let civil = self.civil(at);
        format!("{:02}:{:02}", civil.hour(), civil.minute())
    }

    /// Both: `22 Nov 2026, 21:20`.
    pub fn day_and_time_words(&self, at: Instant) -> String {
        format!("{}, {}", self.day_words(at), self.time_words(at))
    }

    pub(crate) fn civil(&self, at: Instant) -> DateTime {
        // An `Instant` is always within what jiff can hold.
        self.0.to_datetime(Timestamp::from_millisecond(at.as_millis()).unwrap_or(Timestamp::MAX))
    }
}

impl Default for TimeZone {
    fn default() -> Self {
        Self::UTC
    }
}

impl FromStr for TimeZone {
    type Err = UnknownTimeZone;

    fn from_str(text: &str) -> Result<Self, UnknownTimeZone> {
        let name = TimeZoneName::parse(text).map_err(|_| UnknownTimeZone)?;
        let zone = database().get(name.as_str()).map_err(|_| UnknownTimeZone)?;
        // Both stand for "nobody has said".
        if zone.is_unknown() || zone.iana_name().is_none_or(|name| name == "Factory") {
            return Err(UnknownTimeZone);
        }
        Ok(Self(zone))
    }
}

impl fmt::Display for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for TimeZone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.name().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for TimeZone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn zone(name: &str) -> TimeZone {
        name.parse().unwrap_or_else(|error| panic!("{name} {error}"))
    }

    #[test]
    fn a_zone_has_a_name_of_the_database() {
        for (text, name) in [
            ("UTC", "UTC"),
            ("Etc/UTC", "Etc/UTC"),
            ("Europe/Zurich", "Europe/Zurich"),
            ("europe/zurich", "Europe/Zurich"),
            ("America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
            ("Etc/GMT+5", "Etc/GMT+5"),
        ] {
            assert_eq!(text.parse().map(|zone: TimeZone| zone.to_string()), Ok(name.to_owned()), "{text}");
        }
        let long = format!("Europe/{}", "a".repeat(100));
        for wrong in
            ["", "Zurich", "Europe/", "../etc/passwd", "+01:00", "Factory", "Etc/Unknown", "Mars/Base", "UTC ", &long]
        {
            assert_eq!(wrong.parse::<TimeZone>(), Err(UnknownTimeZone), "{wrong:?}");
        }
    }

    #[test]
    fn people_know_a_zone_by_its_place() {
        for (name, place) in [
            ("UTC", "UTC"),
            ("Etc/UTC", "UTC"),
            ("Etc/Zulu", "UTC"),
            ("Etc/GMT", "UTC"),
            ("Etc/GMT+5", "UTC-5"),
            ("Etc/GMT-14", "UTC+14"),
            ("Australia/Sydney", "Sydney"),
            ("America/Los_Angeles", "Los Angeles"),
            ("America/Argentina/Buenos_Aires", "Buenos Aires"),
        ] {
            assert_eq!(zone(name).place(), place);
        }
    }

    #[test]
    fn a_day_ends_where_the_next_begins() {
        for (name, day, end, words) in [
            ("UTC", "2026-12-31", "2027-01-01T00:00:00.000Z", "31 Dec 2026, 23:59, UTC"),
            ("America/Los_Angeles", "2026-12-31", "2027-01-01T08:00:00.000Z", "31 Dec 2026, 23:59, Los Angeles"),
            ("Australia/Sydney", "2026-12-31", "2026-12-31T13:00:00.000Z", "31 Dec 2026, 23:59, Sydney"),
            ("Pacific/Kiritimati", "2026-12-31", "2026-12-31T10:00:00.000Z", "31 Dec 2026, 23:59, Kiritimati"),
            ("Asia/Kathmandu", "2026-06-30", "2026-06-30T18:15:00.000Z", "30 Jun 2026, 23:59, Kathmandu"),
            // Days of 23 and of 25 hours.
            ("Europe/Zurich", "2027-03-28", "2027-03-28T22:00:00.000Z", "28 Mar 2027, 23:59, Zurich"),
            ("Europe/Zurich", "2027-10-31", "2027-10-31T23:00:00.000Z", "31 Oct 2027, 23:59, Zurich"),
            // The day after begins at 01:00, since clocks left midnight out.
            ("America/Sao_Paulo", "2018-11-03", "2018-11-04T03:00:00.000Z", "3 Nov 2018, 23:59, Sao Paulo"),
            ("Africa/Cairo", "2027-04-29", "2027-04-29T22:00:00.000Z", "29 Apr 2027, 23:59, Cairo"),
            ("Asia/Beirut", "2027-03-27", "2027-03-27T22:00:00.000Z", "27 Mar 2027, 23:59, Beirut"),
            // 23:30 was followed by 00:30.
            ("America/Toronto", "1919-03-30", "1919-03-31T04:30:00.000Z", "30 Mar 1919, 23:29, Toronto"),
            // Midnight came twice: the day after began with the first.
            ("America/Havana", "2026-10-31", "2026-11-01T04:00:00.000Z", "31 Oct 2026, 23:59, Havana"),
            // The clocks of Samoa left out the 30th, those of Kwajalein the 21st.
            ("Pacific/Apia", "2011-12-29", "2011-12-30T10:00:00.000Z", "29 Dec 2011, 23:59, Apia"),
            ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00.000Z", "29 Dec 2011, 23:59, Apia"),
            ("Pacific/Apia", "2011-12-31", "2011-12-31T10:00:00.000Z", "31 Dec 2011, 23:59, Apia"),
            ("Pacific/Kwajalein", "1993-08-20", "1993-08-21T12:00:00.000Z", "20 Aug 1993, 23:59, Kwajalein"),
            // The end of time.
            ("Australia/Sydney", "9999-12-31", "9999-12-30T21:59:59.999Z", "31 Dec 9999, 08:59, Sydney"),
            ("America/Los_Angeles", "9999-12-30", "9999-12-30T21:59:59.999Z", "30 Dec 9999, 13:59, Los Angeles"),
        ] {
            let zone = zone(name);
            let found = day.parse().map(|day| zone.end_of(day)).unwrap_or_default();
            assert_eq!((found.to_string().as_str(), zone.end_words(found).as_str()), (end, words), "{name} {day}");
        }
    }

    #[test]
    fn an_instant_is_told_by_the_clocks_of_the_zone() {
        let at = Instant::from_millis(1_795_382_405_999);
        assert_eq!(zone("UTC").words(at), "22 Nov 2026, 21:20, UTC");
        assert_eq!(zone("Australia/Sydney").words(at), "23 Nov 2026, 08:20, Sydney");
        assert_eq!(zone("Australia/Sydney").end_words(at), "23 Nov 2026, 08:20, Sydney");
        assert_eq!(zone("Australia/Sydney").day(at).to_string(), "2026-11-23");
        assert_eq!(zone("America/Los_Angeles").day_words(at), "22 Nov 2026");
        assert_eq!(zone("UTC").hour_of_week(at), (6, 21));
        assert_eq!(zone("Australia/Sydney").hour_of_week(at), (0, 8));
    }

    proptest! {
        #[test]
        fn the_end_of_a_day_is_the_first_instant_after_it(
            at in -2_000_000_000_000_i64..10_000_000_000_000,
            name in prop::sample::select(vec![
                "UTC", "America/Los_Angeles", "Australia/Sydney", "Pacific/Kiritimati", "Pacific/Apia", "Africa/Cairo", "Asia/Gaza",
                "America/Havana", "America/Sao_Paulo", "America/Toronto", "Asia/Beirut", "Australia/Lord_Howe", "Asia/Kathmandu",
            ]),
        ) {
            let (zone, at) = (zone(name), Instant::from_millis(at));
            let day = zone.day(at);
            let end = zone.end_of(day);
            prop_assert!(zone.day(end) > day, "{name} {day} {end}");
            prop_assert!(zone.day(end.plus_millis(-1)) <= day, "{name} {day} {end}");
            let start = zone.start_of(day);
            prop_assert!(start <= at && zone.day(start) == day && zone.day(start.plus_millis(-1)) < day, "{name} {day} {start}");
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,80}") {
            let _ = text.parse::<TimeZone>();
        }
    }
}
