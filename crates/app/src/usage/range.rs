use model::{Day, Instant, InvalidUsageRange, Period, TimeZone, UsageRange, UsageStep};

const MINUTE_MS: i64 = 60 * 1000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// A range that ends now.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// Its name in the address.
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// The time that it is compared with.
    pub(super) before: &'static str,
    step: UsageStep,
    /// How many steps, the one that has just begun included.
    steps: i64,
}

const fn named(
    name: &'static str,
    title: &'static str,
    before: &'static str,
    (steps, step): (i64, UsageStep),
) -> Named {
    Named { name, title, before, step, steps }
}

/// The shortest first.
pub(super) const NAMED: [Named; 6] = [
    named("1h", "Last hour", "the hour before", (60, UsageStep::Minute)),
    named("24h", "Last 24 hours", "the 24 hours before", (96, UsageStep::Quarter)),
    named("7d", "Last 7 days", "the 7 days before", (7 * 24, UsageStep::Hour)),
    named("30d", "Last 30 days", "the 30 days before", (30, UsageStep::Day)),
    named("90d", "Last 90 days", "the 90 days before", (90, UsageStep::Day)),
    named("12m", "Last 12 months", "the 12 months before", (365, UsageStep::Day)),
];

/// Shown where nobody has chosen: a day.
pub(super) const USUAL: &Named = &NAMED[1];

impl Named {
    /// The range, of whole steps but for the last, which goes on. `by_scope`: scopes are counted by the quarter of an hour at the shortest.
    pub(super) fn range(&self, zone: &TimeZone, now: Instant, by_scope: bool) -> Result<UsageRange, InvalidUsageRange> {
        let (steps, step) = match self.step {
            UsageStep::Minute if by_scope => (self.steps / 15, UsageStep::Quarter),
            step => (self.steps, step),
        };
        let back = (steps - 1) * step.millis();
        let from = match step {
            UsageStep::Minute | UsageStep::Quarter => {
                Instant::from_millis(now.as_millis().div_euclid(step.millis()) * step.millis() - back)
            }
            UsageStep::Hour => zone.period(Period::Hour, now).start.plus_millis(-back),
            // From noon to noon, so that days of 23 and 25 hours are days like others.
            UsageStep::Day => {
                zone.start_of(zone.day(zone.period(Period::Day, now).start.plus_millis(DAY_MS / 2 - back)))
            }
        };
        UsageRange::new(from, until(now), step)
    }
}

/// Whole days, the last one included, until now at most. Of what was more than `quarter_days` ago days alone may be known.
pub(super) fn days(
    (from, to): (Day, Option<Day>),
    zone: &TimeZone,
    (now, quarter_days): (Instant, u16),
    by_scope: bool,
) -> Result<UsageRange, InvalidUsageRange> {
    let from = zone.start_of(from);
    let to = to.map_or(until(now), |to| zone.end_of(to).min(until(now)));
    let length = to.as_millis() - from.as_millis();
    let step = match UsageStep::fitting(length) {
        _ if from < now.plus_millis(-i64::from(quarter_days) * DAY_MS) => UsageStep::Day,
        UsageStep::Minute if by_scope => UsageStep::Quarter,
        step => step,
    };
    UsageRange::new(from, to, step)
}

/// The time that days are compared with: of the same length, and so of hours where the last of them is not over.
pub(super) fn before_days(range: UsageRange) -> String {
    let length = range.millis();
    let rounded = |unit: i64| (length + unit / 2) / unit;
    let (one, some, number) = if length < HOUR_MS {
        ("minute", "minutes", rounded(MINUTE_MS).max(1))
    } else if length < DAY_MS || (length < 2 * DAY_MS && rounded(HOUR_MS) != 24) {
        ("hour", "hours", rounded(HOUR_MS))
    } else {
        return before_whole_days(rounded(HOUR_MS));
    };
    if number == 1 { format!("the {one} before") } else { format!("the {number} {some} before") }
}

