use std::iter;

use model::{Instant, IntervalLength, PeriodBounds, TimeZone};

/// The intervals of this length that begin before `to` and end after `from`, in order. The first and the last are whole, however
/// `from` and `to` lie in them. They are made one by one, so whoever takes no more than a page pays for no more.
pub fn intervals(
    zone: &TimeZone,
    length: IntervalLength,
    from: Instant,
    to: Instant,
) -> impl Iterator<Item = PeriodBounds> + '_ {
    let first = Some(zone.interval(length, from)).filter(|_| from < to);
    iter::successors(first, move |last| {
        let next = zone.interval(length, last.end);
        // At the end of time intervals stand still.
        (last.end < to && next.end > last.end).then_some(next)
    })
}

/// From one instant to another, as one interval.
pub fn span(from: Instant, to: Instant) -> PeriodBounds {
    PeriodBounds { start: from, end: to.max(from) }
}

/// The place among ordered intervals of the one that an instant is in.
pub(super) fn place(intervals: &[PeriodBounds], at: Instant) -> Option<usize> {
    let place = intervals.partition_point(|interval| interval.start <= at).checked_sub(1)?;
    intervals.get(place).filter(|interval| interval.contains(at)).map(|_| place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    #[test]
    fn intervals_cover_what_was_asked_for() {
        let count = |zone: &str, length, from: &str, to: &str| {
            intervals(&zone.parse().unwrap(), length, at(from), at(to)).count()
        };
        let quarter = IntervalLength::Quarter;
        assert_eq!(count("UTC", quarter, "2026-03-02T09:00:00Z", "2026-03-02T09:45:00Z"), 3);
        assert_eq!(count("UTC", quarter, "2026-03-02T09:01:00Z", "2026-03-02T09:46:00Z"), 4);
        assert_eq!(count("UTC", quarter, "2026-03-02T09:00:00Z", "2026-03-02T09:00:00Z"), 0);
        assert_eq!(count("UTC", quarter, "2026-03-02T09:45:00Z", "2026-03-02T09:00:00Z"), 0);
        assert_eq!(count("UTC", IntervalLength::Day, "2026-03-02T00:00:00Z", "2026-03-09T00:00:00Z"), 7);
        // Half past in UTC is a full hour there.
        assert_eq!(count("Asia/Kolkata", IntervalLength::Hour, "2026-03-02T09:30:00Z", "2026-03-02T10:30:00Z"), 1);
        assert_eq!(count("Asia/Kolkata", IntervalLength::Hour, "2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z"), 2);
        let end = at("9999-12-31T23:59:59.999Z");
        assert!(intervals(&TimeZone::UTC, IntervalLength::Day, end.plus_millis(-1), end).count() <= 1);
    }

    #[test]
    fn an_instant_is_in_one_interval_or_in_none() {
        let all: Vec<_> =
            intervals(&TimeZone::UTC, IntervalLength::Hour, at("2026-03-02T09:00:00Z"), at("2026-03-02T11:00:00Z"))
                .collect();
        for (instant, expected) in [
            ("2026-03-02T08:59:59.999Z", None),
            ("2026-03-02T09:00:00Z", Some(0)),
            ("2026-03-02T09:59:59.999Z", Some(0)),
            ("2026-03-02T10:00:00Z", Some(1)),
            ("2026-03-02T11:00:00Z", None),
        ] {
            assert_eq!(place(&all, at(instant)), expected, "{instant}");
        }
        assert_eq!(place(&[], at("2026-03-02T09:00:00Z")), None);
    }
}
