//! How programs behave, as far as it is seen here: whether they do what saves them from what integrators complain of.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use http::{HeaderMap, Method, Uri, header};
use model::Instant;
use uuid::Uuid;

/// Keys whose habits are remembered; of more than that, those that asked last.
const KEYS_MAX: usize = 1_000;
/// Paths of a key that are remembered.
const PATHS_MAX: usize = 100;
/// Whoever reads a list from its beginning once more within this time should have asked for what changed.
const ANEW_MS: i64 = 3_600_000;

/// What is looked at, with the acceptance case that it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Check {
    pub(crate) name: &'static str,
    pub(crate) case: u8,
    pub(crate) text: &'static str,
}

/// Everything that is looked at.
pub(crate) const CHECKS: [Check; 4] = [
    Check {
        name: "calls_are_named",
        case: 17,
        text: "POST /v1/calls comes with an Idempotency-Key, so that a lost answer makes no second call.",
    },
    Check {
        name: "changes_are_read",
        case: 18,
        text: "A list is read from its beginning once, and then by changed_since.",
    },
    Check { name: "waits_are_kept", case: 19, text: "Nothing is asked again before Retry-After is over." },
    Check { name: "streams_are_resumed", case: 8, text: "A stream that was cut is resumed with Last-Event-ID." },
];

const NAMED: usize = 0;
const CHANGES: usize = 1;
const WAITS: usize = 2;
const RESUMED: usize = 3;

/// How often something was done as it should be, and how often not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) good: u64,
    pub(crate) bad: u64,
}

/// The habits of all keys.
#[derive(Debug, Default)]
pub(crate) struct Habits(Mutex<HashMap<Uuid, Habit>>);

#[derive(Clone, Debug, Default)]
struct Habit {
    counts: [Count; CHECKS.len()],
    /// Before when a path should not be asked again.
    waits: HashMap<Box<str>, Instant>,
    /// When a list was read from its beginning.
    lists: HashMap<Box<str>, Instant>,
    /// Streams that were open before.
    streams: HashMap<Box<str>, Instant>,
    last: Instant,
}

/// What matters of a request.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    path: Box<str>,
    /// `POST /v1/calls`: whether it has a name.
    named: Option<bool>,
    /// The first page of a list: whether of changes.
    changes: Option<bool>,
    /// A stream of server-sent events: whether it goes on.
    resumed: Option<bool>,
}

const LISTS: [&str; 6] = ["/v1/contacts", "/v1/leads", "/v1/calls", "/v1/wraps", "/v1/recordings", "/v1/agents"];

impl Seen {
    pub(crate) fn of(method: &Method, uri: &Uri, headers: &HeaderMap) -> Self {
        let path = uri.path();
        let has =
            |name: &str| uri.query().unwrap_or_default().split('&').any(|pair| pair.split('=').next() == Some(name));
        let is_get = *method == Method::GET;
        let named = (*method == Method::POST && path == "/v1/calls").then(|| headers.contains_key("idempotency-key"));
        // What is narrowed to something is no reading of the list.
        let whole = is_get && LISTS.contains(&path) && !has("cursor") && uri.query().is_none_or(is_plain);
        let events = is_get && path.starts_with("/v1/stream/") && !headers.contains_key(header::UPGRADE);
        Self {
            path: path.chars().take(200).collect::<String>().into(),
            named,
            changes: whole.then(|| has("changed_since")),
            resumed: events.then(|| headers.contains_key("last-event-id")),
        }
    }
}

/// Whether a query has nothing that narrows a list.
fn is_plain(query: &str) -> bool {
    query.split('&').all(|pair| matches!(pair.split('=').next(), Some("" | "limit" | "changed_since")))
}

impl Habits {
    /// Notes a request that was answered. `retry_after`: the seconds that it was told to wait.
    pub(crate) fn note(&self, key: Uuid, seen: &Seen, retry_after: Option<u64>, now: Instant) {
        let mut keys = self.lock();
        if keys.len() >= KEYS_MAX
            && !keys.contains_key(&key)
            && let Some(oldest) = keys.iter().min_by_key(|(_, habit)| habit.last).map(|(key, _)| *key)
        {
            keys.remove(&oldest);
        }
        keys.entry(key).or_default().note(seen, retry_after, now);
    }

