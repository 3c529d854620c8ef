//! Which refusals have a colour of their own in the chart.

use std::cmp::Reverse;

use model::{CallCounts, Code, UsagePoint, UsageStep};

use crate::ui::outcome;

/// Kinds of refusals with a colour of their own; where there are more, one colour is for all the others.
const KINDS: usize = 5;
/// More days than this are drawn as weeks.
const DAYS_MOST: usize = 120;
const WEEK: usize = 7;

/// The calls of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Series {
    pub(super) title: &'static str,
    codes: Vec<Code>,
}

impl Series {
    pub(super) fn of(&self, counts: &CallCounts) -> u64 {
        let calls = self.codes.iter().map(|code| match code {
            Code::Valid => counts.allowed,
            code => counts.denied.get(code).copied().unwrap_or_default(),
        });
        calls.fold(0, u64::saturating_add)
    }
}

/// Allowed calls first, then refusals, the most frequent first.
pub(super) fn series(all: &CallCounts) -> Vec<Series> {
    let mut kinds: Vec<_> = all.denied.iter().filter(|(_, calls)| **calls > 0).collect();
    kinds.sort_by_key(|(_, calls)| Reverse(**calls));
    let own = if kinds.len() > KINDS { KINDS - 1 } else { kinds.len() };
    let mut series = vec![Series { title: outcome(Code::Valid), codes: vec![Code::Valid] }];
    series.extend(kinds.iter().take(own).map(|(code, _)| Series { title: outcome(**code), codes: vec![**code] }));
    if own < kinds.len() {
        let codes = kinds.iter().skip(own).map(|(code, _)| **code).collect();
        series.push(Series { title: "Other refusals", codes });
    }
    series
}

/// The points as they are drawn, and of what: a few hundred days are weeks, of which the first may have fewer days.
pub(super) fn bars(points: &[UsagePoint], step: UsageStep) -> (Vec<UsagePoint>, &'static str) {
    let unit = match step {
        UsageStep::Minute => "minute",
        UsageStep::Quarter => "quarter of an hour",
        UsageStep::Hour => "hour",
        UsageStep::Day if points.len() > DAYS_MOST => "week",
        UsageStep::Day => "day",
    };
    if unit != "week" {
        return (points.to_vec(), unit);
    }
    // From the newest on, so that the last week is whole.
    let mut weeks: Vec<_> = points.rchunks(WEEK).map(together).collect();
    weeks.reverse();
    (weeks, unit)
}

fn together(points: &[UsagePoint]) -> UsagePoint {
    let at = points.first().map(|point| point.at).unwrap_or_default();
    let mut sum = UsagePoint { at, counts: CallCounts::default() };
    for point in points {
        sum.counts.add(Code::Valid, point.counts.allowed);
        point.counts.denied.iter().for_each(|(code, calls)| sum.counts.add(*code, *calls));
    }
    sum
}

#[cfg(test)]
mod tests {
    use model::Instant;

    use super::*;

    fn counts(denied: &[(Code, u64)]) -> CallCounts {
        CallCounts { allowed: 100, denied: denied.iter().copied().collect() }
    }

    #[test]
    fn all_calls_are_in_one_series_whatever_their_number() {
        use Code::{
            Disabled, EnvironmentNotAllowed, Expired, IpNotAllowed, OriginNotAllowed, QuotaExceeded, RateLimited,
        };
        let few = counts(&[(Expired, 1), (RateLimited, 9), (Disabled, 0)]);
        let titles = |all: &CallCounts| series(all).iter().map(|of| of.title).collect::<Vec<_>>();
        assert_eq!(titles(&few), ["Allowed", "Rate limit reached", "Key or token expired"]);
        let many = counts(&[
            (Expired, 1),
            (RateLimited, 9),
            (Disabled, 3),
            (IpNotAllowed, 8),
            (OriginNotAllowed, 7),
            (QuotaExceeded, 6),
            (EnvironmentNotAllowed, 2),
        ]);
        let all = series(&many);
        assert_eq!(all.len(), 1 + KINDS);
        assert_eq!(all.last().map(|of| (of.title, of.of(&many))), Some(("Other refusals", 6)));
        assert_eq!(all.iter().map(|of| of.of(&many)).sum::<u64>(), many.calls());
        assert_eq!(titles(&CallCounts::default()), ["Allowed"]);
    }

    #[test]
    fn many_days_are_weeks_of_which_the_last_is_whole() {
        const DAY_MS: i64 = 86_400_000;
        let days: Vec<_> = (0..365)
            .map(|day| UsagePoint { at: Instant::from_millis(day * DAY_MS), counts: counts(&[(Code::Expired, 1)]) })
            .collect();
        let (weeks, unit) = bars(&days, UsageStep::Day);
        assert_eq!((weeks.len(), unit, weeks[0].at.as_millis()), (53, "week", 0));
        assert_eq!((weeks[0].counts.calls(), weeks[52].counts.calls()), (101, 7 * 101));
        assert_eq!(weeks.iter().map(|week| week.counts.calls()).sum::<u64>(), 365 * 101);
        assert_eq!(bars(&days[..90], UsageStep::Day), (days[..90].to_vec(), "day"));
        assert_eq!(bars(&days, UsageStep::Hour).1, "hour");
    }
}
