use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OwnedMutexGuard;

/// Takes turns with whoever names the same. Whoever waits holds no thread, and leaves nothing behind that gives up.
#[derive(Debug)]
pub(crate) struct Turns<K>(Mutex<HashMap<K, Arc<tokio::sync::Mutex<()>>>>);

/// Ends when it is dropped.
pub(crate) type Turn = OwnedMutexGuard<()>;

impl<K> Default for Turns<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash> Turns<K> {
    /// Waits for those that came before by this name.
    pub(crate) async fn of(&self, name: K) -> Turn {
        let place = {
            let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            // There are no more than requests that are being answered.
            places.retain(|_, place| Arc::strong_count(place) > 1);
            Arc::clone(places.entry(name).or_default())
        };
        place.lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_turn_is_of_one_name_and_whoever_gives_up_leaves_nothing() {
        let turns = Turns::default();
        let first = turns.of("a").await;
        let _other = turns.of("b").await;
        assert!(tokio::time::timeout(Duration::from_millis(1), turns.of("a")).await.is_err());
        drop(first);
        let _second = turns.of("a").await;
        for n in 0..10 {
            drop(turns.of(["c", "d"][n % 2]).await);
        }
        assert_eq!(turns.0.lock().unwrap().len(), 3, "those of a and b, and the last one, which the next takes away");
    }
}
