//! The limits from which something was taken, so that whoever goes through them does not go through those of all keys.

use std::sync::{Arc, PoisonError, atomic::Ordering::Relaxed};

use super::meters::Meters;
use crate::sync::{Mutex, MutexGuard};

/// All meters that are not idle are in it, and some that are.
#[derive(Debug, Default)]
pub(crate) struct Used {
    meters: Mutex<Vec<Arc<Meters>>>,
    /// Held while they are gone through, when some of them are not in the list.
    turn: Mutex<()>,
}

impl Used {
    /// Notes meters whose state may have changed. The caller calls this after it has let go of the state.
    pub(crate) fn note(&self, meters: &Arc<Meters>) {
        // Whoever takes meters out of the list holds their state locked. So what is read here is from before the change at the earliest
        // if they were found not idle, and from after it if they were found idle.
        if !meters.is_used.load(Relaxed) && !meters.is_used.swap(true, Relaxed) {
            lock(&self.meters).push(Arc::clone(meters));
        }
    }

    /// Calls this with each of them.
    pub(crate) fn each(&self, with: impl FnMut(&Arc<Meters>)) {
        let _turn = lock(&self.turn);
        let meters = lock(&self.meters).clone();
        meters.iter().for_each(with);
    }

    /// Takes those out that are as if no call had been made.
    pub(crate) fn forget_idle(&self, tick: u64) {
        let _turn = lock(&self.turn);
        let mut meters = std::mem::take(&mut *lock(&self.meters));
        meters.retain(|meters| {
            let state = meters.lock();
            let is_idle = state.is_idle(tick);
            if is_idle {
                meters.is_used.store(false, Relaxed);
            }
            !is_idle
        });
        let mut noted = lock(&self.meters);
        meters.append(&mut noted);
        *noted = meters;
    }

    pub(crate) fn len(&self) -> usize {
        lock(&self.meters).len()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
