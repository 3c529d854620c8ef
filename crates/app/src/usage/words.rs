use model::{Code, Instant, TimeZone, UsageStep};

use crate::ui::{calls as calls_of, count};

/// What to do where many calls are refused so.
pub(super) const fn remedy(code: Code) -> &'static str {
    match code {
        Code::NotFound => "Ask who calls there: it is no key of this installation.",
        Code::Revoked => "Give the client its new key or secret; restore a key that was deleted by mistake.",
        Code::Disabled => "Enable the key, or ask the client to stop calling.",
        Code::Expired => "Extend the key, or give the client a new one.",
        Code::EnvironmentNotAllowed => {
            "Ask the client to send its live key to the live API, and its test key to the test API."
        }
        Code::IpNotAllowed => "Allow the address in the key's settings, if it is the client's.",
        Code::OriginNotAllowed => "Allow the web page in the key's settings, if it is the client's.",
        Code::InsufficientScope => {
            "Grant the scope, if the client needs it. Where no route matches, add one, or ask the client to mend the path."
        }
        Code::RateLimited => "Ask the client to call more slowly, or raise the rate limit.",
        Code::QuotaExceeded => "Raise the quota, or wait for its next period.",
        Code::Valid => "Nothing.",
    }
}

/// When a step began, for a table: as long as it has to be.
pub(super) fn step_words(zone: &TimeZone, at: Instant, step: UsageStep) -> String {
    match step {
        UsageStep::Day => zone.day_words(at),
        UsageStep::Minute | UsageStep::Quarter | UsageStep::Hour => zone.day_and_time_words(at),
    }
}

/// The same in two short lines, for an axis.
pub(super) fn axis_words(zone: &TimeZone, at: Instant, step: UsageStep) -> (String, String) {
    let day = zone.day_words(at);
    let (day, year) = day.rsplit_once(' ').unwrap_or((day.as_str(), ""));
    let second = if step == UsageStep::Day { year.to_owned() } else { zone.time_words(at) };
    (day.to_owned(), second)
}

/// Calls that could not be written down, and those whose scope or address could not; `None`: there are none.
pub(super) fn lost((calls, details): (u64, u64)) -> Option<String> {
    let calls = (calls > 0).then(|| format!("{} could not be written down since this node started.", calls_of(calls)));
    let details = (details > 0).then(|| {
        format!("Of {} the scope or address could not be written down since this node started.", calls_of(details))
    });
    let words: Vec<_> = [calls, details].into_iter().flatten().collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// A share of a whole, in percent. What is not nothing is not 0 %, and what is not all is not 100 %.
pub(super) fn percent(part: u64, whole: u64) -> String {
    let tenths = u128::from(part) * 1_000 / u128::from(whole.max(1));
    match (part, tenths) {
        (0, _) => "0 %".to_owned(),
        (_, 0) => "less than 0.1 %".to_owned(),
        (_, tenths) if tenths < 100 => format!("{}.{} %", tenths / 10, tenths % 10),
        (_, tenths) => format!("{} %", tenths / 10),
    }
}

/// A number beside that of the time before: "12 % more than the 7 days before".
pub(super) fn compared(now: u64, before: u64, time: &str) -> String {
    let change = |more: u64, less: u64| u64::try_from(u128::from(more - less) * 100 / u128::from(before.max(1)));
    match (now, before) {
        (0, 0) => format!("none in {time} either"),
        (_, 0) => format!("none in {time}"),
        _ if now == before => format!("as many as in {time}"),
        _ if now / before >= 3 => format!("{} times as many as in {time}", count(now / before)),
        _ => {
            let (word, change) =
                if now > before { ("more", change(now, before)) } else { ("fewer", change(before, now)) };
            match change.unwrap_or(u64::MAX) {
                0 => format!("about as many as in {time}"),
                change => format!("{change} % {word} than in {time}"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_nothing_or_all_only_where_it_is() {
        for (part, whole, words) in [
            (0, 0, "0 %"),
            (0, 7, "0 %"),
            (1, 100_000, "less than 0.1 %"),
            (1, 300, "0.3 %"),
            (15, 1_000, "1.5 %"),
            (1, 3, "33 %"),
            (999_999, 1_000_000, "99 %"),
            (7, 7, "100 %"),
            (u64::MAX, u64::MAX, "100 %"),
        ] {
            assert_eq!(percent(part, whole), words, "{part} of {whole}");
        }
    }

    #[test]
    fn numbers_are_compared_in_words() {
        for (now, before, words) in [
            (0, 0, "none in the hour before either"),
            (5, 0, "none in the hour before"),
            (5, 5, "as many as in the hour before"),
            (112, 100, "12 % more than in the hour before"),
            (88, 100, "12 % fewer than in the hour before"),
            (0, 100, "100 % fewer than in the hour before"),
            (1_001, 1_000, "about as many as in the hour before"),
            (299, 100, "199 % more than in the hour before"),
            (3_000, 1, "3,000 times as many as in the hour before"),
            (u64::MAX, u64::MAX - 1, "about as many as in the hour before"),
        ] {
            assert_eq!(compared(now, before, "the hour before"), words);
        }
    }

    #[test]
    fn what_was_lost_is_said_with_its_number() {
        assert_eq!(lost((0, 0)), None);
        assert_eq!(lost((12, 0)).unwrap(), "12 calls could not be written down since this node started.");
        assert_eq!(
            lost((1_200, 1)).unwrap(),
            "1,200 calls could not be written down since this node started. \
             Of 1 call the scope or address could not be written down since this node started."
        );
    }

    #[test]
    fn every_outcome_has_words() {
        let mut titles: Vec<_> = Code::ALL.into_iter().map(crate::ui::outcome).collect();
        titles.sort_unstable();
        titles.dedup();
        assert_eq!(titles.len(), Code::ALL.len());
        assert!(Code::ALL.into_iter().all(|code| remedy(code).ends_with('.')));
    }

    #[test]
    fn an_axis_says_day_and_time_or_day_and_year() {
        let (zone, at): (TimeZone, Instant) =
            ("Australia/Adelaide".parse().unwrap(), "2026-11-27T03:30:00Z".parse().unwrap());
        let owned = |(first, second): (&str, &str)| (first.to_owned(), second.to_owned());
        assert_eq!(axis_words(&zone, at, UsageStep::Hour), owned(("27 Nov", "14:00")));
        assert_eq!(axis_words(&zone, at, UsageStep::Day), owned(("27 Nov", "2026")));
        assert_eq!(step_words(&zone, at, UsageStep::Quarter), "27 Nov 2026, 14:00");
    }
}
