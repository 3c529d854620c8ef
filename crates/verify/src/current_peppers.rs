use std::sync::OnceLock;

use crate::Peppers;

/// The peppers that are used now. Every call reads them, and hardly ever are there others, so reading takes neither a lock nor a
/// count of readers: each time one more is linked to those before, which stay where they are until the process ends.
pub(crate) struct CurrentPeppers {
    peppers: Peppers,
    next: OnceLock<Box<Self>>,
}

impl CurrentPeppers {
    pub(crate) fn new(peppers: Peppers) -> Self {
        Self { peppers, next: OnceLock::new() }
    }

    pub(crate) fn get(&self) -> &Peppers {
        let mut current = self;
        while let Some(next) = current.next.get() {
            current = next;
        }
        &current.peppers
    }

    /// From now on these are used.
    pub(crate) fn set(&self, peppers: Peppers) {
        let mut new = Box::new(Self::new(peppers));
        let mut last = self;
        while let Err(back) = last.next.set(new) {
            new = back;
            last = last.next.get().map_or(last, |next| next);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pepper;

    #[test]
    fn the_peppers_that_were_set_last_are_used() {
        let peppers = |id: &str| Peppers::new(vec![Pepper::new(id, &[1; 32])]).unwrap();
        let current = CurrentPeppers::new(peppers("p1"));
        assert_eq!(current.get().id(), "p1");
        for id in ["p2", "p3"] {
            current.set(peppers(id));
            assert_eq!(current.get().id(), id);
        }
    }
}
