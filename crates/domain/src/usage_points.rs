//! Points of usage, by the clocks of a time zone.

use model::{CallCounts, HeatMap, Instant, Period, TimeZone, UsagePoint, UsageRange, UsageStep};
use store::UsageCount;

/// The first instants of the steps of a range. The first step may begin before the range.
pub(crate) fn steps(range: UsageRange, zone: &TimeZone) -> Vec<Instant> {
    let mut steps = Vec::new();
    let mut at = range.from();
    while at < range.to() {
        let (start, end) = bounds(range.step(), at, zone);
        steps.push(start);
        // At the end of time no step is followed by another.
        if end <= at {
            break;
        }
        at = end;
    }
    steps
}

fn bounds(step: UsageStep, at: Instant, zone: &TimeZone) -> (Instant, Instant) {
    let period = match step {
        UsageStep::Minute | UsageStep::Quarter => {
            let start = at.as_millis().div_euclid(step.millis()) * step.millis();
            return (Instant::from_millis(start), Instant::from_millis(start + step.millis()));
        }
        UsageStep::Hour => Period::Hour,
        UsageStep::Day => Period::Day,
    };
    let bounds = zone.period(period, at);
    (bounds.start, bounds.end)
}

/// A point for every step, with the calls that begin in it.
pub(crate) fn points<'a>(steps: &[Instant], counts: impl IntoIterator<Item = &'a UsageCount>) -> Vec<UsagePoint> {
    let mut points: Vec<_> = steps.iter().map(|at| UsagePoint { at: *at, counts: CallCounts::default() }).collect();
    for count in counts {
        let after = steps.partition_point(|step| *step <= count.at);
        // A day that was rolled up may begin before the first step: by the clocks of another zone.
        if let Some(point) = points.get_mut(after.saturating_sub(1)) {
            point.counts.add(count.code, count.calls);
        }
    }
    points
}

/// Those points that have calls.
pub(crate) fn without_empty(mut points: Vec<UsagePoint>) -> Vec<UsagePoint> {
    points.retain(|point| point.counts != CallCounts::default());
    points
}

/// All calls together.
pub(crate) fn sum<'a>(counts: impl IntoIterator<Item = &'a UsageCount>) -> CallCounts {
    let mut sum = CallCounts::default();
    for count in counts {
        sum.add(count.code, count.calls);
    }
    sum
}

/// When calls were made, as far as that is known.
pub(crate) fn heat(range: UsageRange, zone: &TimeZone, counts: &[UsageCount]) -> HeatMap {
    let last_day = counts.iter().filter(|count| count.is_day).map(|count| count.at).max();
    let from = last_day.map_or(range.from(), |at| zone.period(Period::Day, at).end.max(range.from()));
    let mut heat = HeatMap { from, ..HeatMap::default() };
    // Counts of one instant follow each other.
    let mut at = None;
    for count in counts.iter().filter(|count| !count.is_day) {
        let (day, hour) = match at {
            Some((known, place)) if known == count.at => place,
            _ => zone.hour_of_week(count.at),
        };
        at = Some((count.at, (day, hour)));
        if let Some(calls) = heat.calls.get_mut(day).and_then(|row| row.get_mut(hour)) {
            *calls = calls.saturating_add(count.calls);
        }
    }
    heat
}

#[cfg(test)]
mod tests {
    use model::Code;

    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    fn first_and_last(zone: &str, step: UsageStep, from: &str, to: &str) -> (usize, String, String) {
        let range = UsageRange::new(at(from), at(to), step).unwrap();
        let steps = steps(range, &zone.parse().unwrap());
        (steps.len(), steps[0].to_string()[..16].to_owned(), steps[steps.len() - 1].to_string()[..16].to_owned())
    }

    #[test]
    fn steps_follow_the_clocks_of_the_zone() {
        use UsageStep::{Day, Hour, Minute, Quarter};
        for (zone, step, from, to, number, first, last) in [
            ("UTC", Minute, "2026-11-26T10:00:30Z", "2026-11-26T10:02:01Z", 3, "2026-11-26T10:00", "2026-11-26T10:02"),
            ("UTC", Quarter, "2026-11-26T10:00:00Z", "2026-11-26T11:00:00Z", 4, "2026-11-26T10:00", "2026-11-26T10:45"),
            // Days and hours of Adelaide and Kathmandu begin at a half and at a quarter of an hour.
            (
                "Australia/Adelaide",
                Hour,
                "2026-06-26T10:00:00Z",
                "2026-06-26T11:00:00Z",
                2,
                "2026-06-26T09:30",
                "2026-06-26T10:30",
            ),
            (
                "Asia/Kathmandu",
                Day,
                "2026-06-26T18:15:00Z",
                "2026-06-28T18:15:00Z",
                2,
                "2026-06-26T18:15",
                "2026-06-27T18:15",
            ),
            // Days of 23 and of 25 hours.
            (
                "Europe/Zurich",
                Hour,
                "2027-03-27T23:00:00Z",
                "2027-03-28T22:00:00Z",
                23,
                "2027-03-27T23:00",
                "2027-03-28T21:00",
            ),
            (
                "Europe/Zurich",
                Day,
                "2027-10-30T22:00:00Z",
                "2027-11-01T23:00:00Z",
                2,
                "2027-10-30T22:00",
                "2027-10-31T23:00",
            ),
        ] {
            let expected = (number, first.to_owned(), last.to_owned());
            assert_eq!(first_and_last(zone, step, from, to), expected, "{zone} {from}");
        }
    }

    #[test]
    fn calls_stand_in_the_point_in_which_they_begin() {
        let count = |text: &str, code, calls, is_day| UsageCount { at: at(text), code, calls, is_day };
        let zone: TimeZone = "Australia/Adelaide".parse().unwrap();
        let range = UsageRange::new(at("2026-06-25T14:30:00Z"), at("2026-06-27T14:30:00Z"), UsageStep::Day).unwrap();
        let counts = [
            count("2026-06-25T00:00:00Z", Code::Valid, 100, true),
            count("2026-06-26T14:15:00Z", Code::Valid, 1, false),
            count("2026-06-26T14:30:00Z", Code::Valid, 2, false),
            count("2026-06-26T14:30:00Z", Code::Expired, 4, false),
        ];
        let points = points(&steps(range, &zone), &counts);
        let numbers: Vec<_> = points.iter().map(|point| (point.counts.allowed, point.counts.refused())).collect();
        assert_eq!(numbers, [(101, 0), (2, 4)]);
        assert_eq!(sum(&counts).calls(), 107);
        let heat = heat(range, &zone, &counts);
        // Friday, 23:45, and Saturday, 0:00.
        assert_eq!((heat.calls[4][23], heat.calls[5][0]), (1, 6));
        assert_eq!(heat.calls.as_flattened().iter().sum::<u64>(), 7, "of a whole day nobody knows the hour");
        assert_eq!(heat.from, at("2026-06-25T14:30:00Z"));
    }
}
