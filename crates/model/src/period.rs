//! Periods of the calendar, by the clocks of a time zone.

use jiff::civil::{DateTime, Time};

use crate::{Instant, Period, TimeZone};

const HOUR_MS: i64 = 60 * 60 * 1000;

/// One period of the calendar: from its first instant to that of the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PeriodBounds {
    /// Its first instant.
    pub start: Instant,
    /// The first instant of the next.
    pub end: Instant,
}

impl PeriodBounds {
    /// Whether an instant is in it.
    pub fn contains(self, at: Instant) -> bool {
        self.start <= at && at < self.end
    }
}

impl TimeZone {
    /// The period that an instant is in. Days have 23 or 25 hours where the clocks change, and an hour that comes twice is two. Where
    /// clocks leave a midnight or a full hour out, the period begins when they do.
    pub fn period(&self, period: Period, at: Instant) -> PeriodBounds {
        match period {
            Period::Hour => self.hour(at),
            Period::Day => {
                let day = self.day(at);
                let yesterday = day.0.yesterday().map(crate::Day);
                let start = yesterday.map_or(Instant::from_millis(i64::MIN), |yesterday| self.end_of(yesterday));
                PeriodBounds { start, end: self.end_of(day) }
            }
            Period::Month => {
                let first = self.civil(at).date().first_of_month();
                let begins =
                    |at: DateTime| self.first_at_or_after(at).map(|at| Instant::from_millis(at.as_millisecond()));
                let next = first.last_of_month().tomorrow().ok();
                PeriodBounds {
                    start: begins(first.to_datetime(Time::midnight())).unwrap_or(Instant::from_millis(i64::MIN)),
                    end: next
                        .and_then(|next| begins(next.to_datetime(Time::midnight())))
                        .unwrap_or(Instant::from_millis(i64::MAX)),
                }
            }
        }
    }

    fn hour(&self, at: Instant) -> PeriodBounds {
        // Clocks change by less than this, so that a full hour has come in between.
        let mut start = self.next_full_hour(at.plus_millis(-4 * HOUR_MS));
        loop {
            let end = self.next_full_hour(start);
            if end > at || end == start {
                return PeriodBounds { start, end };
            }
            start = end;
        }
    }

    /// The first instant after `at` at which the clocks here show a full hour, or have left one out.
    fn next_full_hour(&self, at: Instant) -> Instant {
        let mut at = at;
        loop {
            let civil = self.civil(at);
            let since =
                i64::from(civil.minute()) * 60_000 + i64::from(civil.second()) * 1_000 + i64::from(civil.millisecond());
            let next = at.plus_millis(HOUR_MS - since);
            let Some(change) = self.next_change(at).filter(|change| *change <= next) else { return next };
            let after = self.civil(change);
            let full = after.minute() == 0 && after.second() == 0;
            let left_out = (after.date(), after.hour()) > (civil.date(), civil.hour());
            if full || left_out {
                return change;
            }
            at = change;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The start and the end of the period of that name, to the minute.
    fn bounds(zone: &str, period: &str, at: &str) -> String {
        let zone: TimeZone = zone.parse().unwrap_or_else(|error| panic!("{zone} {error}"));
        let period = serde_json::from_value(period.into()).unwrap_or_else(|error| panic!("{period} {error}"));
        let bounds = zone.period(period, at.parse().unwrap_or_else(|error| panic!("{at} {error}")));
        let [start, end] = [bounds.start, bounds.end].map(|at| at.to_string().replace(":00.000Z", ""));
        format!("{start} {end}")
    }

    #[test]
    fn a_period_begins_and_ends_by_the_clocks_of_its_zone() {
        for case in [
            "UTC hour 2026-11-27T02:59:59.999Z 2026-11-27T02:00 2026-11-27T03:00",
            "UTC day 2026-11-27T00:00:00Z 2026-11-27T00:00 2026-11-28T00:00",
            "UTC month 2028-02-29T12:00:00Z 2028-02-01T00:00 2028-03-01T00:00",
            "Asia/Kathmandu hour 2026-11-27T02:00:00Z 2026-11-27T01:15 2026-11-27T02:15",
            "Australia/Adelaide day 2026-06-30T14:29:59.999Z 2026-06-29T14:30 2026-06-30T14:30",
            // Days of 23 and of 25 hours, and the months that they are in.
            "Europe/Zurich day 2027-03-28T12:00:00Z 2027-03-27T23:00 2027-03-28T22:00",
            "Europe/Zurich day 2027-10-31T12:00:00Z 2027-10-30T22:00 2027-10-31T23:00",
            "Europe/Zurich month 2027-03-28T12:00:00Z 2027-02-28T23:00 2027-03-31T22:00",
            // The hour from two to three does not come, and comes twice.
            "Europe/Zurich hour 2027-03-28T00:59:59.999Z 2027-03-28T00:00 2027-03-28T01:00",
            "Europe/Zurich hour 2027-03-28T01:00:00Z 2027-03-28T01:00 2027-03-28T02:00",
            "Europe/Zurich hour 2027-10-31T00:30:00Z 2027-10-31T00:00 2027-10-31T01:00",
            "Europe/Zurich hour 2027-10-31T01:30:00Z 2027-10-31T01:00 2027-10-31T02:00",
            // Clocks that change by half an hour: an hour of 90 minutes, and one of 30.
            "Australia/Lord_Howe hour 2027-04-03T15:10:00Z 2027-04-03T14:00 2027-04-03T15:30",
            "Australia/Lord_Howe hour 2027-10-02T15:40:00Z 2027-10-02T15:30 2027-10-02T16:00",
            // A midnight that is left out, and one that comes twice.
            "Africa/Cairo day 2027-04-30T12:00:00Z 2027-04-29T22:00 2027-04-30T21:00",
            "America/Havana day 2024-11-03T05:30:00Z 2024-11-03T04:00 2024-11-04T05:00",
            // The clocks of Samoa left out a day.
            "Pacific/Apia day 2011-12-30T10:00:00Z 2011-12-30T10:00 2011-12-31T10:00",
            "Pacific/Apia month 2011-12-30T10:00:00Z 2011-12-01T10:00 2011-12-31T10:00",
        ] {
            let [zone, period, at, expected] = case.splitn(4, ' ').collect::<Vec<_>>().try_into().unwrap();
            assert_eq!(bounds(zone, period, at), expected, "{case}");
        }
    }

    proptest! {
        #[test]
        fn periods_follow_each_other_without_a_gap(
            at in 0_i64..4_000_000_000_000,
            period in prop::sample::select(vec![Period::Hour, Period::Day, Period::Month]),
            name in prop::sample::select(vec![
                "UTC", "America/Los_Angeles", "Australia/Sydney", "Pacific/Kiritimati", "Pacific/Apia", "Africa/Cairo", "Asia/Gaza",
                "America/Havana", "America/Sao_Paulo", "Asia/Beirut", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca",
            ]),
        ) {
            let zone: TimeZone = name.parse().unwrap_or_default();
            let at = Instant::from_millis(at);
            let bounds = zone.period(period, at);
            prop_assert!(bounds.contains(at), "{name} {period:?} {at} {bounds:?}");
            prop_assert_eq!(zone.period(period, bounds.start), bounds);
            prop_assert_eq!(zone.period(period, bounds.end.plus_millis(-1)), bounds);
            prop_assert_eq!(zone.period(period, bounds.end).start, bounds.end);
        }
    }
}
