use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::AcqRel},
};

/// As many read already as there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("as many streams are open as there may be")]
pub struct Full;

/// Places for streams, over all worlds.
#[derive(Clone, Debug)]
pub(super) struct Seats {
    taken: Arc<AtomicUsize>,
    max: usize,
}

impl Seats {
    pub(super) fn new(max: usize) -> Self {
        Self { taken: Arc::default(), max }
    }

    pub(super) fn take(&self) -> Result<Seat, Full> {
        let seat = Seat(self.taken.clone());
        if self.taken.fetch_add(1, AcqRel) < self.max { Ok(seat) } else { Err(Full) }
    }

    pub(super) fn taken(&self) -> usize {
        self.taken.load(std::sync::atomic::Ordering::Relaxed)
    }
}

/// A place, until it is dropped.
#[derive(Debug)]
pub struct Seat(Arc<AtomicUsize>);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_its_stream_has_ended() {
        let seats = Seats::new(2);
        let (first, _second) = (seats.take().unwrap(), seats.take().unwrap());
        assert_eq!(seats.take().unwrap_err(), Full);
        drop(first);
        assert_eq!(seats.taken(), 1);
        assert!(seats.take().is_ok());
    }
}
