use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use tokio::sync::watch;
use uuid::Uuid;

/// The open streams of each key, so that those of one can be cut. There are at most about twice as many keys as have open streams.
#[derive(Debug, Default)]
pub(crate) struct Lines(Mutex<HashMap<Uuid, watch::Sender<()>>>);

/// What tells a stream that it is cut. While it is held, the stream counts as open.
#[derive(Debug)]
pub(crate) struct Line(watch::Receiver<()>);

impl Line {
    /// Waits until the stream is cut.
    pub(crate) async fn cut(&mut self) {
        if self.0.changed().await.is_err() {
            // Nobody can cut it any more.
            std::future::pending::<()>().await;
        }
    }
}

impl Lines {
    /// A stream of a key begins.
    pub(crate) fn begin(&self, key: Uuid) -> Line {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Now and then, so that those who begin many streams don't pay for it each time.
        if !keys.contains_key(&key) && keys.len().is_power_of_two() {
            keys.retain(|_, line| line.receiver_count() > 0);
        }
        Line(keys.entry(key).or_insert_with(|| watch::channel(()).0).subscribe())
    }

    /// Cuts the streams of a key, and says how many there were.
    pub(crate) fn cut(&self, key: Uuid) -> usize {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that begin from now on are others.
        let Some(line) = keys.remove(&key) else { return 0 };
        line.send_replace(());
        line.receiver_count()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn the_streams_of_one_key_are_cut_and_no_others() {
        let lines = Lines::default();
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let (mut first, mut second, mut other) = (lines.begin(one), lines.begin(one), lines.begin(two));
        assert_eq!((lines.cut(one), lines.cut(one)), (2, 0));
        first.cut().await;
        second.cut().await;
        assert!(timeout(Duration::from_millis(1), other.cut()).await.is_err());
        let mut next = lines.begin(one);
        assert!(timeout(Duration::from_millis(1), next.cut()).await.is_err(), "those that come after are others");
        assert!(timeout(Duration::from_millis(1), first.cut()).await.is_err(), "and a stream is cut once");
        drop((next, other));
        assert_eq!(lines.cut(one), 0);
    }
}
