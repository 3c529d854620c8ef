use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use model::{ContactCentreLimits, Instant};
use uuid::Uuid;

const HOUR_MS: i64 = 3_600_000;
/// Keys whose calls are counted, and calls of each in an hour: no key has a higher limit.
const KEYS_MAX: usize = 20_000;
const CALLS_MAX: u64 = 1_000_000;

/// The calls of one key, the oldest first: when, and whom.
type Calls = VecDeque<(Instant, Box<str>)>;

/// When which key called whom, for as long as it counts.
#[derive(Debug, Default)]
pub(crate) struct Dialled(Mutex<HashMap<Uuid, Calls>>);

/// As many calls were made in an hour as may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Barred {
    /// After how many seconds there is room.
    pub(crate) seconds: u64,
    /// Whether never any call may be made there.
    pub(crate) never: bool,
}

impl Dialled {
    /// Has a key call a number, if its limits allow it and the call is made.
    ///
    /// # Errors
    /// `barred` of what stands against it, and those of `call`; then nothing is counted.
    pub(crate) fn count<T, E>(
        &self,
        key: Uuid,
        limits: &ContactCentreLimits,
        e164: Option<&str>,
        now: Instant,
        barred: impl FnOnce(Barred) -> E,
        call: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        // A number that is not valid begins like none.
        let number = e164.unwrap_or_default();
        let prefix = limits.call_prefixes.of_number(number);
        let all = limits.calls_per_hour.map(u64::from);
        let own = prefix.and_then(|prefix| prefix.calls_per_hour).map(u64::from);
        if all.is_none() && own.is_none() {
            return call();
        }
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = |at: Instant| now.as_millis() - at.as_millis() >= HOUR_MS;
        if keys.len() >= KEYS_MAX && !keys.contains_key(&key) {
            keys.retain(|_, calls| calls.back().is_some_and(|(at, _)| !passed(*at)));
        }
        let calls = keys.entry(key).or_default();
        while calls.front().is_some_and(|(at, _)| passed(*at)) {
            calls.pop_front();
        }
        // A number counts for the longest of the beginnings.
        let alike =
            |made: &str| limits.call_prefixes.of_number(made).map(|one| &one.prefix) == prefix.map(|one| &one.prefix);
        let all = room(calls.iter().map(|(at, _)| *at), all.unwrap_or(CALLS_MAX).min(CALLS_MAX), now);
        let own =
            own.map_or(Ok(()), |own| room(calls.iter().filter(|(_, made)| alike(made)).map(|(at, _)| *at), own, now));
        if let Err(reason) = all.and(own) {
            return Err(barred(reason));
        }
        let made = call()?;
        calls.push_back((now, number.into()));
        Ok(made)
    }
}

/// Whether there is room for one more among calls in the order of time, or when there will be.
fn room(calls: impl DoubleEndedIterator<Item = Instant>, most: u64, now: Instant) -> Result<(), Barred> {
    // There is room when the last but so many is an hour old.
    let Some(before) = most.checked_sub(1) else { return Err(Barred { seconds: 3_600, never: true }) };
    match calls.rev().nth(usize::try_from(before).unwrap_or(usize::MAX)) {
        None => Ok(()),
        Some(at) => {
            let ms = HOUR_MS - (now.as_millis() - at.as_millis());
            Err(Barred { seconds: u64::try_from(ms).unwrap_or_default().div_ceil(1_000), never: false })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(json: &str) -> ContactCentreLimits {
        serde_json::from_str(json).unwrap()
    }

    fn call(dialled: &Dialled, limits: &ContactCentreLimits, number: &str, at: i64) -> Result<(), Barred> {
        dialled.count(Uuid::nil(), limits, Some(number), Instant::from_millis(at), |reason| reason, || Ok(()))
    }

    const fn later(seconds: u64) -> Result<(), Barred> {
        Err(Barred { seconds, never: false })
    }

    #[test]
    fn no_hour_has_more_calls_than_it_may() {
        let dialled = Dialled::default();
        let two = limits(r#"{"calls_per_hour":2}"#);
        assert_eq!(call(&dialled, &two, "+61", 0), Ok(()));
        assert_eq!(call(&dialled, &two, "+61", 1_000), Ok(()));
        assert_eq!(call(&dialled, &two, "+61", 1_500), later(3_599));
        assert_eq!(call(&dialled, &two, "+61", HOUR_MS - 1), later(1));
        assert_eq!(call(&dialled, &two, "+61", HOUR_MS), Ok(()));
        let none = limits(r#"{"calls_per_hour":0}"#);
        assert_eq!(call(&dialled, &none, "+61", 3 * HOUR_MS), Err(Barred { seconds: 3_600, never: true }));
    }

    #[test]
    fn the_longest_beginning_of_a_number_counts() {
        let dialled = Dialled::default();
        let of = limits(
            r#"{"call_prefixes":[{"prefix":"+","calls_per_hour":0},{"prefix":"+61","calls_per_hour":1},{"prefix":"+614"}]}"#,
        );
        assert!(call(&dialled, &of, "+1201", 0).is_err_and(|barred| barred.never));
        assert_eq!(call(&dialled, &of, "+61280000101", 0), Ok(()));
        assert_eq!(call(&dialled, &of, "+61280000101", 0), later(3_600));
        for at in 0..3 {
            assert_eq!(call(&dialled, &of, "+61491570006", at), Ok(()));
        }
    }

    #[test]
    fn a_call_that_was_refused_does_not_count() {
        let dialled = Dialled::default();
        let one = limits(r#"{"calls_per_hour":1}"#);
        let refused: Result<(), &str> =
            dialled.count(Uuid::nil(), &one, None, Instant::from_millis(0), |_| "barred", || Err("busy"));
        assert_eq!(refused, Err("busy"));
        assert_eq!(call(&dialled, &one, "+61", 0), Ok(()));
    }
}