    /// How often each of [`CHECKS`] was kept by a key, and how often not.
    pub(crate) fn of(&self, key: Uuid) -> [Count; CHECKS.len()] {
        self.lock().get(&key).map(|habit| habit.counts).unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Habit>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Habit {
    fn note(&mut self, seen: &Seen, retry_after: Option<u64>, now: Instant) {
        self.last = now;
        if let Some(named) = seen.named {
            self.count(NAMED, named);
        }
        if let Some(until) = self.waits.remove(&seen.path) {
            self.count(WAITS, now >= until);
        }
        if let Some(seconds) = retry_after {
            let until = now.plus_millis(i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000));
            put(&mut self.waits, &seen.path, until);
            // What was refused was not done, so it shows no habit of reading.
            return;
        }
        match seen.changes {
            Some(true) => self.count(CHANGES, true),
            Some(false) => {
                let before = put(&mut self.lists, &seen.path, now);
                if before.is_some_and(|before| now.as_millis() - before.as_millis() < ANEW_MS) {
                    self.count(CHANGES, false);
                }
            }
            None => {}
        }
        if let Some(resumed) = seen.resumed
            && put(&mut self.streams, &seen.path, now).is_some()
        {
            self.count(RESUMED, resumed);
        }
    }

    fn count(&mut self, check: usize, good: bool) {
        if let Some(count) = self.counts.get_mut(check) {
            count.good += u64::from(good);
            count.bad += u64::from(!good);
        }
    }
}

/// Remembers an instant of a path, and says which was remembered before.
fn put(paths: &mut HashMap<Box<str>, Instant>, path: &str, at: Instant) -> Option<Instant> {
    if paths.len() >= PATHS_MAX && !paths.contains_key(path) {
        paths.clear();
    }
    paths.insert(path.into(), at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Uuid = Uuid::from_u128(1);

    fn ask(habits: &Habits, request: &str, names: &[&'static str], retry_after: Option<u64>, at: i64) {
        let (method, uri) = request.split_once(' ').unwrap();
        let headers = names.iter().map(|name| (name.parse().unwrap(), "1".parse().unwrap())).collect();
        let seen = Seen::of(&method.parse().unwrap(), &uri.parse().unwrap(), &headers);
        habits.note(KEY, &seen, retry_after, Instant::from_millis(at));
    }

    fn counts(habits: &Habits) -> [(u64, u64); 4] {
        habits.of(KEY).map(|count| (count.good, count.bad))
    }

    #[test]
    fn what_is_done_well_is_told_from_what_is_not() {
        let habits = Habits::default();
        ask(&habits, "POST /v1/calls", &["idempotency-key"], None, 0);
        ask(&habits, "POST /v1/calls", &[], None, 0);
        ask(&habits, "GET /v1/calls?limit=500", &[], None, 0);
        ask(&habits, "GET /v1/calls?limit=500&cursor=x", &[], None, 0);
        ask(&habits, "GET /v1/calls?phone=1", &[], None, 0);
        assert_eq!(counts(&habits), [(1, 1), (0, 0), (0, 0), (0, 0)]);
        ask(&habits, "GET /v1/calls?changed_since=x", &[], None, 1);
        ask(&habits, "GET /v1/calls", &[], None, 2);
        assert_eq!(counts(&habits)[CHANGES], (1, 1));
        ask(&habits, "GET /v1/calls", &[], None, 2 + ANEW_MS);
        assert_eq!(counts(&habits)[CHANGES], (1, 1), "once an hour is no harm");
        ask(&habits, "GET /v1/stream/calls", &[], None, 0);
        ask(&habits, "GET /v1/stream/calls", &["last-event-id"], None, 1);
        ask(&habits, "GET /v1/stream/calls", &[], None, 2);
        ask(&habits, "GET /v1/stream/calls", &["upgrade"], None, 3);
        assert_eq!(counts(&habits)[RESUMED], (1, 1));
    }

    #[test]
    fn whoever_is_told_to_wait_waits() {
        let habits = Habits::default();
        ask(&habits, "GET /v1/queues", &[], Some(2), 0);
        ask(&habits, "GET /v1/queues/x", &[], None, 1);
        ask(&habits, "GET /v1/queues", &[], Some(2), 1_999);
        ask(&habits, "GET /v1/queues", &[], None, 3_999);
        ask(&habits, "GET /v1/queues", &[], None, 4_000);
        assert_eq!(counts(&habits)[WAITS], (1, 1));
    }

    #[test]
    fn no_more_keys_are_remembered_than_there_may_be() {
        let habits = Habits::default();
        let seen = Seen::of(&Method::GET, &"/v1/queues".parse().unwrap(), &HeaderMap::new());
        for n in 0..2 * KEYS_MAX {
            habits.note(Uuid::from_u128(n as u128), &seen, None, Instant::from_millis(i64::try_from(n).unwrap()));
        }
        assert_eq!(habits.lock().len(), KEYS_MAX);
    }
}
