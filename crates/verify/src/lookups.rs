use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// Calls that wait for the database at once, because memory does not know their keys. Strangers can send well-formed keys
/// without end; calls with keys that memory knows never wait here.
pub(crate) const MOST: usize = 512;

/// Counts the calls that wait for the database.
#[derive(Debug, Default)]
pub(crate) struct Lookups {
    waiting: AtomicUsize,
    refused: AtomicU64,
}

/// Held while a call waits.
pub(crate) struct Place<'a>(&'a AtomicUsize);

impl Lookups {
    /// `None`: too many wait.
    pub(crate) fn enter(&self) -> Option<Place<'_>> {
        let before = self.waiting.fetch_add(1, Relaxed);
        let place = Place(&self.waiting);
        if before < MOST {
            return Some(place);
        }
        self.refused.fetch_add(1, Relaxed);
        None
    }

    pub(crate) fn waiting(&self) -> u64 {
        self.waiting.load(Relaxed) as u64
    }

    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Relaxed)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_a_bounded_number_of_calls_wait() {
        let lookups = Lookups::default();
        let mut places: Vec<_> = (0..MOST).map(|_| lookups.enter().unwrap()).collect();
        assert!(lookups.enter().is_none());
        assert_eq!((lookups.waiting(), lookups.refused()), (MOST as u64, 1));
        places.pop();
        assert!(lookups.enter().is_some());
        places.clear();
        assert_eq!(lookups.waiting(), 0);
    }
}
