use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use model::Instant;
use uuid::Uuid;

use crate::caller::{Limits, Prefixes};

const HOUR_MS: i64 = 3_600_000;
/// Keys whose calls are counted, and calls of each in an hour.
const KEYS_MAX: usize = 20_000;
const CALLS_MAX: usize = 10_000;

/// When which key called whom, for as long as it counts.
#[derive(Debug, Default)]
pub(crate) struct Dialled(Mutex<HashMap<Uuid, VecDeque<(Instant, Box<str>)>>>);

/// Why a key may not call a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Barred {
    /// Its beginning is none of those that it may call.
    Prefix,
    /// As many were called as may be; after so many seconds there is room.
    Hour {
        /// From now.
        seconds: u64,
    },
}

impl Dialled {
    /// Has a key call a number, if its limits allow it and the call is made. A number without E.164 begins like none.
    ///
    /// # Errors
    /// `barred` of the reason, and those of `call`; then nothing is counted.
    pub(crate) fn count<T, E>(
        &self,
        key: Uuid,
        limits: &Limits,
        e164: Option<&str>,
        now: Instant,
        barred: impl FnOnce(Barred) -> E,
        call: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let prefix = match prefix(limits, e164) {
            Ok(prefix) => prefix,
            Err(reason) => return Err(barred(reason)),
        };
        if limits.calls_per_hour.is_none() && prefix.is_none_or(|(_, most)| most.is_none()) {
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
        let of_prefix = |(_, number): &&(Instant, Box<str>)| prefix.is_some_and(|(begins, _)| number.starts_with(begins));
        let all = room(calls.iter(), limits.calls_per_hour.map_or(CALLS_MAX, |most| most as usize), now);
        let own = prefix.and_then(|(_, most)| most).map_or(Ok(()), |most| room(calls.iter().filter(of_prefix), most as usize, now));
        if let Err(reason) = all.and(own) {
            return Err(barred(reason));
        }
        let made = call()?;
        calls.push_back((now, e164.unwrap_or_default().into()));
        Ok(made)
    }
}

/// The longest allowed beginning of a number, with how many calls it allows in an hour; none where all are allowed.
fn prefix<'a>(limits: &'a Limits, e164: Option<&str>) -> Result<Option<(&'a str, Option<u32>)>, Barred> {
    let e164 = e164.unwrap_or_default();
    let found = match &limits.call_prefixes {
        None => return Ok(None),
        Some(Prefixes::Allowed(allowed)) => {
            allowed.iter().filter(|begins| e164.starts_with(&***begins)).map(|begins| (&**begins, None)).max_by_key(|one| one.0.len())
        }
        Some(Prefixes::Bounded(bounded)) => bounded
            .iter()
            .filter(|(begins, _)| e164.starts_with(&***begins))
            .map(|(begins, most)| (&**begins, *most))
            .max_by_key(|one| one.0.len()),
    };
    found.map(Some).ok_or(Barred::Prefix)
}

/// Whether there is room for one more among calls in the order of time, or when there will be.
fn room<'a>(calls: impl DoubleEndedIterator<Item = &'a (Instant, Box<str>)>, most: usize, now: Instant) -> Result<(), Barred> {
    // There is room when the last but so many is an hour old.
    let Some(before) = most.checked_sub(1) else { return Err(Barred::Hour { seconds: 3_600 }) };
    match calls.rev().nth(before) {
        None => Ok(()),
        Some((at, _)) => {
            let ms = HOUR_MS - (now.as_millis() - at.as_millis());
            Err(Barred::Hour { seconds: u64::try_from(ms).unwrap_or_default().div_ceil(1_000) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(dialled: &Dialled, limits: &Limits, number: &str, at: i64) -> Result<(), Barred> {
        dialled.count(Uuid::nil(), limits, Some(number), Instant::from_millis(at), |reason| reason, || Ok(()))
    }

    #[test]
    fn no_hour_has_more_calls_than_it_may() {
        let dialled = Dialled::default();
        let limits = Limits { calls_per_hour: Some(2), ..Limits::default() };
        assert_eq!(call(&dialled, &limits, "+61", 0), Ok(()));
        assert_eq!(call(&dialled, &limits, "+61", 1_000), Ok(()));
        assert_eq!(call(&dialled, &limits, "+61", 1_500), Err(Barred::Hour { seconds: 3_599 }));
        assert_eq!(call(&dialled, &limits, "+61", HOUR_MS - 1), Err(Barred::Hour { seconds: 1 }));
        assert_eq!(call(&dialled, &limits, "+61", HOUR_MS), Ok(()));
        let none = Limits { calls_per_hour: Some(0), ..Limits::default() };
        assert_eq!(call(&dialled, &none, "+61", 3 * HOUR_MS), Err(Barred::Hour { seconds: 3_600 }));
    }

    #[test]
    fn beginnings_that_are_not_allowed_are_not_called() {
        let dialled = Dialled::default();
        let limits = |json: &str| serde_json::from_str::<Limits>(json).unwrap();
        let allowed = limits(r#"{"call_prefixes":["+61","+64"]}"#);
        assert_eq!(call(&dialled, &allowed, "+61491570006", 0), Ok(()));
        assert_eq!(call(&dialled, &allowed, "+1201", 0), Err(Barred::Prefix));
        assert_eq!(call(&dialled, &limits(r#"{"call_prefixes":[]}"#), "+61", 0), Err(Barred::Prefix));
        let bounded = limits(r#"{"call_prefixes":{"+61":1,"+614":null}}"#);
        assert_eq!(call(&dialled, &bounded, "+61280000101", 0), Ok(()));
        assert_eq!(call(&dialled, &bounded, "+61280000101", 0), Err(Barred::Hour { seconds: 3_600 }));
        assert_eq!(call(&dialled, &bounded, "+61491570006", 0), Ok(()), "the longest beginning counts");
    }

    #[test]
    fn a_call_that_was_refused_does_not_count() {
        let dialled = Dialled::default();
        let limits = Limits { calls_per_hour: Some(1), ..Limits::default() };
        let refused: Result<(), &str> = dialled.count(Uuid::nil(), &limits, None, Instant::from_millis(0), |_| "barred", || Err("busy"));
        assert_eq!(refused, Err("busy"));
        assert_eq!(call(&dialled, &limits, "+61", 0), Ok(()));
    }
}
