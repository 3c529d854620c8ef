use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use contact_centre::conformance::Run;
use model::Instant;
use uuid::Uuid;

/// Keys whose last run is remembered; of more than that, those that began last.
const KEYS_MAX: usize = 1_000;

/// The last run of each key.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    runs: Mutex<HashMap<Uuid, (u64, Run)>>,
    /// Held by whoever does what a run wants done, so that it is done once.
    doing: Mutex<u64>,
}

impl Runs {
    /// Begins a run of a key in place of its last one. Its number, by which it is told from that.
    pub(crate) fn begin(&self, key: Uuid, run: Run) -> u64 {
        let number = {
            let mut count = self.doing.lock().unwrap_or_else(PoisonError::into_inner);
            *count += 1;
            *count
        };
        let mut runs = self.lock();
        if runs.len() >= KEYS_MAX
            && !runs.contains_key(&key)
            && let Some(oldest) = runs.iter().min_by_key(|(_, (number, _))| *number).map(|(key, _)| *key)
        {
            runs.remove(&oldest);
        }
        runs.insert(key, (number, run));
        number
    }

    /// Does something with the last run of a key, if it has one.
    pub(crate) fn with<T>(&self, key: Uuid, act: impl FnOnce(&mut Run) -> T) -> Option<T> {
        self.lock().get_mut(&key).map(|(_, run)| act(run))
    }

    /// Whether a run of a key goes on at an instant.
    pub(crate) fn goes_on(&self, key: Uuid, now: Instant) -> bool {
        self.lock().get(&key).is_some_and(|(_, run)| run.ended_at().is_none() && now < run.ends_at())
    }

    /// The number of the last run of a key.
    pub(crate) fn number(&self, key: Uuid) -> Option<u64> {
        self.lock().get(&key).map(|(number, _)| *number)
    }

    /// The turn of whoever does what runs want done. It is waited for: never call it in an `async` function.
    pub(crate) fn turn(&self) -> MutexGuard<'_, u64> {
        self.doing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, (u64, Run)>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use contact_centre::conformance::Use;

    use super::*;

    #[test]
    fn no_more_runs_are_remembered_than_there_may_be() {
        let runs = Runs::default();
        let key = |n: usize| Uuid::from_u128(n as u128);
        for n in 0..KEYS_MAX + 10 {
            runs.begin(key(n), Run::new(&[Use::Stream], Instant::from_millis(0)));
        }
        assert_eq!(runs.lock().len(), KEYS_MAX);
        assert!(runs.number(key(0)).is_none() && runs.number(key(KEYS_MAX)).is_some());
        assert!(runs.goes_on(key(KEYS_MAX), Instant::from_millis(1)));
        assert!(!runs.goes_on(key(KEYS_MAX), Instant::from_millis(600_000)));
    }
}
