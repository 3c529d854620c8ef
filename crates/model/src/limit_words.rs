//! Limits in words, for people.

use std::fmt::Write as _;

use crate::{Period, Quota, RateLimit, ScopeSet};

const SECOND: u64 = 1_000_000_000;

/// A number with separated thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `60` is `minute`, `90` is `90 seconds`.
fn window(seconds: u32) -> String {
    for (unit, name) in [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")] {
        if seconds == unit {
            return name.to_owned();
        }
        if seconds.is_multiple_of(unit) {
            return format!("{} {name}s", seconds / unit);
        }
    }
    String::new()
}

/// `a minute`, `in 90 seconds`.
fn per(seconds: u32) -> String {
    match window(seconds) {
        many if many.contains(' ') => format!("in {many}"),
        hour if hour == "hour" => "an hour".to_owned(),
        one => format!("a {one}"),
    }
}

/// How often one call comes back: `one every 0.6 s`.
fn pace(limit: &RateLimit) -> String {
    let window = u64::from(limit.window_seconds()) * SECOND;
    let interval = (window / limit.limit()).max(1);
    if interval < SECOND / 1_000 {
        return format!("{} a second", grouped(SECOND / interval));
    }
    let millis = interval / 1_000_000;
    let (seconds, rest) = (millis / 1_000, millis % 1_000);
    if seconds >= 60 {
        let minutes = format!("{} min", grouped(seconds / 60));
        let rest = seconds % 60;
        return format!("one every {minutes}{}", if rest == 0 { String::new() } else { format!(" {rest} s") });
    }
    let fraction = format!("{rest:03}");
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    format!("one every {seconds}{point}{fraction} s")
}

/// Behind a limit that counts some calls only: `, for calls:make`.
fn counted(scopes: &ScopeSet) -> String {
    let names: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
    if names.is_empty() { String::new() } else { format!(", for {}", names.join(" or ")) }
}

impl RateLimit {
    /// `600 calls a minute, at most 100 at once, for calls:make`.
    pub fn words(&self) -> String {
        let calls = if self.limit() == 1 { "call" } else { "calls" };
        let mut words = format!("{} {calls} {}", grouped(self.limit()), per(self.window_seconds()));
        if self.burst() != self.limit() {
            let _ = write!(words, ", at most {} at once", grouped(self.burst()));
        }
        words + &counted(self.scopes())
    }

    /// What it comes to: `Up to 100 at once; then one every 0.6 s. In any minute at most 199 calls pass.`
    pub fn explained(&self) -> String {
        let window_nanos = u64::from(self.window_seconds()) * SECOND;
        let interval = (window_nanos / self.limit()).max(1);
        // A window has its beginning and not its end: what comes back at its end passes in the next.
        let most = self.burst().saturating_add((window_nanos - 1) / interval);
        let calls = if most == 1 { "call passes" } else { "calls pass" };
        format!(
            "Up to {} at once; then {}. In any {} at most {} {calls}.",
            grouped(self.burst()),
            pace(self),
            window(self.window_seconds()),
            grouped(most)
        )
    }
}

impl Quota {
    /// `10,000 calls a day in Europe/Berlin, for calls:make`.
    pub fn words(&self) -> String {
        let calls = if self.limit() == 1 { "call" } else { "calls" };
        let per = match self.period() {
            Period::Hour => "an hour",
            Period::Day => "a day",
            Period::Month => "a month",
        };
        let zone = self.time_zone().map(|zone| format!(" in {}", zone.as_str())).unwrap_or_default();
        format!("{} {calls} {per}{zone}{}", grouped(self.limit()), counted(self.scopes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Rate, RateState};

    #[test]
    fn limits_are_told_in_words() {
        for (text, words, explained) in [
            (
                "a=100/60s",
                "100 calls a minute",
                "Up to 100 at once; then one every 0.6 s. In any minute at most 199 calls pass.",
            ),
            (
                "a=600/60s,burst=10,scopes=calls:make+calls:read",
                "600 calls a minute, at most 10 at once, for calls:make or calls:read",
                "Up to 10 at once; then one every 0.1 s. In any minute at most 609 calls pass.",
            ),
            (
                "a=1/3600s",
                "1 call an hour",
                "Up to 1 at once; then one every 60 min. In any hour at most 1 call passes.",
            ),
            (
                "a=7/90s,burst=1",
                "7 calls in 90 seconds, at most 1 at once",
                "Up to 1 at once; then one every 12.857 s. In any 90 seconds at most 8 calls pass.",
            ),
            (
                "a=1000/86400s,burst=1",
                "1,000 calls a day, at most 1 at once",
                "Up to 1 at once; then one every 1 min 26 s. In any day at most 1,000 calls pass.",
            ),
            (
                "a=1000000/1s,burst=1",
                "1,000,000 calls a second, at most 1 at once",
                "Up to 1 at once; then 1,000,000 a second. In any second at most 1,000,000 calls pass.",
            ),
        ] {
            let limit: RateLimit = text.parse().unwrap();
            assert_eq!((limit.words().as_str(), limit.explained().as_str()), (words, explained), "{text}");
        }
        for (text, words) in [
            ("q=10000/day,zone=Europe/Berlin", "10,000 calls a day in Europe/Berlin"),
            ("q=1/hour,scopes=calls:make", "1 call an hour, for calls:make"),
            ("q=0/month", "0 calls a month"),
        ] {
            assert_eq!(text.parse::<Quota>().unwrap().words(), words, "{text}");
        }
    }

    #[test]
    fn in_a_window_no_more_pass_than_is_said() {
        for text in ["a=100/60s", "a=7/9s,burst=3", "a=3/7s,burst=2", "a=1/10s"] {
            let limit: RateLimit = text.parse().unwrap();
            let rate = Rate::of(&limit);
            let end = u64::from(limit.window_seconds()) * SECOND;
            let (mut state, mut passed, mut now) = (RateState::default(), 0_u64, 0);
            // As many as may, each at the first instant at which it may.
            while now < end {
                match rate.take(state, 1, now) {
                    Ok(after) => (state, passed) = (after, passed + 1),
                    Err(crate::RateWait::Nanos(wait)) => now += wait,
                    Err(crate::RateWait::Never) => break,
                }
            }
            let said = format!("at most {passed} call");
            assert!(limit.explained().contains(&said), "{text}: {said}: {}", limit.explained());
        }
    }
}