/// The same of a day or more.
fn before_whole_days(hours: i64) -> String {
    // Where clocks were changed, a day has an hour more or less.
    let (days, hours) = match (hours / 24, hours % 24) {
        (days, 0 | 1) => (days, 0),
        (days, 23) => (days + 1, 0),
        both => both,
    };
    match (days, hours) {
        (1, _) => "the day before".to_owned(),
        (days, 0) => format!("the {days} days before"),
        (days, hours) => format!("the {days} days and {hours} hours before"),
    }
}

/// Calls of this very moment are in it.
fn until(now: Instant) -> Instant {
    now.plus_millis(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    #[test]
    fn a_named_range_has_whole_steps_by_the_clocks_of_its_reader() {
        let zone: TimeZone = "Europe/Zurich".parse().unwrap();
        // Three days after the clocks went back.
        let now = at("2026-10-28T09:20:30Z");
        for (name, from) in [
            ("1h", "2026-10-28T08:21:00.000Z"),
            ("24h", "2026-10-27T09:30:00.000Z"),
            ("7d", "2026-10-21T10:00:00.000Z"),
            ("30d", "2026-09-28T22:00:00.000Z"),
            ("90d", "2026-07-30T22:00:00.000Z"),
            ("12m", "2025-10-28T23:00:00.000Z"),
        ] {
            let named = NAMED.iter().find(|named| named.name == name).unwrap();
            let range = named.range(&zone, now, false).unwrap();
            assert_eq!((range.from().to_string().as_str(), range.to()), (from, now.plus_millis(1)), "{name}");
        }
        let scopes = NAMED[0].range(&zone, now, true).unwrap();
        assert_eq!((scopes.from(), scopes.step()), (at("2026-10-28T08:30:00Z"), UsageStep::Quarter));
    }

    #[test]
    fn days_are_those_of_the_reader_and_end_now() {
        let zone: TimeZone = "Asia/Kathmandu".parse().unwrap();
        let now = at("2026-11-27T08:00:00Z");
        let day = |text: &str| text.parse::<Day>().unwrap();
        let range = days((day("2026-11-20"), Some(day("2026-11-21"))), &zone, (now, 90), false).unwrap();
        assert_eq!((range.from(), range.to()), (at("2026-11-19T18:15:00Z"), at("2026-11-21T18:15:00Z")));
        assert_eq!((range.step(), before_days(range).as_str()), (UsageStep::Quarter, "the 2 days before"));
        let open = days((day("2026-11-27"), None), &zone, (now, 90), false).unwrap();
        assert_eq!((open.to(), before_days(open).as_str()), (now.plus_millis(1), "the 14 hours before"));
        let old = days((day("2026-01-05"), Some(day("2026-01-05"))), &zone, (now, 90), false).unwrap();
        assert_eq!(old.step(), UsageStep::Day, "quarters of then are rolled up");
        for (quarter_days, step) in [(31, UsageStep::Day), (60, UsageStep::Quarter), (400, UsageStep::Quarter)] {
            let day = (day("2026-10-05"), Some(day("2026-10-05")));
            assert_eq!(days(day, &zone, (now, quarter_days), false).unwrap().step(), step, "{quarter_days}");
        }
        for wrong in [
            days((day("2026-11-28"), None), &zone, (now, 90), false),
            days((day("2020-01-01"), None), &zone, (now, 90), false),
        ] {
            assert!(wrong.is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn the_time_before_is_said_as_long_as_it_is() {
        let from = at("2026-11-24T00:00:00Z");
        for (minutes, words) in [
            (0, "the minute before"),
            (10, "the 10 minutes before"),
            (60, "the hour before"),
            (9 * 60 + 20, "the 9 hours before"),
            (23 * 60 + 59, "the 24 hours before"),
            (24 * 60, "the day before"),
            (33 * 60, "the 33 hours before"),
            (2 * 24 * 60, "the 2 days before"),
            (56 * 60, "the 2 days and 8 hours before"),
            (31 * 24 * 60 - 60, "the 31 days before"),
            (31 * 24 * 60 + 60, "the 31 days before"),
        ] {
            let to = from.plus_millis(minutes * MINUTE_MS + 1);
            assert_eq!(before_days(UsageRange::new(from, to, UsageStep::Day).unwrap()), words, "{minutes}");
        }
    }
}
