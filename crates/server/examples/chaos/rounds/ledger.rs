use std::{
    collections::HashSet,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use super::Random;

/// What takes a key's access away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Delete,
    Disable,
    /// Takes the scope that the ledger asks for.
    Narrow,
}

impl Deed {
    pub(crate) const ALL: [Self; 3] = [Self::Delete, Self::Disable, Self::Narrow];

    /// As the audit log calls it.
    pub(crate) fn action(self) -> &'static str {
        match self {
            Self::Delete => "key.delete",
            Self::Disable => "key.disable",
            Self::Narrow => "key.update",
        }
    }

    /// The verdicts on the key from then on.
    pub(crate) fn codes(self) -> &'static [&'static str] {
        match self {
            // 30 days later, by the wall clock.
            Self::Delete => &["REVOKED", "NOT_FOUND"],
            Self::Disable => &["DISABLED"],
            Self::Narrow => &["INSUFFICIENT_SCOPE"],
        }
    }
}

/// A key whose creation was acknowledged.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) id: String,
    pub(crate) secret: String,
    /// What was asked for.
    pub(crate) asked: Option<Deed>,
    /// How often it was.
    pub(crate) attempts: usize,
    /// When it was acknowledged.
    pub(crate) done: Option<Instant>,
}

/// What callers were told, kept outside of the server.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    keys: Mutex<Vec<Known>>,
    /// Names of keys whose creation was asked for and not acknowledged.
    unanswered: Mutex<HashSet<String>>,
    calls: AtomicU64,
    changes: AtomicU64,
}

impl Ledger {
    fn keys(&self) -> MutexGuard<'_, Vec<Known>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new key; returns its place.
    pub(crate) fn created(&self, id: &str, secret: &str) -> usize {
        self.changes.fetch_add(1, Relaxed);
        let mut keys = self.keys();
        keys.push(Known { id: id.to_owned(), secret: secret.to_owned(), asked: None, attempts: 0, done: None });
        keys.len() - 1
    }

    pub(crate) fn unanswered(&self, name: String) {
        self.unanswered.lock().unwrap_or_else(PoisonError::into_inner).insert(name);
    }

    pub(crate) fn is_unanswered(&self, name: &str) -> bool {
        self.unanswered.lock().unwrap_or_else(PoisonError::into_inner).contains(name)
    }

    /// Before it is asked for. Returns the key's id, and how often it was asked for by now.
    pub(crate) fn ask(&self, place: usize, deed: Deed) -> (String, usize) {
        let mut keys = self.keys();
        let key = &mut keys[place];
        key.asked = Some(deed);
        key.attempts += 1;
        (key.id.clone(), key.attempts)
    }

    pub(crate) fn acknowledged(&self, place: usize) {
        self.changes.fetch_add(1, Relaxed);
        self.keys()[place].done = Some(Instant::now());
    }

    /// Deeds that were asked for and not acknowledged.
    pub(crate) fn open(&self) -> Vec<(usize, Deed)> {
        let keys = self.keys();
        let open = keys.iter().enumerate().filter(|(_, key)| key.done.is_none());
        open.filter_map(|(place, key)| Some((place, key.asked?))).collect()
    }

    /// Any key, with its place.
    pub(crate) fn pick(&self, random: &mut Random) -> Option<(usize, Known)> {
        let keys = self.keys();
        let place = random.below(keys.len());
        keys.get(place).cloned().map(|key| (place, key))
    }

    pub(crate) fn all(&self) -> Vec<Known> {
        self.keys().clone()
    }

    /// Takes a verdict on a key that was known like this before it was asked for, at `sent`. Panics when it is false.
    pub(crate) fn told(&self, place: usize, before: &Known, sent: Instant, code: &str, grace: Duration) {
        self.calls.fetch_add(1, Relaxed);
        if let (true, Some(deed), Some(done)) = ("VALID" == code, before.asked, before.done) {
            let since = sent.saturating_duration_since(done);
            assert!(since < grace, "false allow: {deed:?} of {} was acknowledged {since:?} before", before.id);
        }
        let untouched = self.keys()[place].asked.is_none();
        assert!(!untouched || code == "VALID", "{} was refused as {code}, and nobody took anything away", before.id);
    }

    /// Calls that were answered, and changes that were acknowledged.
    pub(crate) fn counts(&self) -> Counts {
        Counts { calls: self.calls.load(Relaxed), changes: self.changes.load(Relaxed) }
    }
}

/// How much was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) calls: u64,
    pub(crate) changes: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.calls += other.calls;
        self.changes += other.changes;
    }
}
