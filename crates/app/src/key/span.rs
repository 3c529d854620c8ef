use model::{Instant, Period, TimeZone, UsageRange, UsageStep};

/// How far back the page looks.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// Its name in the address.
    pub(super) name: &'static str,
    /// As people say it, after "the last" and "the … before".
    pub(super) words: &'static str,
    step: UsageStep,
    steps: u32,
}

/// All of them, the shortest first.
pub(super) static SPANS: [Span; 4] = [
    Span { name: "24h", words: "24 hours", step: UsageStep::Hour, steps: 24 },
    Span { name: "7d", words: "7 days", step: UsageStep::Hour, steps: 7 * 24 },
    Span { name: "30d", words: "30 days", step: UsageStep::Day, steps: 30 },
    Span { name: "90d", words: "90 days", step: UsageStep::Day, steps: 90 },
];

impl Span {
    /// The one of this name; 7 days without one.
    pub(super) fn named(name: &str) -> &'static Self {
        let [_, week, ..] = &SPANS;
        SPANS.iter().find(|span| span.name == name).unwrap_or(week)
    }

    /// The steps until now, which is in the last of them, by the clocks of `zone`.
    pub(super) fn range(&self, now: Instant, zone: &TimeZone) -> UsageRange {
        let period = if self.step == UsageStep::Day { Period::Day } else { Period::Hour };
        let mut from = zone.period(period, now).start;
        for _ in 1..self.steps {
            from = zone.period(period, from.plus_millis(-1)).start;
        }
        let to = now.plus_millis(1);
        UsageRange::last(to.as_millis() - from.as_millis(), to, self.step)
    }

    /// What one bar is.
    pub(super) fn of_step(&self) -> &'static str {
        if self.step == UsageStep::Day { "day" } else { "hour" }
    }

    /// An instant that begins a step, in words.
    pub(super) fn step_words(&self, at: Instant, zone: &TimeZone) -> String {
        if self.step == UsageStep::Day { zone.day_words(at) } else { zone.words(at) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_made_of_whole_steps_by_the_readers_clocks() {
        // Two days after clocks went back in Sydney.
        let now: Instant = "2027-04-05T10:20:00Z".parse().unwrap();
        let zone: TimeZone = "Australia/Sydney".parse().unwrap();
        for (name, from) in [
            ("24h", "2027-04-04T11:00:00.000Z"),
            ("7d", "2027-03-29T11:00:00.000Z"),
            ("30d", "2027-03-06T13:00:00.000Z"),
            ("90d", "2027-01-05T13:00:00.000Z"),
        ] {
            let range = Span::named(name).range(now, &zone);
            assert_eq!((range.from().to_string().as_str(), range.to()), (from, now.plus_millis(1)), "{name}");
        }
        assert_eq!(Span::named("1y").name, "7d");
    }
}
