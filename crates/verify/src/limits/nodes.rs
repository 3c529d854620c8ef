use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use uuid::Uuid;

use super::lock;

/// For how long a node counts that has stopped saying that it runs, in nanoseconds.
const SEEN: u64 = 10_000_000_000;
/// After how long its row is removed.
const GONE: u64 = 600_000_000_000;

/// The nodes that share rate limits. Whether one runs is seen by this node's own clock: its row is counted up.
#[derive(Debug)]
pub(crate) struct Nodes {
    others: Mutex<HashMap<Uuid, Seen>>,
    running: AtomicU64,
    beats: AtomicU64,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    beats: i64,
    at: u64,
}

impl Default for Nodes {
    fn default() -> Self {
        Self { others: Mutex::default(), running: AtomicU64::new(1), beats: AtomicU64::new(0) }
    }
}

impl Nodes {
    /// How many run, this one included.
    pub(crate) fn running(&self) -> u64 {
        self.running.load(Relaxed)
    }

    pub(crate) fn next_beat(&self) -> i64 {
        i64::try_from(self.beats.fetch_add(1, Relaxed)).unwrap_or(i64::MAX)
    }

    /// Counts them by their rows. One that is seen for the first time is taken to run. Returns those that are gone for long.
    pub(crate) fn count(&self, this: Option<Uuid>, rows: Vec<(Uuid, i64)>, tick: u64) -> Vec<Uuid> {
        let mut others = lock(&self.others);
        let before = std::mem::take(&mut *others);
        let mut gone = Vec::new();
        for (id, beats) in rows.into_iter().filter(|(id, _)| Some(*id) != this) {
            let seen = before.get(&id).copied().filter(|seen| seen.beats == beats).unwrap_or(Seen { beats, at: tick });
            if tick.saturating_sub(seen.at) > GONE {
                gone.push(id);
            } else {
                others.insert(id, seen);
            }
        }
        let running = others.values().filter(|seen| tick.saturating_sub(seen.at) < SEEN).count();
        self.running.store(1 + running as u64, Relaxed);
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_counts_while_it_says_that_it_runs_and_for_ten_seconds_more() {
        let [this, one, other] = [1, 2, 3].map(Uuid::from_u128);
        let (nodes, second) = (Nodes::default(), 1_000_000_000);
        for (at, rows, running, gone) in [
            (0, vec![(this, 1)], 1, vec![]),
            (1, vec![(this, 2), (one, 7), (other, 9)], 3, vec![]),
            (10, vec![(this, 3), (one, 8), (other, 9)], 3, vec![]),
            // A row that stands still is no node, and one that is back again is.
            (11, vec![(one, 9), (other, 9)], 2, vec![]),
            (12, vec![(one, 10), (other, 10)], 3, vec![]),
            (13, vec![(one, 11)], 2, vec![]),
            (700, vec![(one, 11)], 1, vec![one]),
        ] {
            assert_eq!(nodes.count(Some(this), rows, at * second), gone, "after {at} s");
            assert_eq!(nodes.running(), running, "after {at} s");
        }
    }
}
