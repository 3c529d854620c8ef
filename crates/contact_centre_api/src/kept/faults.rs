use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Faults of one kind that wait, at most.
pub(crate) const FAULTS_MAX: u32 = 1_000;
/// Worlds that have faults: as many as there can be, and the shared one.
const WORLDS_MAX: usize = 64;

/// What is to go wrong next, by world, so that an integration can be tried against it.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<HashMap<Option<Box<str>>, Waiting>>);

/// How often what is to go wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Waiting {
    /// Calls that are told that there were too many.
    pub(crate) rate_limited: u32,
    /// Downloads of recordings that are told that they are not ready.
    pub(crate) slow_recordings: u32,
}

impl Faults {
    /// Has something go wrong the next so many times. Says whether there was room.
    pub(crate) fn set(&self, world: Option<&str>, change: impl FnOnce(&mut Waiting)) -> bool {
        let mut worlds = self.lock();
        let name: Option<Box<str>> = world.map(Into::into);
        if !worlds.contains_key(&name) && worlds.len() >= WORLDS_MAX {
            worlds.retain(|_, waiting| *waiting != Waiting::default());
            if worlds.len() >= WORLDS_MAX {
                return false;
            }
        }
        change(worlds.entry(name).or_default());
        true
    }

    /// Whether this is one of the times.
    pub(crate) fn strikes(&self, world: Option<&str>, count: impl FnOnce(&mut Waiting) -> &mut u32) -> bool {
        let mut worlds = self.lock();
        if worlds.is_empty() {
            return false;
        }
        let name: Option<Box<str>> = world.map(Into::into);
        let Some(waiting) = worlds.get_mut(&name) else { return false };
        let count = count(waiting);
        let strikes = *count > 0;
        *count = count.saturating_sub(1);
        strikes
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Option<Box<str>>, Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_wrong_as_often_as_was_asked_for_and_in_no_other_world() {
        let faults = Faults::default();
        assert!(!faults.strikes(Some("a"), |waiting| &mut waiting.rate_limited));
        assert!(faults.set(Some("a"), |waiting| waiting.rate_limited = 2));
        assert!(!faults.strikes(Some("b"), |waiting| &mut waiting.rate_limited));
        assert!(!faults.strikes(Some("a"), |waiting| &mut waiting.slow_recordings));
        let struck: Vec<_> = (0..3).map(|_| faults.strikes(Some("a"), |waiting| &mut waiting.rate_limited)).collect();
        assert_eq!(struck, [true, true, false]);
    }
}
